/** The resource policies of tables and streams: their rows, and what may be in them. */

import { validatePolicy } from "../../../iam/parse.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { keptPolicy } from "../../../kernel/policy-principals.ts";
import { table } from "../../../store/types.ts";
import { invalidParameters } from "../errors.ts";
import { tables } from "../tables/table-rows.ts";

export interface ResourcePolicy {
  readonly arn: string;
  /** Names users and roles by their unique ids. */
  readonly document: string;
  readonly revision: string;
}

export const policies = table<ResourcePolicy>("dynamodb.policies", { key: (row) => row.arn });

/** @evidence Developer Guide, Quotas: 20 KB, white space included */
const documentBytesMax = 20_480;

/**
 * @returns the policy as it is kept, with unique ids; `shownPolicy` gives what is shown
 * @evidence recorded refusals of PutResourcePolicy and CreateTable
 * @evidence hashicorp/terraform-provider-aws #42933: the text that refuses principals
 */
export function policyToKeep(ctx: ReadContext, document: string): string {
  if (Buffer.byteLength(document) > documentBytesMax) {
    throw invalidParameters(`Maximum policy size of ${documentBytesMax} bytes exceeded`);
  }
  const [problem] = validatePolicy(document, "resource");
  if (problem) throw invalidParameters(`Invalid policy document: ${problem.message}`);
  return keptPolicy(ctx.kernel.identity, document, () =>
    invalidParameters("Invalid principal in policy document."));
}

/** A policy that says what the one before it said keeps its revision. */
export function putPolicy(ctx: Context, arn: string, document: string): ResourcePolicy {
  const before = ctx.db(policies).get(arn);
  if (before?.document === document) return before;
  const revision = String(Math.max(ctx.clock.now(), Number(before?.revision ?? 0) + 1));
  noteOnTable(ctx, arn, true);
  return ctx.db(policies).put({ arn, document, revision });
}

export function dropPolicy(ctx: Context, arn: string): void {
  ctx.db(policies).delete(arn);
  noteOnTable(ctx, arn, false);
}

/** The name of a table whose ARN this is; undefined for that of a stream. */
function tableNameIn(arn: string): string | undefined {
  const name = arn.slice(arn.indexOf("/") + 1);
  return name.includes("/") ? undefined : name;
}

function noteOnTable(ctx: Context, arn: string, hasPolicy: boolean): void {
  const name = tableNameIn(arn);
  const row = name === undefined ? undefined : ctx.db(tables).get(name);
  if (!row || (row.hasPolicy ?? false) === hasPolicy) return;
  const { hasPolicy: _before, ...rest } = row;
  ctx.db(tables).put(hasPolicy ? { ...rest, hasPolicy } : rest);
}

/** A table's policy and those of its streams. */
export function forgetPolicies(ctx: Context, tableArn: string): void {
  ctx.db(policies).delete(tableArn);
  for (const { arn } of ctx.db(policies).list({ prefix: `${tableArn}/`, prefixOfLastPart: true })) {
    ctx.db(policies).delete(arn);
  }
}

/** What the kernel asks when somebody wants to use a resource: a table's policy covers its indexes. */
export function resourcePolicyOf(arn: string, ctx: ReadContext): string | undefined {
  const index = arn.indexOf("/index/");
  const own = index < 0 ? arn : arn.slice(0, index);
  const name = tableNameIn(own);
  if (name !== undefined && !ctx.db(tables).get(name)?.hasPolicy) return undefined;
  return ctx.db(policies).get(own)?.document;
}
