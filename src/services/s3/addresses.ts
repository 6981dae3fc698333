/** Where a request names its bucket: in its path, or in front of its host name. */

/** `s3`, `s3-us-west-2`, `s3-accelerate`, `s3-fips`, and no website: that is no API. */
const endpointLabel = /^s3(?!-website|-control)(?:-[a-z0-9-]+)?$/;
const plainHost = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\]|[^.]+)$/;

/**
 * What stands in front of the endpoint in a host name: a bucket, or an access point as `name-account`.
 * Undefined when nothing does.
 *
 * @evidence S3 User Guide, "Virtual hosting of general purpose buckets"
 */
export function bucketInHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (plainHost.test(name)) return undefined;
  const labels = name.split(".");
  const at = labels.findLastIndex((label) => endpointLabel.test(label));
  if (at > 0) return labels.slice(0, at).join(".");
  if (at === 0 || labels.at(-1) !== "localhost") return undefined;
  return labels.slice(0, -1).join(".");
}

/** The path with the bucket in front, as the model has it. */
export function pathWithBucket(host: string, path: string): string {
  const bucket = bucketInHost(host);
  return bucket === undefined ? path : `/${bucket}${path}`;
}
