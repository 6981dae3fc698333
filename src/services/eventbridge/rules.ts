/** Rules: what they listen for, and how they come and go. */

import * as events from "../../generated/eventbridge.ts";
import { parsePattern, PatternError } from "../../patterns/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { parseSchedule } from "../../kernel/schedule-expression.ts";
import { busNameOf, defaultBus, ownerOfBus, requireBus } from "./bus-table.ts";
import {
  discoveryWithKey, invalidParameter, invalidPattern, invalidToken, limitExceeded, managedRule, validation,
} from "./errors.ts";
import { keepListener } from "./listening.ts";
import { conditionsOfPattern, conditionsOfRule } from "./rule-conditions.ts";
import {
  requireRule, ruleArn, rules, rulesChanged, schemaDiscovery, targets, type Rule,
} from "./rule-table.ts";
import { planSchedule } from "./schedules.ts";
import { setFirstTags } from "./tags.ts";

/** @evidence EventBridge quotas: rules per event bus */
const rulesMax = 300;

interface NamesRule {
  readonly Name: string;
  readonly EventBusName?: string | undefined;
}

const onRule = {
  resource: ({ Name, EventBusName }: NamesRule, ctx: ReadContext): string =>
    ruleArn(ctx, { bus: busNameOf(EventBusName), name: Name }),
  owner: ({ EventBusName }: NamesRule) => ownerOfBus(EventBusName),
  conditions: conditionsOfRule,
};

/** @throws InvalidEventPatternException */
export function requirePattern(text: string): void {
  try {
    parsePattern(text);
  } catch (cause) {
    if (cause instanceof PatternError) throw invalidPattern(cause.message);
    throw cause;
  }
}

/** @evidence recorded: `ScheduleExpression is supported only on the default event bus.` */
function requireSchedule(text: string, bus: string): void {
  if (bus !== defaultBus) throw validation("ScheduleExpression is supported only on the default event bus.");
  const schedule = parseSchedule(text);
  const isRight = schedule?.kind === "cron" || (schedule?.kind === "rate" && schedule.isPluralRight);
  if (!isRight) throw validation("Parameter ScheduleExpression is not valid.");
}

/** What only the service that keeps a rule may change, unless who asks insists. */
export function requireChangeable(ctx: ReadContext, rule: Rule, isForced = false): void {
  const { managedBy } = rule;
  if (managedBy === undefined || isForced || ctx.caller.arn === managedBy) return;
  throw managedRule(rule.name, managedBy);
}

/** The schema registry keeps a rule for each of its discoverers. */
export function isForDiscoverer(action: string, principal: string): boolean {
  const keeping = /^events:(PutRule|DeleteRule|EnableRule|DisableRule|PutTargets|RemoveTargets)$/;
  return principal === schemaDiscovery && keeping.test(action);
}

/** @throws ValidationException for what is no role; AccessDeniedException */
export function passRole(ctx: Context, roleArn: string | undefined): void {
  if (roleArn === undefined) return;
  if (parseArn(roleArn)?.resource.startsWith("role/") !== true) {
    throw invalidParameter(roleArn, "Provided Arn is not in correct format.");
  }
  ctx.authorize({
    action: "iam:PassRole", resource: roleArn,
    conditions: { "iam:passedtoservice": "events.amazonaws.com" },
  });
}

/** What follows from a change of a rule. */
function keepRule(ctx: Context, rule: Rule): void {
  ctx.db(rules).put(rule);
  rulesChanged(ctx, rule.bus);
  planSchedule(ctx, rule);
  if (rule.bus === defaultBus) keepListener(ctx);
}

/**
 * Putting a rule that is there replaces all that is said of it; its targets and its tags stay.
 *
 * @evidence EventBridge API Reference, PutRule
 */
export const PutRule = operation(events.PutRule, {
  ...onRule,
  conditions: (input, ctx) => ({
    ...conditionsOfRule(input, ctx), ...conditionsOfPattern(input.EventPattern),
  }),
  run(input, ctx) {
    const { name: bus, kmsKey } = requireBus(ctx, input.EventBusName);
    // @evidence EventBridge API Reference, CreateEventBus: no discovery on a bus with a customer managed key
    if (kmsKey !== undefined && ctx.caller.arn === schemaDiscovery) throw discoveryWithKey(bus);
    const { EventPattern: pattern, ScheduleExpression: schedule } = input;
    if (!pattern && !schedule) {
      throw validation("Parameter(s) EventPattern or ScheduleExpression must be specified.");
    }
    if (pattern) requirePattern(pattern);
    if (schedule) requireSchedule(schedule, bus);
    const existing = ctx.db(rules).get([bus, input.Name]);
    if (existing) requireChangeable(ctx, existing);
    else if (ctx.db(rules).count({ prefix: bus }) >= rulesMax) throw limitExceeded();
    passRole(ctx, input.RoleArn);
    const isService = ctx.caller.type === "AWSService";
    const keepsSchedule = existing?.schedule === schedule && existing?.state === (input.State ?? "ENABLED");
    const rule: Rule = {
      bus,
      name: input.Name,
      pattern: pattern || undefined,
      schedule: schedule || undefined,
      state: input.State ?? "ENABLED",
      description: input.Description,
      roleArn: input.RoleArn,
      managedBy: existing?.managedBy ?? (isService ? ctx.caller.arn : undefined),
      createdBy: existing?.createdBy ?? (isService ? ctx.account : ctx.caller.account),
      scheduledAt: keepsSchedule ? existing.scheduledAt : ctx.clock.now(),
    };
    keepRule(ctx, rule);
    const arn = ruleArn(ctx, rule);
    // @evidence EventBridge API Reference, PutRule: tags of a rule that is there are left as they are
    if (!existing) setFirstTags(ctx, arn, input.Tags);
    return { RuleArn: arn };
  },
});

export const DeleteRule = operation(events.DeleteRule, {
  ...onRule,
  run({ Name, EventBusName, Force }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    const rule = ctx.db(rules).get([bus, Name]);
    if (!rule) return;
    requireChangeable(ctx, rule, Force);
    if (ctx.db(targets).first({ prefix: [bus, Name] })) {
      throw validation("Rule can't be deleted since it has targets.");
    }
    ctx.db(rules).delete([bus, Name]);
    ctx.tags(ruleArn(ctx, rule)).clear();
    rulesChanged(ctx, bus);
    planSchedule(ctx, { ...rule, schedule: undefined });
    if (bus === defaultBus) keepListener(ctx);
  },
});

function shownRule(ctx: ReadContext, rule: Rule): events.Rule {
  return {
    Name: rule.name,
    Arn: ruleArn(ctx, rule),
    EventPattern: rule.pattern,
    State: rule.state,
    Description: rule.description,
    ScheduleExpression: rule.schedule,
    RoleArn: rule.roleArn,
    ManagedBy: rule.managedBy,
    EventBusName: rule.bus,
  };
}

export const DescribeRule = operation(events.DescribeRule, {
  ...onRule,
  run({ Name, EventBusName }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    const rule = requireRule(ctx, bus, Name);
    return { ...shownRule(ctx, rule), CreatedBy: rule.createdBy };
  },
});

function setState(ctx: Context, { Name, EventBusName }: NamesRule, state: events.RuleState): void {
  const { name: bus } = requireBus(ctx, EventBusName);
  const rule = requireRule(ctx, bus, Name);
  requireChangeable(ctx, rule);
  if (rule.state === state) return;
  keepRule(ctx, { ...rule, state, scheduledAt: ctx.clock.now() });
}

export const EnableRule = operation(events.EnableRule, {
  ...onRule,
  run: (input, ctx) => setState(ctx, input, "ENABLED"),
});

export const DisableRule = operation(events.DisableRule, {
  ...onRule,
  run: (input, ctx) => setState(ctx, input, "DISABLED"),
});

export const ListRules = operation(events.ListRules, {
  resource: (_input, ctx) => ctx.arn("rule/*"),
  owner: ({ EventBusName }) => ownerOfBus(EventBusName),
  run({ NamePrefix = "", EventBusName, Limit, NextToken }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    const { items, next } = page({
      rows: ctx.db(rules),
      range: NamePrefix === "" ? { prefix: bus } : { prefix: [bus, NamePrefix], prefixOfLastPart: true },
      key: (rule) => [rule.bus, rule.name],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListRules ${bus} ${NamePrefix}`,
      invalid: invalidToken,
    });
    return { Rules: items.map((rule) => shownRule(ctx, rule)), NextToken: next };
  },
});

export const ListRuleNamesByTarget = operation(events.ListRuleNamesByTarget, {
  resource: (_input, ctx) => ctx.arn("rule/*"),
  owner: ({ EventBusName }) => ownerOfBus(EventBusName),
  run({ TargetArn, EventBusName, Limit, NextToken }, ctx) {
    const { name: bus } = requireBus(ctx, EventBusName);
    const found = ctx.db(targets).by("arn").list({ prefix: [bus, TargetArn] });
    const names = [...new Set([...found].map(({ rule }) => rule))];
    const { items, next } = page({
      rows: { list: (range) => names.filter((name) => !range?.after || name > String(range.after)) },
      key: (name) => name,
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListRuleNamesByTarget ${bus} ${TargetArn}`,
      invalid: invalidToken,
    });
    return { RuleNames: items, NextToken: next };
  },
});

export const TestEventPattern = operation(events.TestEventPattern, {
  run({ EventPattern, Event }) {
    requirePattern(EventPattern);
    return { Result: parsePattern(EventPattern).matches(requireEvent(Event)) };
  },
});

const envelope = ["id", "account", "source", "time", "region", "detail-type"];

/** @evidence EventBridge API Reference, TestEventPattern: which fields the event must have */
function requireEvent(text: string): unknown {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw invalidParameter("Event", "The event is not valid JSON.");
  }
  const isObject = typeof event === "object" && event !== null && !Array.isArray(event);
  const missing = envelope.find((name) => !isObject || !Object.hasOwn(event as object, name));
  if (missing !== undefined) throw invalidParameter("Event", `The event is missing the field ${missing}.`);
  return event;
}
