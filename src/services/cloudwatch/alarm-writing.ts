/** What putting metric alarms and composite alarms have in common. */

import type { Tag } from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import { requireActions } from "./alarm-actions-checks.ts";
import { remember } from "./alarm-history.ts";
import { eventConfiguration } from "./alarm-messages.ts";
import { alarmArn, alarms, initialReason, type AlarmRow } from "./alarm-rows.ts";
import { addTags } from "./alarm-tags.ts";
import { validationError } from "./errors.ts";

interface Given {
  readonly AlarmName: string;
  readonly AlarmDescription?: string | undefined;
  readonly ActionsEnabled?: boolean | undefined;
  readonly OKActions?: string[] | undefined;
  readonly AlarmActions?: string[] | undefined;
  readonly InsufficientDataActions?: string[] | undefined;
  readonly Tags?: Tag[] | undefined;
}

/** An alarm that is there keeps its state and its tags. */
export function writeAlarm(
  ctx: Context, given: Given, what: Pick<AlarmRow, "metric"> | Pick<AlarmRow, "composite">,
): AlarmRow {
  const now = ctx.clock.now();
  const { AlarmName: name, AlarmDescription: description } = given;
  const existing = ctx.db(alarms).get(name);
  if (existing && (existing.metric === undefined) !== !("metric" in what)) {
    throw validationError(`An alarm with the name ${name} and another type already exists.`);
  }
  const actions = [given.OKActions ?? [], given.AlarmActions ?? [], given.InsufficientDataActions ?? []];
  for (const list of actions) requireActions(list);
  const alarm = ctx.db(alarms).put({
    name,
    ...(description !== undefined && { description }),
    actionsEnabled: given.ActionsEnabled ?? true,
    okActions: actions[0] ?? [],
    alarmActions: actions[1] ?? [],
    insufficientDataActions: actions[2] ?? [],
    configuredAt: now,
    state: existing?.state ?? {
      value: "INSUFFICIENT_DATA", reason: initialReason, updatedAt: now, transitionedAt: now,
    },
    ...what,
  });
  if (!existing && given.Tags && given.Tags.length > 0) {
    ctx.authorize({ action: "cloudwatch:TagResource", resource: alarmArn(ctx, name) });
    addTags(ctx, alarmArn(ctx, name), given.Tags);
  }
  noteConfiguration(ctx, alarm, existing ? "update" : "create");
  return alarm;
}

const told = { create: "created", update: "updated", delete: "deleted" };
const types = { create: "Create", update: "Update", delete: "Delete" };

/** @evidence CloudWatch User Guide, "Sample events from CloudWatch": configuration changes */
export function noteConfiguration(
  ctx: Context, alarm: AlarmRow, operation: "create" | "update" | "delete",
): void {
  const configuration = eventConfiguration(alarm, ctx.ids.uuid());
  remember(ctx, alarm, "ConfigurationUpdate", `Alarm "${alarm.name}" ${told[operation]}`, {
    version: "1.0", type: types[operation],
    [`${told[operation]}Alarm`]: { alarmName: alarm.name, ...configuration },
  });
  ctx.emit({
    source: "aws.cloudwatch", detailType: "CloudWatch Alarm Configuration Change",
    resources: [alarmArn(ctx, alarm.name)],
    detail: { alarmName: alarm.name, operation, state: { value: alarm.state.value }, configuration },
  });
}
