/** What operations on buckets and objects tell the kernel of themselves: cell, resource, condition keys. */

import type { ReadContext } from "../../../kernel/context.ts";
import { requireOrigin, throughAccessPoint, type ThroughAccessPoint } from "./access-points.ts";
import { bucketArn, objectArn, ownerOfBucket } from "../buckets/table.ts";
import { bucketConditions, objectConditions } from "./conditions.ts";
import { requirePayer, type PayingInput } from "./requester-pays.ts";

interface NamesBucket extends PayingInput, ThroughAccessPoint {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
}

interface NamesObject extends NamesBucket {
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

export const onBucket = {
  owner: ownerOfBucket,
  resource(input: NamesBucket, ctx: ReadContext): string | readonly string[] {
    requirePayer(input, ctx);
    requireOrigin(input, ctx);
    return throughAccessPoint(input, undefined, bucketArn(input.Bucket));
  },
  conditions: bucketConditions,
};

export const onObject = {
  owner: ownerOfBucket,
  resource(input: NamesObject, ctx: ReadContext): string | readonly string[] {
    requirePayer(input, ctx);
    requireOrigin(input, ctx);
    return throughAccessPoint(input, input.Key, objectArn(input.Bucket, input.Key));
  },
  conditions: objectConditions,
  dataEvent: true,
};

/** What makes an object: PutObject, CopyObject, CompleteMultipartUpload. */
export const onCreation = {
  ...onObject,
  conditions: (input: NamesObject, ctx: ReadContext) => ({
    ...objectConditions(input, ctx),
    "s3:objectcreationoperation": "true",
  }),
};

/** What needs `s3:PutObject` and makes no object: CreateMultipartUpload, UploadPart, UploadPartCopy. */
export const onPart = {
  ...onObject,
  conditions: (input: NamesObject, ctx: ReadContext) => ({
    ...objectConditions(input, ctx),
    "s3:objectcreationoperation": "false",
  }),
};

/** Versions have actions of their own: `s3:GetObject`, and `s3:GetObjectVersion` where one is named. */
export function versionedAction(action: string): (input: NamesObject, ctx: ReadContext) => string {
  const { versioned, plain } = { plain: `s3:${action}`, versioned: `s3:${versionedName(action)}` };
  return (input) => (input.VersionId === undefined ? plain : versioned);
}

/** `GetObjectAcl` → `GetObjectVersionAcl`. */
function versionedName(action: string): string {
  return action.replace("Object", "ObjectVersion");
}
