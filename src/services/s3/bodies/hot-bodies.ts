/**
 * Small bodies that are read again and again, in the clear and in memory: what is at rest is encrypted all
 * the same. A body never changes under its id. What KMS or a customer has the key of is not kept.
 */

import type { ReadContext } from "../../../kernel/context.ts";
import type { ObjectVersion } from "../objects/version.ts";

const purpose = "s3 bodies";

export function hotBody({ kernel }: ReadContext, version: ObjectVersion): Buffer | undefined {
  if (version.encryption !== undefined || version.bodyId === 0) return undefined;
  return kernel.cacheFor<Buffer>(purpose).get(String(version.bodyId));
}

export function keepHot({ kernel }: ReadContext, version: ObjectVersion, body: unknown): void {
  if (version.encryption !== undefined || version.bodyId === 0 || !Buffer.isBuffer(body)) return;
  if (body.length === version.sizeBytes) kernel.cacheFor<Buffer>(purpose).set(String(version.bodyId), body);
}
