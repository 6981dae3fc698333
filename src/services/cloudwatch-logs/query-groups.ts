/** Which groups a query is about, of those that it names itself. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { invalidParameter, limitExceeded, malformedQuery, resourceNotFound } from "./errors.ts";
import { aboutGroup, findGroup, groupArn, groupNameOf, groups } from "./group-table.ts";
import type { Query } from "./insights/query.ts";
import type { GroupSelection } from "./insights/selections.ts";
import { lookupTables } from "./lookup-table-rows.ts";

/** @evidence CloudWatch Logs User Guide, "SOURCE": an error above 10,000 groups */
const selectedMax = 10_000;

type Reader = Pick<ReadContext, "db" | "account">;

/** @throws ResourceNotFoundException for a group that is named and not there */
export function groupsOf(ctx: Reader, selection: GroupSelection): string[] {
  if (selection.names) return requireGroups(ctx, selection.names.map(groupNameOf));
  const { prefixes, classes, accounts } = selection;
  if (accounts.length > 0 && !accounts.includes(ctx.account)) return [];
  const found: string[] = [];
  for (const { name, groupClass } of ctx.db(groups).list()) {
    const isMeant = prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
    if (isMeant && classes.includes(groupClass)) found.push(name);
    if (found.length > selectedMax) throw limitExceeded(`SOURCE selects more than ${selectedMax} log ` +
      `groups.`);
  }
  return found;
}

export function requireGroups(ctx: Reader, names: readonly string[]): string[] {
  for (const name of names) {
    if (findGroup(ctx, name)) continue;
    // @evidence recorded: the sentence names the group and the account
    throw resourceNotFound(`Log group '${name}' does not exist for account ID '${ctx.account}'`);
  }
  return [...new Set(names)];
}

/**
 * What a query may only read when its caller may, beyond the groups that the request names; and what must be
 * there for it.
 */
export function requireReadable(ctx: Context, query: Query, names: readonly string[]): void {
  const inner = query.subqueries.map((each) =>
    ({ ...each.query, names: groupsOf(ctx, each.selection), isInner: true }));
  for (const each of [{ ...query, names, isInner: false }, ...inner]) {
    for (const name of each.names) {
      if (each.isInner) ctx.authorize({ action: "logs:StartQuery", resource: aboutGroup(name, ctx) });
      if (each.unmasks) ctx.authorize({ action: "logs:Unmask", resource: `${groupArn(ctx, name)}:*` });
      requireClass(ctx, each, name);
    }
    each.lookups.forEach((lookup) => requireLookup(ctx, lookup.table, lookup.columns));
  }
}

/** @evidence CloudWatch Logs User Guide, "Log classes" */
function requireClass(ctx: Context, { standardOnly }: Query, name: string): void {
  const [command] = standardOnly;
  if (command === undefined || findGroup(ctx, name)?.groupClass === "STANDARD") return;
  throw invalidParameter(`The ${command} command is not supported for the log class of log group '${name}'.`);
}

function requireLookup(ctx: Context, name: string, columns: readonly string[]): void {
  const table = ctx.db(lookupTables).get(name);
  const nowhere = { start: 0, end: 0 };
  if (!table) throw malformedQuery(`Lookup table ${name} does not exist`, nowhere);
  const missing = columns.find((column) => !table.fields.includes(column));
  if (missing !== undefined) throw malformedQuery(`Lookup table ${name} has no field ${missing}`, nowhere);
}
