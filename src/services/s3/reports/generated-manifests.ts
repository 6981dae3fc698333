/**
 * Finding the objects of a bucket that a job of Batch Operations is to be about. The operation is
 * ListObjectVersions; that it is meant so is said by a member which no request over the wire can have.
 */

import type { Bucket } from "../buckets/table.ts";
import type { ShownVersion } from "../listing/version-listing.ts";

export type KeepVersion = (shown: ShownVersion, bucket: Bucket) => boolean;

const manifest = Symbol("a manifest is generated");

export function asManifest<Input extends object>(input: Input, keep: KeepVersion): Input {
  return Object.assign(input, { [manifest]: keep });
}

/** Undefined for listings that are not for a manifest. */
export function keeperOf(input: object): KeepVersion | undefined {
  return (input as { readonly [manifest]?: KeepVersion })[manifest];
}
