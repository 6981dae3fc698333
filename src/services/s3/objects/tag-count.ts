/** How many tags a version has, as GetObject and HeadObject tell. */

import type { Context } from "../../../kernel/context.ts";
import { versionedAction } from "../access/access.ts";
import { objectConditions } from "../access/conditions.ts";
import { objectArn } from "../buckets/table.ts";
import type { ObjectVersion } from "./version.ts";

interface NamesVersion {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

const forCopy = Symbol("a copy asks for its source");

/** Said by a member which no request over the wire can have: a copy refuses to leave tags behind. */
export function asCopySource<Input extends object>(input: Input): Input {
  return Object.assign(input, { [forCopy]: true });
}

/**
 * Undefined for none, and for who may not read them.
 *
 * @evidence S3 API Reference, GetObject, x-amz-tagging-count: "when you have the relevant permission to read
 *   object tags"
 */
export function visibleTagCount(
  ctx: Context,
  version: ObjectVersion,
  input: NamesVersion,
): number | undefined {
  const count = Object.keys(version.tags ?? {}).length;
  if (count === 0) return undefined;
  const isVisible = (input as { readonly [forCopy]?: true })[forCopy] === true || ctx.isAllowed({
    action: versionedAction("GetObjectTagging")(input, ctx),
    resource: objectArn(version.bucket, version.key),
    conditions: objectConditions(input, ctx),
  });
  return isVisible ? count : undefined;
}
