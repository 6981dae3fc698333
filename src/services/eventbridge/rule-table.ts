/** A rule and its targets: rows, names, and how they are found. */

import type * as events from "../../generated/eventbridge.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { defaultBus } from "./bus-table.ts";
import { ruleNotFound } from "./errors.ts";

export interface Rule {
  readonly bus: string;
  readonly name: string;
  /** As it was written. */
  readonly pattern?: string | undefined;
  readonly schedule?: string | undefined;
  readonly state: events.RuleState;
  readonly description?: string | undefined;
  readonly roleArn?: string | undefined;
  /** The service that made it and keeps it. */
  readonly managedBy?: string | undefined;
  readonly createdBy: string;
  /** When its schedule began: epoch milliseconds. */
  readonly scheduledAt: number;
}

export const rules = table<Rule>("eventbridge.rules", { key: (row) => [row.bus, row.name] });

export interface RuleTarget {
  readonly bus: string;
  readonly rule: string;
  /** As it was put. */
  readonly target: events.Target;
}

export const targets = table<RuleTarget, "arn">("eventbridge.targets", {
  key: (row) => [row.bus, row.rule, row.target.Id],
  indexes: { arn: (row) => [row.bus, row.target.Arn] },
});

/**
 * Changes with every change of a bus's rules or archives, and is never the same again: what has been worked
 * out of them is right as long as this is.
 */
interface Generation {
  readonly bus: string;
  readonly id: string;
}

export const generations = table<Generation>("eventbridge.generations", { key: (row) => row.bus });

export function rulesChanged(ctx: Context, bus: string): void {
  ctx.db(generations).put({ bus, id: ctx.ids.hex(16) });
}

/** Rules of the default bus are named without it. */
export function ruleResource(bus: string, name: string): string {
  return bus === defaultBus ? `rule/${name}` : `rule/${bus}/${name}`;
}

/** The bus and the name, of `rule/…`. */
export function ruleKeyOf(resource: string): readonly [bus: string, name: string] {
  const parts = resource.split("/").slice(1);
  const name = parts.at(-1) ?? "";
  return [parts.length > 1 ? parts.slice(0, -1).join("/") : defaultBus, name];
}

export function ruleArn(ctx: ReadContext, { bus, name }: Pick<Rule, "bus" | "name">): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: ruleResource(bus, name),
  });
}

export const schemaDiscovery = "schemas.amazonaws.com";

/** Whether the schema registry looks at the events of a bus. */
export function isDiscovered(ctx: ReadContext, bus: string): boolean {
  return [...ctx.db(rules).list({ prefix: bus })].some(({ managedBy }) => managedBy === schemaDiscovery);
}

/** @throws ResourceNotFoundException */
export function requireRule(ctx: ReadContext, bus: string, name: string): Rule {
  const rule = ctx.db(rules).get([bus, name]);
  if (!rule) throw ruleNotFound(name, bus);
  return rule;
}

export function targetsOf(ctx: ReadContext, { bus, name }: Pick<Rule, "bus" | "name">): RuleTarget[] {
  return [...ctx.db(targets).list({ prefix: [bus, name] })];
}
