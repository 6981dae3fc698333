/** Where S3 does on the wire what its model, in C2J form, does not say. */

import type { OperationModel, ServiceModel } from "../model/model.ts";

export function isS3(service: ServiceModel): boolean {
  return service.serviceId === "S3";
}

/**
 * The root elements of answers. The Smithy model of S3 names them (`xmlName` on the outputs); C2J does not.
 *
 * @evidence Amazon S3 API Reference, the response syntax of each operation
 */
const rootElements: ReadonlyMap<string, string> = new Map([
  ["CompleteMultipartUpload", "CompleteMultipartUploadResult"],
  ["CreateMultipartUpload", "InitiateMultipartUploadResult"],
  ["CreateSession", "CreateSessionResult"],
  ["DeleteObjects", "DeleteResult"],
  ["GetBucketAccelerateConfiguration", "AccelerateConfiguration"],
  ["GetBucketAcl", "AccessControlPolicy"],
  ["GetBucketCors", "CORSConfiguration"],
  ["GetBucketLifecycle", "LifecycleConfiguration"],
  ["GetBucketLifecycleConfiguration", "LifecycleConfiguration"],
  ["GetBucketLogging", "BucketLoggingStatus"],
  ["GetBucketRequestPayment", "RequestPaymentConfiguration"],
  ["GetBucketTagging", "Tagging"],
  ["GetBucketVersioning", "VersioningConfiguration"],
  ["GetBucketWebsite", "WebsiteConfiguration"],
  ["GetObjectAcl", "AccessControlPolicy"],
  ["GetObjectAttributes", "GetObjectAttributesResponse"],
  ["GetObjectTagging", "Tagging"],
  ["ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"],
  ["ListBucketIntelligentTieringConfigurations", "ListBucketIntelligentTieringConfigurationsOutput"],
  ["ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"],
  ["ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"],
  ["ListBuckets", "ListAllMyBucketsResult"],
  ["ListDirectoryBuckets", "ListAllMyDirectoryBucketsResult"],
  ["ListMultipartUploads", "ListMultipartUploadsResult"],
  ["ListObjects", "ListBucketResult"],
  ["ListObjectsV2", "ListBucketResult"],
  ["ListObjectVersions", "ListVersionsResult"],
  ["ListParts", "ListPartsResult"],
]);

export function s3RootElement(operation: OperationModel): string | undefined {
  return rootElements.get(operation.name);
}

/**
 * GetBucketLocation's only member is the document itself.
 *
 * @evidence Smithy specification, AWS customizations for S3, `s3UnwrappedXmlOutput`
 */
export function isUnwrapped(operation: OperationModel, service: ServiceModel): boolean {
  return isS3(service) && operation.name === "GetBucketLocation";
}

/** The second id of an S3 request, which support asks for with the first. */
export function s3HostId(requestId: string): string {
  return Buffer.from(`${requestId}${requestId}`, "utf8").toString("base64");
}
