/** Requests that name an access point where others name a bucket. */

import type { ReadContext } from "../../../kernel/context.ts";
import type { Arrival } from "../../../kernel/operation.ts";
import { methodNotAllowed, noSuchAccessPoint, noSuchMultiRegionAccessPoint } from "./access-errors.ts";
import {
  accessPointArn, accessPointPlace, findAccessPoint, findAlias, type AccessPointPlace,
} from "./access-point-table.ts";
import { findBucketName } from "../buckets/table.ts";
import { accessDenied } from "../errors.ts";
import {
  findMultiRegion, multiRegionAlias, multiRegionArn, multiRegionStatus, type MultiRegionBucket,
} from "./multi-region-table.ts";

/** Set beside `Bucket` by `resolveAccessPoint`. */
export interface ThroughAccessPoint {
  readonly AccessPointArn?: string | undefined;
  readonly AccessPointAlias?: string | undefined;
}

/** @evidence S3 User Guide, "Access point aliases" */
const aliasSuffix = "-s3alias";

/** @evidence S3 User Guide, "Access point compatibility" */
const compatible: ReadonlySet<string> = new Set([
  "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject",
  "DeleteObjectTagging", "DeleteObjects", "GetBucketAcl", "GetBucketCors", "GetBucketLocation",
  "GetBucketNotificationConfiguration", "GetBucketPolicy", "GetObject", "GetObjectAcl", "GetObjectAttributes",
  "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "HeadBucket", "HeadObject",
  "ListMultipartUploads", "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListParts", "PutObject",
  "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "RestoreObject",
  "UploadPart", "UploadPartCopy",
]);

const addressForm = /^([a-z0-9-]+)-(\d{12})$/;

/**
 * What an access point's alias, ARN, or host name stands for is put in its place.
 *
 * @throws NoSuchAccessPoint; MethodNotAllowed for what access points do not do
 */
export function resolveAccessPoint(
  input: Record<string, unknown>,
  from: Arrival,
  operation: string,
): void {
  const given = input["Bucket"];
  // A name that is to be taken stands for nothing yet.
  if (typeof given !== "string" || operation === "CreateBucket") return;
  const found = stoodFor(given, from);
  if (found) {
    if (!compatible.has(operation)) throw methodNotAllowed();
    input["Bucket"] = found.bucket;
    input["AccessPointArn"] = found.arn;
    if (given.endsWith(aliasSuffix)) input["AccessPointAlias"] = given;
  }
  const source = input["CopySource"];
  if (typeof source === "string" && /^arn(?::|%3a)/i.test(source)) {
    input["CopySource"] = copySource(source, from);
  }
}

interface StoodFor {
  readonly bucket: string;
  readonly arn: string;
}

function stoodFor(given: string, from: Arrival): StoodFor | undefined {
  const { kernel, region } = from;
  const alias = multiRegionAlias(given);
  if (alias !== undefined) return multiRegion(alias, from);
  if (given.startsWith("arn:")) {
    const place = accessPointPlace(given);
    return place && named(place, from);
  }
  if (given.endsWith(aliasSuffix)) {
    const place = findAlias(kernel, given);
    return place && named(place, from);
  }
  const [, name = "", account = ""] = addressForm.exec(given) ?? [];
  if (name === "" || findBucketName(kernel, given)) return undefined;
  const place = { name, account, region };
  return findAccessPoint(kernel, place) && named(place, from);
}

function named(place: AccessPointPlace, { kernel }: Arrival): StoodFor {
  const found = findAccessPoint(kernel, place);
  if (!found) throw noSuchAccessPoint(place.name);
  return { bucket: found.bucket, arn: accessPointArn(place) };
}

/** The nearest bucket that takes traffic: one of the request's region, or else the first. */
function multiRegion(alias: string, { kernel, region, now }: Arrival): StoodFor {
  const found = findMultiRegion(kernel, alias);
  if (!found || multiRegionStatus(found, now) !== "READY") throw noSuchMultiRegionAccessPoint(alias);
  const active = found.buckets.filter(({ traffic }) => traffic > 0);
  const nearest = active.find((each) => each.region === region) ?? (active[0] as MultiRegionBucket);
  return { bucket: nearest.bucket, arn: multiRegionArn(found.account, alias) };
}

const sourceForm = /^(.*?accesspoint(?:\/|%2f)[^/%]+)(?:\/|%2f)object(?:\/|%2f)(.*)$/i;

/** `arn:…:accesspoint/name/object/key`, percent-encoded or not. */
function copySource(source: string, from: Arrival): string {
  const [, arn = "", key = ""] = sourceForm.exec(source) ?? [];
  const place = accessPointPlace(decodeURIComponent(arn));
  return place ? `${named(place, from).bucket}/${key}` : source;
}

/**
 * Access points of a network are reached from it alone, and no network reaches this far yet.
 *
 * @throws AccessDenied
 */
export function requireOrigin({ AccessPointArn }: ThroughAccessPoint, { kernel }: ReadContext): void {
  const place = AccessPointArn === undefined ? undefined : accessPointPlace(AccessPointArn);
  if (place && findAccessPoint(kernel, place)?.vpcId !== undefined) throw accessDenied();
}

/** What IAM is asked about on the way through: the access point, and then the bucket as well. */
export function throughAccessPoint(
  input: ThroughAccessPoint,
  key: string | undefined,
  arn: string,
): string | readonly string[] {
  const { AccessPointArn: point } = input;
  if (point === undefined) return arn;
  return [key === undefined ? point : `${point}/object/${key}`, arn];
}
