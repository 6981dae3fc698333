/** Event buses: how they come and go, and what they are set to. */

import * as events from "../../generated/eventbridge.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import { archivesOf } from "./archive-table.ts";
import {
  busArn, buses, busNameOf, defaultBus, findBus, ownerOfBus, requireBus, type Bus,
} from "./bus-table.ts";
import { alreadyExists, invalidToken, limitExceeded, validation } from "./errors.ts";
import { associatePartnerSource, dissociatePartnerSource } from "./partner-sources.ts";
import { rules } from "./rule-table.ts";
import { setTags } from "./tags.ts";

/** @evidence EventBridge quotas: event buses per account and region */
const busesMax = 100;

type Settings = Pick<
  events.CreateEventBusRequest, "Description" | "KmsKeyIdentifier" | "DeadLetterConfig" | "LogConfig"
>;

function settingsOf(input: Settings): Partial<Bus> {
  return {
    description: input.Description,
    kmsKey: input.KmsKeyIdentifier || undefined,
    deadLetterArn: input.DeadLetterConfig?.Arn,
    logConfig: input.LogConfig,
  };
}

function shownSettings(bus: Bus): Settings {
  return {
    Description: bus.description,
    KmsKeyIdentifier: bus.kmsKey,
    DeadLetterConfig: bus.deadLetterArn === undefined ? undefined : { Arn: bus.deadLetterArn },
    LogConfig: bus.logConfig,
  };
}

function requireName(name: string, source: string | undefined): void {
  if (source !== undefined && source !== name) {
    throw validation("The name of a partner event bus must be that of its event source.");
  }
  if (source === undefined && name.includes("/")) throw validation("Event bus name must not contain '/'.");
  if (source === undefined && name.startsWith("aws.")) {
    throw validation(`Event bus name starting with 'aws.' is not valid.`);
  }
}

export const CreateEventBus = operation(events.CreateEventBus, {
  resource: (input, ctx) => busArn(ctx, input.Name),
  run(input, ctx) {
    requireName(input.Name, input.EventSourceName);
    if (findBus(ctx, input.Name)) throw alreadyExists(`Event bus ${input.Name} already exists.`);
    if (ctx.db(buses).count() >= busesMax) throw limitExceeded();
    if (input.EventSourceName !== undefined) associatePartnerSource(ctx, input.EventSourceName);
    const now = ctx.clock.now();
    const bus = ctx.db(buses).put({
      name: input.Name, ...settingsOf(input), createdAt: now, modifiedAt: now,
    });
    setTags(ctx, busArn(ctx, bus.name), input.Tags);
    return { EventBusArn: busArn(ctx, bus.name), ...shownSettings(bus) };
  },
});

export const UpdateEventBus = operation(events.UpdateEventBus, {
  resource: (input, ctx) => busArn(ctx, input.Name ?? defaultBus),
  run(input, ctx) {
    const bus = requireBus(ctx, input.Name);
    const changed = changeBus(ctx, bus, settingsOf(input));
    return { Arn: busArn(ctx, bus.name), Name: bus.name, ...shownSettings(changed) };
  },
});

/** Members that are undefined stay as they are. */
export function changeBus(ctx: Context, bus: Bus, changes: Partial<Bus>): Bus {
  const set = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return ctx.db(buses).put({ ...bus, ...set, modifiedAt: ctx.clock.now() });
}

/** Deleting a bus that is not there succeeds. */
export const DeleteEventBus = operation(events.DeleteEventBus, {
  resource: (input, ctx) => busArn(ctx, input.Name),
  run({ Name }, ctx) {
    if (Name === defaultBus) throw validation("Cannot delete event bus default.");
    if (ctx.db(rules).first({ prefix: Name })) {
      throw validation("Event bus can't be deleted since it has rules.");
    }
    const [archive] = archivesOf(ctx, Name);
    if (archive) throw validation(`Event bus can't be deleted since it has the archive ${archive.name}.`);
    ctx.db(buses).delete(Name);
    ctx.tags(busArn(ctx, Name)).clear();
    dissociatePartnerSource(ctx, Name);
  },
});

function shownBus(ctx: ReadContext, bus: Bus): events.EventBus {
  return {
    Name: bus.name,
    Arn: busArn(ctx, bus.name),
    Description: bus.description,
    Policy: bus.policy && shownPolicy(ctx.kernel.identity, bus.policy),
    ...(bus.createdAt > 0 && { CreationTime: bus.createdAt, LastModifiedTime: bus.modifiedAt }),
  };
}

export const DescribeEventBus = operation(events.DescribeEventBus, {
  resource: (input, ctx) => busArn(ctx, busNameOf(input.Name)),
  owner: (input) => ownerOfBus(input.Name),
  run(input, ctx) {
    const bus = requireBus(ctx, input.Name);
    return { ...shownBus(ctx, bus), ...shownSettings(bus) };
  },
});

const pageSizeMax = 100;

export const ListEventBuses = operation(events.ListEventBuses, {
  run(input, ctx) {
    const prefix = input.NamePrefix ?? "";
    const own = [...ctx.db(buses).list(prefix === "" ? {} : { prefix, prefixOfLastPart: true })];
    const standing = findBus(ctx, defaultBus);
    const hasRow = own.some(({ name }) => name === defaultBus);
    const isMissing = standing && defaultBus.startsWith(prefix) && !hasRow;
    const all = isMissing ? [...own, standing].sort((a, b) => (a.name < b.name ? -1 : 1)) : own;
    const { items, next } = page({
      rows: { list: (range) => all.filter(({ name }) => !range?.after || name > String(range.after)) },
      key: (bus) => bus.name,
      limit: input.Limit ?? pageSizeMax,
      token: input.NextToken,
      scope: `eventbridge.ListEventBuses ${prefix}`,
      invalid: invalidToken,
    });
    return { EventBuses: items.map((bus) => shownBus(ctx, bus)), NextToken: next };
  },
});
