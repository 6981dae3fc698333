/** Archives: what of a bus they keep, and for how long. */

import * as events from "../../generated/eventbridge.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { archiveArn, archivedEvents, archives, type Archive } from "./archive-table.ts";
import { dropArchived, expireArchived, planExpiry } from "./archiving.ts";
import { busArn, busNameOf, defaultBus, requireBus } from "./bus-table.ts";
import { alreadyExists, invalidToken, limitExceeded, notFound } from "./errors.ts";
import { requireKey } from "./encryption.ts";
import { keepListener } from "./listening.ts";
import { rulesChanged } from "./rule-table.ts";
import { requirePattern } from "./rules.ts";

/** @evidence EventBridge quotas: archives */
const archivesMax = 100;

interface NamesArchive {
  readonly ArchiveName: string;
}

const onArchive = {
  resource: ({ ArchiveName }: NamesArchive, ctx: ReadContext): string => archiveArn(ctx, ArchiveName),
};

/** @throws ResourceNotFoundException */
function requireArchive(ctx: ReadContext, name: string): Archive {
  const archive = ctx.db(archives).get(name);
  if (!archive) throw notFound(`Archive ${name} does not exist.`);
  return archive;
}

function archivesChanged(ctx: Context, bus: string): void {
  rulesChanged(ctx, bus);
  if (bus === defaultBus) keepListener(ctx);
}

function answer(ctx: ReadContext, { name, createdAt }: Archive): events.CreateArchiveResponse {
  return { ArchiveArn: archiveArn(ctx, name), State: "ENABLED", CreationTime: createdAt };
}

export const CreateArchive = operation(events.CreateArchive, {
  ...onArchive,
  async body(input, ctx) {
    ctx.reading(() => requireNew(ctx, input));
    await requireKey(ctx, busNameOf(input.EventSourceArn), input.KmsKeyIdentifier);
    return ctx.transaction((within) => create(within, input));
  },
});

/** @returns the name of the bus */
function requireNew(ctx: ReadContext, input: events.CreateArchiveRequest): string {
  const bus = requireBus(ctx, input.EventSourceArn).name;
  if (ctx.db(archives).has(input.ArchiveName)) {
    throw alreadyExists(`Archive ${input.ArchiveName} already exists.`);
  }
  if (ctx.db(archives).count() >= archivesMax) throw limitExceeded();
  if (input.EventPattern) requirePattern(input.EventPattern);
  return bus;
}

function create(ctx: Context, input: events.CreateArchiveRequest): events.CreateArchiveResponse {
  const bus = requireNew(ctx, input);
  const archive = ctx.db(archives).put({
    name: input.ArchiveName,
    bus,
    description: input.Description,
    pattern: input.EventPattern || undefined,
    kmsKey: input.KmsKeyIdentifier || undefined,
    retentionDays: input.RetentionDays ?? 0,
    eventCount: 0,
    sizeBytes: 0,
    createdAt: ctx.clock.now(),
  });
  archivesChanged(ctx, bus);
  return answer(ctx, archive);
}

export const UpdateArchive = operation(events.UpdateArchive, {
  ...onArchive,
  async body(input, ctx) {
    const { bus } = ctx.reading(() => requireArchive(ctx, input.ArchiveName));
    if (input.EventPattern) requirePattern(input.EventPattern);
    await requireKey(ctx, bus, input.KmsKeyIdentifier);
    return ctx.transaction((within) => {
      const archive = requireArchive(within, input.ArchiveName);
      const changed = within.db(archives).put({
        ...archive,
        description: input.Description ?? archive.description,
        pattern: input.EventPattern ?? archive.pattern,
        kmsKey: (input.KmsKeyIdentifier ?? archive.kmsKey) || undefined,
        retentionDays: input.RetentionDays ?? archive.retentionDays,
      });
      planExpiry(within, changed);
      archivesChanged(within, archive.bus);
      return answer(within, changed);
    });
  },
});

export const DeleteArchive = operation(events.DeleteArchive, {
  ...onArchive,
  run({ ArchiveName }, ctx) {
    const archive = requireArchive(ctx, ArchiveName);
    ctx.db(archives).delete(ArchiveName);
    ctx.unschedule(expireArchived, ArchiveName);
    if (ctx.db(archivedEvents).first({ prefix: ArchiveName })) {
      ctx.schedule(dropArchived, { at: ctx.clock.now(), input: { archive: ArchiveName } });
    }
    archivesChanged(ctx, archive.bus);
  },
});

function shownArchive(ctx: ReadContext, archive: Archive): events.Archive {
  return {
    ArchiveName: archive.name,
    EventSourceArn: busArn(ctx, archive.bus),
    State: "ENABLED",
    RetentionDays: archive.retentionDays,
    SizeBytes: archive.sizeBytes,
    EventCount: archive.eventCount,
    CreationTime: archive.createdAt,
  };
}

export const DescribeArchive = operation(events.DescribeArchive, {
  ...onArchive,
  run({ ArchiveName }, ctx) {
    const archive = requireArchive(ctx, ArchiveName);
    return {
      ...shownArchive(ctx, archive),
      ArchiveArn: archiveArn(ctx, archive.name),
      Description: archive.description,
      EventPattern: archive.pattern,
      KmsKeyIdentifier: archive.kmsKey,
    };
  },
});

export const ListArchives = operation(events.ListArchives, {
  run({ NamePrefix: prefix = "", EventSourceArn, State, Limit, NextToken }, ctx) {
    const bus = EventSourceArn === undefined ? undefined : requireBus(ctx, busNameOf(EventSourceArn)).name;
    const { items, next } = page({
      rows: ctx.db(archives),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (archive) => archive.name,
      keep: (archive) => (bus === undefined || archive.bus === bus) && (State ?? "ENABLED") === "ENABLED",
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListArchives ${prefix}`,
      invalid: invalidToken,
    });
    return { Archives: items.map((archive) => shownArchive(ctx, archive)), NextToken: next };
  },
});
