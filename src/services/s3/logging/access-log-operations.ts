/**
 * Operations as server access logs call them: `REST.GET.VERSIONING`.
 *
 * @evidence S3 User Guide, "Amazon S3 server access log format", Operation; names from logs of many buckets
 */

import type { Kernel } from "../../../kernel/kernel.ts";

const special: ReadonlyMap<string, string> = new Map([
  ["AbortMultipartUpload", "REST.DELETE.UPLOAD"],
  ["CompleteMultipartUpload", "REST.POST.UPLOAD"],
  ["CopyObject", "REST.COPY.OBJECT"],
  ["DeleteBucketPolicy", "REST.DELETE.BUCKETPOLICY"],
  ["DeleteObjectTagging", "REST.DELETE.OBJECT_TAGGING"],
  ["DeleteObjects", "REST.POST.MULTI_OBJECT_DELETE"],
  ["GetBucketLogging", "REST.GET.LOGGING_STATUS"],
  ["GetBucketPolicy", "REST.GET.BUCKETPOLICY"],
  ["GetObjectAttributes", "REST.GET.OBJECT_ATTRIBUTES"],
  ["GetObjectLockConfiguration", "REST.GET.OBJECT_LOCK_CONFIGURATION"],
  ["GetObjectTagging", "REST.GET.OBJECT_TAGGING"],
  ["ListObjectVersions", "REST.GET.BUCKETVERSIONS"],
  ["ListObjectsV2", "REST.GET.BUCKET"],
  ["ListParts", "REST.GET.UPLOAD"],
  ["PutBucketLogging", "REST.PUT.LOGGING_STATUS"],
  ["PutBucketPolicy", "REST.PUT.BUCKETPOLICY"],
  ["PutObjectLockConfiguration", "REST.PUT.OBJECT_LOCK_CONFIGURATION"],
  ["PutObjectTagging", "REST.PUT.OBJECT_TAGGING"],
  ["UploadPart", "REST.PUT.PART"],
  ["UploadPartCopy", "REST.COPY.PART"],
]);

/** @param method and key of a request that names no operation */
export function loggedOperation(
  kernel: Kernel,
  operation: string | undefined,
  { method, key }: { readonly method: string; readonly key: string },
): string {
  const resource = key === "" ? "BUCKET" : "OBJECT";
  if (operation === undefined) return `REST.${method}.${resource}`;
  const known = special.get(operation);
  if (known !== undefined) return known;
  const http = kernel.model("s3").operations[operation]?.http;
  const [path = "", query = ""] = (http?.requestUri ?? "").split("?");
  const named = query.split(/[&=]/)[0] ?? "";
  if (named !== "") return `REST.${http?.method ?? method}.${upperSnake(named)}`;
  return `REST.${http?.method ?? method}.${path.includes("{Key") ? "OBJECT" : "BUCKET"}`;
}

/** `publicAccessBlock` and `intelligent-tiering` with underscores. */
function upperSnake(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").replaceAll("-", "_").toUpperCase();
}
