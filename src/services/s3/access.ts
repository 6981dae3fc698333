/** What operations on buckets and objects tell the kernel of themselves: cell, resource, condition keys. */

import type { ReadContext } from "../../kernel/context.ts";
import { bucketArn, objectArn, ownerOfBucket } from "./bucket-table.ts";
import { bucketConditions, objectConditions } from "./conditions.ts";

interface NamesBucket {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
}

interface NamesObject extends NamesBucket {
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

export const onBucket = {
  owner: ownerOfBucket,
  resource: (input: NamesBucket) => bucketArn(input.Bucket),
  conditions: bucketConditions,
};

export const onObject = {
  owner: ownerOfBucket,
  resource: (input: NamesObject) => objectArn(input.Bucket, input.Key),
  conditions: objectConditions,
  dataEvent: true,
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
