/** PutCompositeAlarm. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { PutCompositeAlarmInput } from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { alarmArn, alarms, type CompositeRule } from "./alarm-rows.ts";
import { alarmsIn, parseRule } from "./alarm-rule.ts";
import { evaluateComposite } from "./alarm-transitions.ts";
import { writeAlarm } from "./alarm-writing.ts";
import { validationError } from "./errors.ts";

/** The rule would in the end go by itself. */
function requireNoCycle(ctx: Context, name: string, children: readonly string[]): void {
  const seen = new Set<string>();
  const waiting = [...children];
  for (let child = waiting.pop(); child !== undefined; child = waiting.pop()) {
    if (child === name) {
      throw validationError(`Error in AlarmRule: The alarm ${name} must not depend on itself.`);
    }
    if (seen.has(child)) continue;
    seen.add(child);
    const rule = ctx.db(alarms).get(child)?.composite?.rule;
    if (rule !== undefined) waiting.push(...alarmsIn(parseRule(rule)));
  }
}

/** @evidence CloudWatch API Reference, PutCompositeAlarm: both periods are required with a suppressor */
function suppressorOf(input: PutCompositeAlarmInput): Partial<CompositeRule> {
  const {
    ActionsSuppressor, ActionsSuppressorWaitPeriod: wait, ActionsSuppressorExtensionPeriod: extension,
  } = input;
  if (ActionsSuppressor === undefined) {
    if (wait === undefined && extension === undefined) return {};
    throw validationError("ActionsSuppressor must be specified with its periods.");
  }
  if (wait === undefined || extension === undefined) {
    throw validationError(
      "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be specified with " +
        "ActionsSuppressor.",
    );
  }
  const suppressor = ActionsSuppressor.replace(/^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:/, "");
  return { suppressor, waitSeconds: wait, extensionSeconds: extension };
}

export const PutCompositeAlarm = operation(cloudwatch.PutCompositeAlarm, {
  resource: (input, ctx) => alarmArn(ctx, input.AlarmName),
  conditions: ({ AlarmActions = [], OKActions = [], InsufficientDataActions = [] }) => {
    return { "cloudwatch:alarmactions": [...AlarmActions, ...OKActions, ...InsufficientDataActions] };
  },

  run(input, ctx) {
    const children = alarmsIn(parseRule(input.AlarmRule));
    requireNoCycle(ctx, input.AlarmName, children);
    const isNew = !ctx.db(alarms).has(input.AlarmName);
    const composite = { rule: input.AlarmRule, ...suppressorOf(input) };
    const alarm = writeAlarm(ctx, input, { composite });
    const did = isNew ? "created" : "updated";
    const arn = alarmArn(ctx, alarm.name);
    evaluateComposite(ctx, alarm, (to) => `${arn} was ${did} and its alarm rule evaluates to ${to}`);
  },
});
