/** The targets of rules: PutTargets, RemoveTargets, ListTargetsByRule. */

import * as events from "../../generated/eventbridge.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { busNameOf, ownerOfBus, requireBus } from "./bus-table.ts";
import { invalidToken, limitExceeded } from "./errors.ts";
import { conditionsOfRule } from "./rule-conditions.ts";
import { requireRule, ruleArn, targets } from "./rule-table.ts";
import { passRole, requireChangeable } from "./rules.ts";
import { requireTarget } from "./target-rules.ts";

/** @evidence EventBridge quotas: targets per rule */
const targetsMax = 5;

interface NamesRule {
  readonly Rule: string;
  readonly EventBusName?: string | undefined;
}

const onRule = {
  resource: ({ Rule, EventBusName }: NamesRule, ctx: ReadContext): string =>
    ruleArn(ctx, { bus: busNameOf(EventBusName), name: Rule }),
  owner: ({ EventBusName }: NamesRule) => ownerOfBus(EventBusName),
  conditions: ({ Rule, EventBusName }: NamesRule, ctx: ReadContext) =>
    conditionsOfRule({ Name: Rule, EventBusName }, ctx),
};

export const PutTargets = operation(events.PutTargets, {
  ...onRule,
  conditions: (input, ctx) => ({
    ...onRule.conditions(input, ctx), "events:targetarn": input.Targets.map(({ Arn }) => Arn),
  }),
  run({ Rule, EventBusName, Targets }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    const rule = requireRule(ctx, bus, Rule);
    requireChangeable(ctx, rule);
    for (const target of Targets) {
      requireTarget(target);
      passRole(ctx, target.RoleArn);
    }
    for (const target of Targets) ctx.db(targets).put({ bus, rule: Rule, target });
    if (ctx.db(targets).count({ prefix: [bus, Rule] }) > targetsMax) throw limitExceeded();
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
});

export const RemoveTargets = operation(events.RemoveTargets, {
  ...onRule,
  run({ Rule, EventBusName, Ids, Force }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    requireChangeable(ctx, requireRule(ctx, bus, Rule), Force);
    const FailedEntries: events.RemoveTargetsResultEntry[] = [];
    for (const id of Ids) {
      if (ctx.db(targets).delete([bus, Rule, id])) continue;
      FailedEntries.push({
        TargetId: id,
        ErrorCode: "ResourceNotFoundException",
        ErrorMessage: `Target ${id} does not exist on the rule.`,
      });
    }
    return { FailedEntryCount: FailedEntries.length, FailedEntries };
  },
});

export const ListTargetsByRule = operation(events.ListTargetsByRule, {
  ...onRule,
  run({ Rule, EventBusName, Limit, NextToken }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    requireRule(ctx, bus, Rule);
    const { items, next } = page({
      rows: ctx.db(targets),
      range: { prefix: [bus, Rule] },
      key: (row) => [row.bus, row.rule, row.target.Id],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListTargetsByRule ${bus} ${Rule}`,
      invalid: invalidToken,
    });
    return { Targets: items.map(({ target }) => target), NextToken: next };
  },
});
