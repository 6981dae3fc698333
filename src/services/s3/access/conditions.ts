/** S3's own condition keys. @evidence Service Authorization Reference, "Condition keys for Amazon S3" */

import type { ContextValue } from "../../../iam/types.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { accessPointPlace, findAccessPoint } from "./access-point-table.ts";
import { bucketArn, buckets } from "../buckets/table.ts";
import { lockConditions } from "../locks/conditions.ts";
import { findCurrent, findVersion } from "../objects/version-table.ts";
import { isVersionId } from "../objects/version-ids.ts";
import { tagsInHeader } from "../objects/tagging-header.ts";

type Conditions = Record<string, ContextValue | undefined>;

/** Condition keys that say what a member of the input does. */
const members: readonly (readonly [key: string, member: string])[] = [
  ["s3:prefix", "Prefix"],
  ["s3:delimiter", "Delimiter"],
  ["s3:max-keys", "MaxKeys"],
  ["s3:versionid", "VersionId"],
  ["s3:x-amz-acl", "ACL"],
  ["s3:x-amz-grant-full-control", "GrantFullControl"],
  ["s3:x-amz-grant-read", "GrantRead"],
  ["s3:x-amz-grant-read-acp", "GrantReadACP"],
  ["s3:x-amz-grant-write", "GrantWrite"],
  ["s3:x-amz-grant-write-acp", "GrantWriteACP"],
  ["s3:x-amz-copy-source", "CopySource"],
  ["s3:x-amz-metadata-directive", "MetadataDirective"],
  ["s3:x-amz-server-side-encryption", "ServerSideEncryption"],
  ["s3:x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"],
  ["s3:x-amz-server-side-encryption-customer-algorithm", "SSECustomerAlgorithm"],
  ["s3:x-amz-storage-class", "StorageClass"],
  ["s3:x-amz-website-redirect-location", "WebsiteRedirectLocation"],
  ["s3:x-amz-object-ownership", "ObjectOwnership"],
  ["s3:x-amz-bucket-namespace", "BucketNamespace"],
  ["s3:x-amz-object-if-match", "ObjectIfMatch"],
  ["s3:if-match", "IfMatch"],
  ["s3:if-none-match", "IfNoneMatch"],
];

type Input = Readonly<Record<string, unknown>>;

function requestConditions(input: Input, ctx: ReadContext): Conditions {
  const { authenticationMethod, isOlderSignature, signedAt, payloadHash, tlsVersion } = ctx.origin;
  const isSigned = ctx.caller.type !== "Anonymous";
  const conditions: Conditions = {
    "s3:authtype": isSigned ? authTypes[authenticationMethod] : undefined,
    "s3:signatureversion": isSigned ? (isOlderSignature ? "AWS" : "AWS4-HMAC-SHA256") : undefined,
    "s3:signatureage": signedAt === undefined ? undefined : String(Math.max(0, ctx.clock.now() - signedAt)),
    "s3:tlsversion": tlsVersion,
    "s3:x-amz-content-sha256": payloadHash,
    "s3:resourceaccount": ctx.account,
    ...pointConditions(input["AccessPointArn"], ctx),
  };
  for (const [key, member] of members) {
    const value = input[member];
    if (value !== undefined && value !== null) conditions[key] = String(value);
  }
  return conditions;
}

const authTypes = {
  AuthHeader: "REST-HEADER", QueryString: "REST-QUERY-STRING", Form: "POST", None: undefined,
} as const;

/** Of the access point that the request came through. */
function pointConditions(arn: unknown, { kernel }: ReadContext): Conditions {
  if (typeof arn !== "string") return {};
  const place = accessPointPlace(arn);
  const point = place && findAccessPoint(kernel, place);
  return {
    "s3:dataaccesspointarn": arn,
    "s3:dataaccesspointaccount": arn.split(":")[4],
    "s3:accesspointnetworkorigin": point?.vpcId === undefined ? "Internet" : "VPC",
  };
}

export function bucketConditions(input: object, ctx: ReadContext): Conditions {
  const named = input as Input & { readonly Bucket: string };
  const conditions = { ...requestConditions(named, ctx), ...configurationConditions(named) };
  addBucketTags(conditions, named.Bucket, ctx);
  return conditions;
}

/** What a configuration that is put says of itself. */
function configurationConditions(input: Input): Conditions {
  const inventory = input["InventoryConfiguration"] as { OptionalFields?: readonly string[] } | undefined;
  return { "s3:inventoryaccessibleoptionalfields": inventory?.OptionalFields };
}

/**
 * Tags of buckets decide where the bucket says that they do.
 *
 * @evidence S3 User Guide, "Enabling ABAC in general purpose buckets": by default they do not
 */
function addBucketTags(conditions: Conditions, bucket: string, ctx: ReadContext): void {
  if (ctx.db(buckets).get(bucket)?.abac?.Status !== "Enabled") return;
  const tags = ctx.tags(bucketArn(bucket)).get();
  addTags(conditions, "s3:buckettag/", tags);
  addTags(conditions, "aws:resourcetag/", tags);
}

/** The kernel is not to look at the tags of buckets by itself: see `addBucketTags`. */
export function taggedAs(arn: string): string {
  return arn.includes(":s3:::") ? "" : arn;
}

interface NamesObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

export function objectConditions(input: NamesObject, ctx: ReadContext): Conditions {
  const conditions = requestConditions(input as NamesObject & Input, ctx);
  Object.assign(conditions, lockConditions(input, ctx));
  addTags(conditions, "s3:existingobjecttag/", versionAsked(input, ctx)?.tags);
  const requested = tagsInHeader((input as { readonly Tagging?: unknown }).Tagging);
  addTags(conditions, "s3:requestobjecttag/", requested);
  if (requested) conditions["s3:requestobjecttagkeys"] = Object.keys(requested);
  addBucketTags(conditions, input.Bucket, ctx);
  return conditions;
}

function addTags(
  conditions: Conditions,
  prefix: string,
  tags: Readonly<Record<string, string>> | undefined,
): void {
  for (const [key, value] of Object.entries(tags ?? {})) conditions[prefix + key.toLowerCase()] = value;
}

/** The version that a request is about; undefined for none, and for what cannot be one. */
export function versionAsked(
  { Bucket, Key, VersionId }: NamesObject,
  ctx: ReadContext,
): ObjectVersion | undefined {
  if (VersionId === undefined) return findCurrent(ctx, Bucket, Key);
  return isVersionId(VersionId) ? findVersion(ctx, Bucket, Key, VersionId) : undefined;
}
