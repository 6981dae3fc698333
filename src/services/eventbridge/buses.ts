/** Event buses: how they come and go, and what they are set to. */

import * as events from "../../generated/eventbridge.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import { archivesOf } from "./archive-table.ts";
import {
  busArn, buses, busNameOf, defaultBus, findBus, ownerOfBus, requireBus, type Bus,
} from "./bus-table.ts";
import { requireKey } from "./encryption.ts";
import { alreadyExists, discoveryWithKey, invalidToken, limitExceeded, validation } from "./errors.ts";
import { associatePartnerSource, dissociatePartnerSource } from "./partner-sources.ts";
import { isDiscovered, rules } from "./rule-table.ts";
import { setFirstTags } from "./tags.ts";
import { requireDeadLetterQueue } from "./target-rules.ts";

/** @evidence EventBridge quotas: event buses per account and region */
const busesMax = 100;

type Settings = Pick<
  events.CreateEventBusRequest, "Description" | "KmsKeyIdentifier" | "DeadLetterConfig" | "LogConfig"
>;

/** Nothing is said of members that are undefined; an empty text or queue takes away what was said before. */
function settingsOf(input: Settings): Partial<Bus> {
  return {
    description: input.Description,
    kmsKey: input.KmsKeyIdentifier,
    deadLetterArn: input.DeadLetterConfig && (input.DeadLetterConfig.Arn ?? ""),
    logConfig: input.LogConfig,
  };
}

async function requireSettings(ctx: BodyContext, bus: string, input: Settings): Promise<void> {
  requireDeadLetterQueue(input.DeadLetterConfig);
  await requireKey(ctx, bus, input.KmsKeyIdentifier);
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
  async body(input, ctx) {
    ctx.reading(() => requireNew(ctx, input));
    await requireSettings(ctx, input.Name, input);
    return ctx.transaction((within) => create(within, input));
  },
});

function requireNew(ctx: ReadContext, { Name, EventSourceName }: events.CreateEventBusRequest): void {
  requireName(Name, EventSourceName);
  if (findBus(ctx, Name)) throw alreadyExists(`Event bus ${Name} already exists.`);
  if (ctx.db(buses).count() >= busesMax) throw limitExceeded();
}

function create(ctx: Context, input: events.CreateEventBusRequest): events.CreateEventBusResponse {
  requireNew(ctx, input);
  if (input.EventSourceName !== undefined) associatePartnerSource(ctx, input.EventSourceName);
  const now = ctx.clock.now();
  const bus = changeBus(ctx, { name: input.Name, createdAt: now, modifiedAt: now }, settingsOf(input));
  setFirstTags(ctx, busArn(ctx, bus.name), input.Tags);
  return { EventBusArn: busArn(ctx, bus.name), ...shownSettings(bus) };
}

export const UpdateEventBus = operation(events.UpdateEventBus, {
  resource: (input, ctx) => busArn(ctx, input.Name ?? defaultBus),
  async body(input, ctx) {
    const { name } = ctx.reading(() => requireBus(ctx, input.Name));
    await requireSettings(ctx, name, input);
    return ctx.transaction((within) => {
      const bus = requireBus(within, input.Name);
      if (input.KmsKeyIdentifier && isDiscovered(within, bus.name)) {
        throw discoveryWithKey(bus.name);
      }
      const changed = changeBus(within, bus, settingsOf(input));
      return { Arn: busArn(within, bus.name), Name: bus.name, ...shownSettings(changed) };
    });
  },
});

/** Members that are undefined stay as they are; those that are empty go. */
export function changeBus(ctx: Context, bus: Bus, changes: Partial<Bus>): Bus {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
  const set = Object.fromEntries(entries.map(([name, value]) => [name, value === "" ? undefined : value]));
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
  /** @evidence recorded denials: "events:ListEventBuses on resource: arn:aws:events:us-east-1:…" */
  resource: (_input, ctx) => ctx.arn("event-bus/*"),
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
