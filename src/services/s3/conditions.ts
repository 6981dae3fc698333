/** S3's own condition keys. @evidence Service Authorization Reference, "Condition keys for Amazon S3" */

import type { ContextValue } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { lockConditions } from "./lock-conditions.ts";
import { findCurrent, findVersion } from "./version-table.ts";
import { orderOf, nullVersion } from "./version-ids.ts";
import { tagsInHeader } from "./tagging-header.ts";

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
  ["s3:if-match", "IfMatch"],
  ["s3:if-none-match", "IfNoneMatch"],
];

type Input = Readonly<Record<string, unknown>>;

function requestConditions(input: Input, ctx: ReadContext): Conditions {
  const conditions: Conditions = {
    "s3:authtype": authTypes[ctx.origin.authenticationMethod],
    "s3:signatureversion": ctx.origin.authenticationMethod === "None" ? undefined : "AWS4-HMAC-SHA256",
    "s3:resourceaccount": ctx.account,
  };
  for (const [key, member] of members) {
    const value = input[member];
    if (value !== undefined && value !== null) conditions[key] = String(value);
  }
  return conditions;
}

const authTypes = { AuthHeader: "REST-HEADER", QueryString: "REST-QUERY-STRING", None: undefined } as const;

export function bucketConditions(input: object, ctx: ReadContext): Conditions {
  return requestConditions(input as Input, ctx);
}

interface NamesObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

export function objectConditions(input: NamesObject, ctx: ReadContext): Conditions {
  const conditions = requestConditions(input as NamesObject & Input, ctx);
  Object.assign(conditions, lockConditions(input, ctx));
  addTags(conditions, "s3:existingobjecttag/", existingTags(input, ctx));
  const requested = tagsInHeader((input as { readonly Tagging?: unknown }).Tagging);
  addTags(conditions, "s3:requestobjecttag/", requested);
  if (requested) conditions["s3:requestobjecttagkeys"] = Object.keys(requested);
  return conditions;
}

function addTags(
  conditions: Conditions,
  prefix: string,
  tags: Readonly<Record<string, string>> | undefined,
): void {
  for (const [key, value] of Object.entries(tags ?? {})) conditions[prefix + key.toLowerCase()] = value;
}

function existingTags(
  { Bucket, Key, VersionId }: NamesObject,
  ctx: ReadContext,
): Readonly<Record<string, string>> | undefined {
  if (VersionId === undefined) return findCurrent(ctx, Bucket, Key)?.tags;
  if (VersionId !== nullVersion && orderOf(VersionId) === undefined) return undefined;
  return findVersion(ctx, Bucket, Key, VersionId)?.tags;
}
