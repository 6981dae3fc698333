/** Schedule groups as rows. The default group is there without one. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { groupIsDeleting, groupNotFound } from "./errors.ts";
import { defaultGroup } from "./schedule-rows.ts";

export interface Group {
  readonly name: string;
  readonly state: "ACTIVE" | "DELETING";
  /** Epoch milliseconds; the default group's is not told. */
  readonly createdAt?: number;
  readonly modifiedAt?: number;
}

export const groups = table<Group>("scheduler.groups", { key: ({ name }) => name });

export function findGroup(ctx: ReadContext, name: string): Group | undefined {
  return name === defaultGroup ? { name, state: "ACTIVE" } : ctx.db(groups).get(name);
}

export function requireGroup(ctx: ReadContext, name: string): Group {
  const group = findGroup(ctx, name);
  if (!group) throw groupNotFound(name);
  return group;
}

/** For what is added to it. */
export function requireActiveGroup(ctx: Context, name: string): void {
  if (requireGroup(ctx, name).state === "DELETING") throw groupIsDeleting(name);
}
