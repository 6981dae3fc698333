/**
 * How many secrets there are, those that are to be deleted included: once an hour.
 *
 * @evidence Secrets Manager User Guide, "Monitor AWS Secrets Manager with Amazon CloudWatch"
 */

import type { ReadContext } from "../../kernel/context.ts";
import { meter } from "../../kernel/metrics.ts";
import { secrets } from "./secret-rows.ts";

const names = ["Service", "Type", "Resource", "Class"];
const values = ["Secrets Manager", "Resource", "SecretCount", "None"];
const resourceCount = meter("AWS/SecretsManager", "ResourceCount", "Count", names);
const hourMilliseconds = 3_600_000;
const minuteMilliseconds = 60_000;

export function gauges(ctx: ReadContext): void {
  if (ctx.clock.now() % hourMilliseconds >= minuteMilliseconds) return;
  const count = ctx.db(secrets).count();
  if (count > 0) ctx.metric(resourceCount, values, count);
}
