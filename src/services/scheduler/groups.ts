/** Schedule groups. One that is deleted takes its schedules with it, some at a time. */

import * as scheduler from "../../generated/scheduler.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { idempotent } from "../../kernel/idempotency.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import {
  defaultGroupStays, groupExists, groupIsDeleting, invalidToken, tokenMismatch, tooManyGroups,
} from "./errors.ts";
import { findGroup, groups, requireGroup, type Group } from "./group-rows.ts";
import { due } from "./runs.ts";
import { defaultGroup, groupArn, schedules } from "./schedule-rows.ts";
import { requireTags } from "./tag-rules.ts";

/** @evidence Scheduler User Guide, "Quotas": 500 schedule groups a Region */
const groupsMax = 500;
const pageDefault = 100;
/** How long a group is seen as DELETING at least. AWS says that it takes some time, and not how much. */
const deletingMilliseconds = 5_000;
const deletedAtOnceMax = 500;
export const tokenMilliseconds = 8 * 3_600_000;

const named = (input: { readonly Name: string }, ctx: ReadContext): string => groupArn(ctx, input.Name);

export const CreateScheduleGroup = operation(scheduler.CreateScheduleGroup, {
  resource: named,
  run: idempotent(
    scheduler.CreateScheduleGroup, { keepMilliseconds: tokenMilliseconds, mismatch: tokenMismatch },
    (input, ctx) => {
      if (findGroup(ctx, input.Name)) throw groupExists(input.Name);
      requireTags(input.Tags ?? [], 0);
      if (ctx.db(groups).count() >= groupsMax - 1) throw tooManyGroups();
      const now = ctx.clock.now();
      ctx.db(groups).put({ name: input.Name, state: "ACTIVE", createdAt: now, modifiedAt: now });
      const ScheduleGroupArn = groupArn(ctx, input.Name);
      tagNew(ctx, "scheduler:TagResource", ScheduleGroupArn, input.Tags);
      return { ScheduleGroupArn };
    },
  ),
});

export const GetScheduleGroup = operation(scheduler.GetScheduleGroup, {
  resource: named,
  run: (input, ctx) => shown(ctx, requireGroup(ctx, input.Name)),
});

function shown(ctx: ReadContext, group: Group): scheduler.ScheduleGroupSummary {
  const { name, state, createdAt, modifiedAt } = group;
  return {
    Arn: groupArn(ctx, name), Name: name, State: state,
    CreationDate: createdAt, LastModificationDate: modifiedAt,
  };
}

export const ListScheduleGroups = operation(scheduler.ListScheduleGroups, {
  resource: (_, ctx) => groupArn(ctx, "*"),
  run(input, ctx) {
    const all = [{ name: defaultGroup, state: "ACTIVE" } as Group, ...ctx.db(groups).list()]
      .filter(({ name }) => name.startsWith(input.NamePrefix ?? ""))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const { items, next } = pageOf(all, {
      limit: input.MaxResults ?? pageDefault, token: input.NextToken, invalid: invalidToken,
      scope: `scheduler:ListScheduleGroups ${input.NamePrefix ?? ""}`,
    });
    return { ScheduleGroups: items.map((group) => shown(ctx, group)), NextToken: next };
  },
});

export const DeleteScheduleGroup = operation(scheduler.DeleteScheduleGroup, {
  resource: named,
  run: idempotent(
    scheduler.DeleteScheduleGroup, { keepMilliseconds: tokenMilliseconds, mismatch: tokenMismatch },
    (input, ctx) => {
      if (input.Name === defaultGroup) throw defaultGroupStays();
      const group = requireGroup(ctx, input.Name);
      if (group.state === "DELETING") throw groupIsDeleting(input.Name);
      const now = ctx.clock.now();
      ctx.db(groups).put({ ...group, state: "DELETING", modifiedAt: now });
      ctx.schedule(emptyGroup, {
        at: now + deletingMilliseconds, id: input.Name, input: { name: input.Name },
      });
      return {};
    },
  ),
});

export const emptyGroup = job("scheduler.emptyGroup", ({ name }: { name: string }, ctx: Context) => {
  const some = [...ctx.db(schedules).list({ prefix: [name], limit: deletedAtOnceMax })];
  for (const schedule of some) {
    ctx.db(schedules).delete([name, schedule.name]);
    ctx.unschedule(due, `${name} ${schedule.name}`);
  }
  if (some.length === deletedAtOnceMax) {
    ctx.schedule(emptyGroup, { at: ctx.clock.now(), id: name, input: { name } });
    return;
  }
  ctx.db(groups).delete(name);
  ctx.tags(groupArn(ctx, name)).clear();
});
