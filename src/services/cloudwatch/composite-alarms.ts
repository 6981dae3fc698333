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

/**
 * The alarms that a rule names are there. Alarms may go by each other in a circle.
 *
 * @evidence answers of PutCompositeAlarm quoted in its users' reports, both texts
 * @evidence CloudWatch API Reference, PutCompositeAlarm: "It is possible to create a loop or cycle"
 */
function requireRule(ctx: Context, name: string, text: string): void {
  if (text.trim() !== text) {
    throw validationError("AlarmRule must not contain leading or trailing whitespace or be null");
  }
  const children = alarmsIn(parseRule(text));
  if (children.includes(name)) {
    throw validationError(`Error in AlarmRule: The alarm ${name} must not depend on itself.`);
  }
  const missing = children.filter((child) => !ctx.db(alarms).has(child));
  if (missing.length > 0) {
    throw validationError(
      `Could not save the composite alarm as alarms [${missing.join(", ")}] in the alarm rule do not exist`,
    );
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
    requireRule(ctx, input.AlarmName, input.AlarmRule);
    const isNew = !ctx.db(alarms).has(input.AlarmName);
    const composite = { rule: input.AlarmRule, ...suppressorOf(input) };
    const alarm = writeAlarm(ctx, input, { composite });
    const did = isNew ? "created" : "updated";
    const arn = alarmArn(ctx, alarm.name);
    evaluateComposite(ctx, alarm, (to) => `${arn} was ${did} and its alarm rule evaluates to ${to}`);
  },
});
