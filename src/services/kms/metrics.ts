/**
 * What keys measure of themselves: for how long imported material is still there.
 *
 * @evidence KMS Developer Guide, "Monitoring with Amazon CloudWatch", SecondsUntilKeyMaterialExpiration
 */

import type { ReadContext } from "../../kernel/context.ts";
import { meter } from "../../kernel/metrics.ts";
import { materials } from "./materials.ts";

const untilExpiration = meter("AWS/KMS", "SecondsUntilKeyMaterialExpiration", "Seconds", ["KeyId"]);

export function gauges(ctx: ReadContext): void {
  const now = ctx.clock.now();
  for (const { keyId, validTo } of ctx.db(materials).list()) {
    if (validTo !== undefined && validTo > now) {
      ctx.metric(untilExpiration, [keyId], Math.floor((validTo - now) / 1_000));
    }
  }
}
