/** Contributor Insights rules: what they are, and whether they are enabled. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { modelled, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { addTags } from "./alarm-tags.ts";
import { invalidNextToken, invalidParameterValue } from "./errors.ts";
import { parseDefinition } from "./insight-rule-definition.ts";
import { insightRules, type InsightRuleRow } from "./insight-rule-rows.ts";

/** @evidence CloudWatch User Guide, quotas: 100 Contributor Insights rules */
const rulesMax = 100;
/** Times in which a rule was enabled are kept apart as far as this many. */
const spansMax = 100;

function ruleArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`insight-rule/${name}`);
}

/** A rule counts what comes while it is enabled. */
function switched(rule: InsightRuleRow, isEnabled: boolean, now: number): InsightRuleRow {
  const last = rule.spans.at(-1);
  const isOn = last !== undefined && last.until === undefined;
  if (isOn === isEnabled) return rule;
  const spans = isEnabled ? [...rule.spans, { from: now }]
    : [...rule.spans.slice(0, -1), { from: last?.from ?? now, until: now }];
  return { ...rule, spans: spans.slice(-spansMax) };
}

export function isEnabled({ spans }: InsightRuleRow): boolean {
  const last = spans.at(-1);
  return last !== undefined && last.until === undefined;
}

export const PutInsightRule = operation(cloudwatch.PutInsightRule, {
  resource: (input, ctx) => ruleArn(ctx, input.RuleName),
  run(input, ctx) {
    const state = input.RuleState ?? "ENABLED";
    if (state !== "ENABLED" && state !== "DISABLED") {
      throw invalidParameterValue(`The value ${state} for parameter RuleState is invalid.`);
    }
    if (input.ApplyOnTransformedLogs) throw notImplemented("Insight rules of CloudWatch on transformed logs");
    const { schema } = parseDefinition(input.RuleDefinition);
    const known = ctx.db(insightRules).get(input.RuleName);
    if (!known && ctx.db(insightRules).count() >= rulesMax) {
      throw modelled(cloudwatch.LimitExceededException,
        `The maximum number of insight rules is ${rulesMax}.`);
    }
    const now = ctx.clock.now();
    // Another definition counts anew.
    const spans = known?.definition === input.RuleDefinition ? known.spans : [];
    const rule = { name: input.RuleName, definition: input.RuleDefinition, schema, spans };
    ctx.db(insightRules).put(switched(rule, state === "ENABLED", now));
    if (!known) addTags(ctx, ruleArn(ctx, input.RuleName), input.Tags);
    return {};
  },
});

export const DescribeInsightRules = operation(cloudwatch.DescribeInsightRules, {
  run(input, ctx) {
    const { items, next } = page<InsightRuleRow>({
      rows: ctx.db(insightRules),
      key: ({ name }) => name,
      limit: input.MaxResults ?? 500,
      token: input.NextToken,
      scope: "cloudwatch.DescribeInsightRules",
      invalid: invalidNextToken,
    });
    return {
      InsightRules: items.map((rule) => ({
        Name: rule.name, State: isEnabled(rule) ? "ENABLED" : "DISABLED", Schema: rule.schema,
        Definition: rule.definition, ManagedRule: false,
      })),
      NextToken: next,
    };
  },
});

/** One after the other; those that are not there are in the answer. */
function each(ctx: Context, names: readonly string[], change: (rule: InsightRuleRow) => void) {
  return {
    Failures: names.flatMap((name) => {
      const rule = ctx.db(insightRules).get(name);
      if (rule) {
        change(rule);
        return [];
      }
      return [{
        FailureResource: name, ExceptionType: "ResourceNotFoundException", FailureCode: "404",
        FailureDescription: `Insight rule ${name} does not exist.`,
      }];
    }),
  };
}

const onRules = {
  resource: (input: { readonly RuleNames: readonly string[] }, ctx: ReadContext) =>
    input.RuleNames.map((name) => ruleArn(ctx, name)),
};

export const EnableInsightRules = operation(cloudwatch.EnableInsightRules, {
  ...onRules,
  run: (input, ctx) => each(ctx, input.RuleNames, (rule) => {
    ctx.db(insightRules).put(switched(rule, true, ctx.clock.now()));
  }),
});

export const DisableInsightRules = operation(cloudwatch.DisableInsightRules, {
  ...onRules,
  run: (input, ctx) => each(ctx, input.RuleNames, (rule) => {
    ctx.db(insightRules).put(switched(rule, false, ctx.clock.now()));
  }),
});

export const DeleteInsightRules = operation(cloudwatch.DeleteInsightRules, {
  ...onRules,
  run: (input, ctx) => each(ctx, input.RuleNames, ({ name }) => {
    ctx.db(insightRules).delete(name);
    ctx.tags(ruleArn(ctx, name)).clear();
  }),
});
