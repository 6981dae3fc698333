/** Rules on a schedule: each time is a job, which plans the next. */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { nextAfter, parseSchedule } from "../../kernel/schedule-expression.ts";
import { routeToRule } from "./routing.ts";
import { ruleArn, rules, type Rule } from "./rule-table.ts";

interface Tick {
  readonly bus: string;
  readonly rule: string;
  /** Of the schedule that planned it. */
  readonly scheduledAt: number;
}

/**
 * A rate counts from when its rule was put or enabled.
 *
 * @evidence EventBridge User Guide, "Creating a rule that runs on a schedule"
 */
export function planSchedule(ctx: Context, rule: Rule): void {
  const id = ruleArn(ctx, rule);
  const schedule = rule.schedule === undefined ? undefined : parseSchedule(rule.schedule);
  const from = rule.scheduledAt;
  const period = schedule?.kind === "rate" ? schedule.milliseconds : 0;
  const at = schedule && nextAfter(schedule, ctx.clock.now(), { from: from + period });
  if (at === undefined || rule.state === "DISABLED") {
    ctx.unschedule(scheduledEvent, id);
    return;
  }
  ctx.schedule(scheduledEvent, { at, id, input: { bus: rule.bus, rule: rule.name, scheduledAt: from } });
}

/** A scheduled event is its own rule's alone. */
export const scheduledEvent = job<Tick>("eventbridge.scheduledEvent", (tick, ctx) => {
  const rule = ctx.db(rules).get([tick.bus, tick.rule]);
  if (rule?.schedule === undefined || rule.state === "DISABLED") return;
  if (rule.scheduledAt !== tick.scheduledAt) return;
  const now = ctx.clock.now();
  routeToRule(ctx, rule, {
    id: ctx.ids.uuid(),
    detailType: "Scheduled Event",
    source: "aws.events",
    account: ctx.account,
    time: now,
    region: ctx.region,
    resources: [ruleArn(ctx, rule)],
    detail: "{}",
    ingestedAt: now,
  });
  planSchedule(ctx, rule);
});
