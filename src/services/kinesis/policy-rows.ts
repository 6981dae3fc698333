/** The policies of streams and consumers as they are kept. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

interface Policy {
  readonly arn: string;
  readonly document: string;
}

export const policies = table<Policy>("kinesis.policies", { key: (row) => row.arn });

/** What the kernel asks when someone wants to use a stream or a consumer. */
export function resourcePolicyOf(arn: string, ctx: ReadContext): string | undefined {
  return ctx.db(policies).get(arn)?.document;
}

export function forgetPolicy(ctx: Context, arn: string): void {
  ctx.db(policies).delete(arn);
}
