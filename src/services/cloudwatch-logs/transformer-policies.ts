/**
 * Transformers of the account, for the groups that have none of their own. What each group goes by is written
 * down with the group, so that events stay as they were transformed when they came.
 *
 * @evidence CloudWatch Logs API Reference, PutAccountPolicy, "Transformer policy"
 */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context } from "../../kernel/context.ts";
import { accountPolicies } from "./account-policy-table.ts";
import { selects } from "./account-selection.ts";
import { groups, type LogGroup } from "./group-table.ts";
import { latestTransformer, putTransformer } from "./transformer-table.ts";
import { compileTransformer } from "./transforming/transformer.ts";
import { readProcessors } from "./transforming/written.ts";

/** @throws InvalidParameterException */
export function parseTransformerPolicy(document: string): readonly logs.Processor[] {
  const config = readProcessors(document);
  compileTransformer(config);
  return config;
}

function inheritedBy(ctx: Context, group: LogGroup): readonly logs.Processor[] | undefined {
  if (group.groupClass !== "STANDARD") return undefined;
  for (const policy of ctx.db(accountPolicies).list({ prefix: ["TRANSFORMER_POLICY"] })) {
    if (selects(policy, group.name)) return readProcessors(policy.document);
  }
  return undefined;
}

/** For a group that has no transformer of its own, or no longer has one. */
export function inheritTransformer(ctx: Context, group: LogGroup): void {
  const known = latestTransformer(ctx, group);
  const config = inheritedBy(ctx, group);
  if (JSON.stringify(known?.config) === JSON.stringify(config) && known?.isInherited) return;
  if (known?.config || config) putTransformer(ctx, group, config, true);
}

/** The account's policies are others now. */
export function inheritTransformers(ctx: Context): void {
  for (const group of [...ctx.db(groups).list()]) {
    const known = latestTransformer(ctx, group);
    if (!known?.config || known.isInherited) inheritTransformer(ctx, group);
  }
}
