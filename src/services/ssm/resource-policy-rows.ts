/** The policies by which parameters are shared with other accounts, as they are kept. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

export interface ResourcePolicy {
  readonly arn: string;
  readonly policyId: string;
  readonly hash: string;
  readonly document: string;
}

export const resourcePolicies = table<ResourcePolicy>("ssm.resourcePolicies", { key: (row) => row.arn });

export function forgetResourcePolicy(ctx: Context, arn: string): void {
  ctx.db(resourcePolicies).delete(arn);
}

export function resourcePolicyOf(arn: string, ctx: ReadContext): string | undefined {
  return ctx.db(resourcePolicies).get(arn)?.document;
}
