/** Facts about services that no model states: whose IAM prefix is what, and which services are global. */

/**
 * The IAM prefix, where it is not the signing name. @evidence Service Authorization Reference, service pages
 */
export const iamPrefixes: Readonly<Record<string, string>> = {
  "resource-groups-tagging-api": "tag",
  cloudwatch: "cloudwatch",
};

/** CloudTrail's `eventSource`, where it is not `<endpointPrefix>.amazonaws.com`. */
export const eventSources: Readonly<Record<string, string>> = {};

/**
 * Services whose state an account has once, not once a region. @evidence AWS General Reference, Service
 * endpoints
 */
export const globalServices: ReadonlySet<string> = new Set([
  "iam",
  "route-53",
  "cloudfront",
  "organizations",
  "waf",
  "shield",
  "global-accelerator",
  "budgets",
  "account",
]);

/**
 * IAM actions whose names differ from the operations they guard, by service and operation.
 *
 * @evidence Service Authorization Reference, the services' pages; S3 User Guide, "Required permissions for
 * Amazon S3 API operations"
 */
export const iamActions: Readonly<Record<string, string>> = {
  "sqs:SendMessageBatch": "sqs:SendMessage",
  "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
  "s3:ListBuckets": "s3:ListAllMyBuckets",
  "s3:ListDirectoryBuckets": "s3express:ListAllMyDirectoryBuckets",
  "s3:CreateSession": "s3express:CreateSession",
  "s3:HeadBucket": "s3:ListBucket",
  "s3:ListObjects": "s3:ListBucket",
  "s3:ListObjectsV2": "s3:ListBucket",
  "s3:ListObjectVersions": "s3:ListBucketVersions",
  "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
  "s3:ListParts": "s3:ListMultipartUploadParts",
  "s3:HeadObject": "s3:GetObject",
  "s3:GetObjectAttributes": "s3:GetObject",
  "s3:SelectObjectContent": "s3:GetObject",
  "s3:CopyObject": "s3:PutObject",
  "s3:CreateMultipartUpload": "s3:PutObject",
  "s3:UploadPart": "s3:PutObject",
  "s3:UploadPartCopy": "s3:PutObject",
  "s3:CompleteMultipartUpload": "s3:PutObject",
  "s3:RenameObject": "s3:PutObject",
  "s3:UpdateObjectEncryption": "s3:UpdateObjectEncryption",
  "s3:DeleteObjects": "s3:DeleteObject",
  "s3:WriteGetObjectResponse": "s3-object-lambda:WriteGetObjectResponse",
  "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
  "s3:PutBucketAccelerateConfiguration": "s3:PutAccelerateConfiguration",
  ...configurations("Analytics"),
  ...configurations("IntelligentTiering"),
  ...configurations("Inventory"),
  ...configurations("Metrics"),
  "s3:GetBucketCors": "s3:GetBucketCORS",
  "s3:PutBucketCors": "s3:PutBucketCORS",
  "s3:DeleteBucketCors": "s3:PutBucketCORS",
  "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
  "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:GetBucketLifecycle": "s3:GetLifecycleConfiguration",
  "s3:PutBucketLifecycle": "s3:PutLifecycleConfiguration",
  "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
  "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
  "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
  "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
  "s3:PutBucketReplication": "s3:PutReplicationConfiguration",
  "s3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
  "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
  "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
  "s3:DeleteBucketTagging": "s3:PutBucketTagging",
  "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
  "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
  "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
  "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
  "s3:CreateBucketMetadataConfiguration": "s3:CreateBucketMetadataTableConfiguration",
  "s3:GetBucketMetadataConfiguration": "s3:GetBucketMetadataTableConfiguration",
  "s3:DeleteBucketMetadataConfiguration": "s3:DeleteBucketMetadataTableConfiguration",
  "s3:UpdateBucketMetadataInventoryTableConfiguration": "s3:UpdateBucketMetadataInventoryTableConfiguration",
  "s3-control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
  "s3-control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
  "s3-control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
  "dynamodb:BatchExecuteStatement": "dynamodb:PartiQLSelect",
  "dynamodb:ExecuteStatement": "dynamodb:PartiQLSelect",
  "dynamodb:ExecuteTransaction": "dynamodb:PartiQLSelect",
  "dynamodb:TransactGetItems": "dynamodb:GetItem",
  "dynamodb:TransactWriteItems": "dynamodb:PutItem",
};

/** Deleting a configuration takes the permission to put it, and listing that to get it. */
function configurations(kind: string): Record<string, string> {
  const operation = `s3:Bucket${kind}Configuration`;
  const named = (verb: string, plural = ""): string => operation.replace("s3:", `s3:${verb}`) + plural;
  return {
    [named("Get")]: `s3:Get${kind}Configuration`,
    [named("List", "s")]: `s3:Get${kind}Configuration`,
    [named("Put")]: `s3:Put${kind}Configuration`,
    [named("Delete")]: `s3:Put${kind}Configuration`,
  };
}

/**
 * The folder of a service is the name of its SDK v3 client package: `Secrets Manager` → `secrets-manager`.
 */
export function folderName(serviceId: string): string {
  return serviceId.toLowerCase().replaceAll(" ", "-");
}
