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

/** `bucket.s3-website.localhost`, `bucket.s3-website-eu-west-1.amazonaws.com`, `s3-website.localhost`. */
const websiteHost =
  /^(?:(.+)\.)?s3-website(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.(?:localhost|amazonaws\.com(?:\.cn)?)$/;

export interface WebsiteAddress {
  /** Undefined for the endpoint itself, which is nobody's. */
  readonly bucket: string | undefined;
  /** Undefined where the host names none. */
  readonly region: string | undefined;
}

/**
 * @returns undefined for hosts that are no website's
 * @evidence S3 User Guide, "Website endpoints": with a dot or a dash before the region
 */
export function websiteInHost(host: string): WebsiteAddress | undefined {
  if (!host.includes("s3-website")) return undefined;
  const match = websiteHost.exec(host.replace(/:\d+$/, "").toLowerCase());
  return match ? { bucket: match[1], region: match[2] } : undefined;
}

/** The endpoint of no region: what its names lead to is told by the bucket. */
export function isGlobalEndpoint(host: string): boolean {
  return host.includes(".s3.amazonaws.com") && /^.+\.s3\.amazonaws\.com(?::\d+)?$/i.test(host);
}

/** `bucket.s3-accelerate.amazonaws.com`, `bucket.s3-accelerate.dualstack.amazonaws.com`. */
export function isAccelerated(host: string): boolean {
  return host.includes("s3-accelerate") && /(?:^|\.)s3-accelerate\./i.test(host);
}

interface Addressed {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The bucket and, still percent-encoded, the key of a request; undefined where it names no bucket. */
export function namedBy({ path, headers }: Addressed): { bucket: string; key: string } | undefined {
  const host = headers["host"] ?? "";
  const website = websiteInHost(host)?.bucket;
  const full = website === undefined ? pathWithBucket(host, path) : `/${website}${path}`;
  const slash = full.indexOf("/", 1);
  const bucket = slash < 0 ? full.slice(1) : full.slice(1, slash);
  if (bucket === "") return undefined;
  return { bucket, key: slash < 0 ? "" : full.slice(slash + 1) };
}
