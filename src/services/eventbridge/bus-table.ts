/** An event bus: its row, its names, and how it is found. */

import type * as events from "../../generated/eventbridge.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Owner } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { busNotFound } from "./errors.ts";

export interface Bus {
  readonly name: string;
  readonly description?: string | undefined;
  readonly kmsKey?: string | undefined;
  readonly deadLetterArn?: string | undefined;
  readonly logConfig?: events.LogConfig | undefined;
  /** As `keptPolicy` keeps it. */
  readonly policy?: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export const buses = table<Bus>("eventbridge.buses", { key: (row) => row.name });

export const defaultBus = "default";

export function busArn(ctx: ReadContext, name: string): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: `event-bus/${name}`,
  });
}

/** A bus is named by its name or by its ARN. */
export function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined) return defaultBus;
  const resource = parseArn(nameOrArn)?.resource;
  return resource?.startsWith("event-bus/") ? resource.slice("event-bus/".length) : nameOrArn;
}

/** Whose bus an ARN names. */
export function ownerOfBus(nameOrArn: string | undefined): Owner | undefined {
  const arn = nameOrArn === undefined ? undefined : parseArn(nameOrArn);
  return arn && { account: arn.account, region: arn.region };
}

/**
 * The default bus is always there. Its row is only written when there is something to keep; until then it is
 * as old as the region.
 */
export function findBus(ctx: ReadContext, name: string): Bus | undefined {
  const bus = ctx.db(buses).get(name);
  return bus ?? (name === defaultBus ? { name, createdAt: 0, modifiedAt: 0 } : undefined);
}

/** @throws ResourceNotFoundException */
export function requireBus(ctx: ReadContext, nameOrArn: string | undefined): Bus {
  const name = busNameOf(nameOrArn);
  const bus = findBus(ctx, name);
  if (!bus) throw busNotFound(name);
  return bus;
}

/** The rules of operations whose input names one bus. */
export const onBus = {
  resource: (input: { readonly EventBusName?: string | undefined }, ctx: ReadContext): string =>
    busArn(ctx, busNameOf(input.EventBusName)),
  owner: (input: { readonly EventBusName?: string | undefined }): Owner | undefined =>
    ownerOfBus(input.EventBusName),
};
