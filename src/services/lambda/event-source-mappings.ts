/** Event source mappings: how they come, change and go. */

import * as lambda from "../../generated/lambda.ts";
import { job } from "../../jobs/job.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import { conflict, invalidMarker, noFunctionForSource } from "./errors.ts";
import { mappingArn, withSealedFilters, withShownFilters } from "./event-source-keys.ts";
import { pollEventSource } from "./event-source-pollers.ts";
import { requireFailureDestination } from "./event-source-failures.ts";
import { kindOf, requirePosition, requireSource, settingsOf } from "./event-source-rules.ts";
import {
  changeMilliseconds, findMapping, mappings, positions, requireMapping, stateOf, type EventSourceMapping,
  type SourceSettings,
} from "./event-source-table.ts";
import { functionArn, namedFunction } from "./function-names.ts";
import type { FunctionVersion } from "./function-table.ts";
import { findQualified } from "./qualifiers.ts";
import { requireNoTenants } from "./tenancy.ts";
import { requireTags } from "./tag-rules.ts";

interface OnMapping {
  readonly UUID: string;
  readonly FunctionName?: string | undefined;
}

const onMapping = {
  resource: ({ UUID }: OnMapping, ctx: ReadContext): string => mappingArn(ctx, UUID),
  conditions: ({ UUID, FunctionName }: OnMapping, ctx: ReadContext) => {
    const target = FunctionName === undefined ? findMapping(ctx, UUID) : namedFunction({ FunctionName });
    return { "lambda:functionarn": target && functionArn(ctx, target.name, target.qualifier) };
  },
};

function shownStreamSettings(settings: SourceSettings): lambda.EventSourceMappingConfiguration {
  return {
    ParallelizationFactor: settings.lanes,
    MaximumRecordAgeInSeconds: settings.ageSecondsMax,
    MaximumRetryAttempts: settings.retriesMax,
    BisectBatchOnFunctionError: settings.bisects,
    TumblingWindowInSeconds: settings.tumblingSeconds ?? 0,
    DestinationConfig: settings.destinations ?? { OnFailure: {} },
  };
}

function shown(ctx: ReadContext, row: EventSourceMapping): lambda.EventSourceMappingConfiguration {
  const { settings, uuid, kind } = row;
  const isQueue = kind === "sqs";
  return {
    UUID: uuid,
    EventSourceMappingArn: mappingArn(ctx, uuid),
    EventSourceArn: row.source,
    FunctionArn: functionArn(ctx, row.name, row.qualifier),
    StartingPosition: row.position,
    StartingPositionTimestamp: row.positionAt,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.windowSeconds,
    FilterCriteria: settings.filters,
    KMSKeyArn: settings.keyArn,
    FunctionResponseTypes: [...settings.responseTypes],
    ScalingConfig: settings.scaling,
    MetricsConfig: settings.metrics,
    ProvisionedPollerConfig: settings.pollers,
    LastModified: row.changedAt,
    State: stateOf(ctx, row),
    StateTransitionReason: isQueue ? "USER_INITIATED" : "User action",
    ...(!isQueue && { LastProcessingResult: row.lastResult, ...shownStreamSettings(settings) }),
  };
}

type Pair = Pick<EventSourceMapping, "source" | "name" | "qualifier" | "kind">;

/** A function has a source once; each version and alias of it counts for itself. */
function requireNoOther(ctx: ReadContext, row: Pair): void {
  for (const other of ctx.db(mappings).by("source").list({ prefix: row.source })) {
    const { source, name, qualifier } = other;
    const isSame = source === row.source && name === row.name && qualifier === row.qualifier;
    if (!isSame || !findMapping(ctx, other.uuid)) continue;
    // @evidence recorded refusals, the older spaces within the brackets too
    const both = `(" ${row.source} ") and function (" ${row.name} ")`;
    const what = row.kind === "sqs" ? `An event source mapping with SQS arn ${both} already exists.`
      : `The event source arn ${both} provided mapping already exists.`;
    throw conflict(`${what} Please update or delete the existing mapping with UUID ${other.uuid}`);
  }
}

/** What works for the mapping as it is now. */
function requireFunctionOf(ctx: BodyContext, name: string, qualifier: string | undefined): FunctionVersion {
  const qualified = ctx.reading(() => findQualified(ctx, name, qualifier));
  if (!qualified) throw noFunctionForSource();
  return qualified.version;
}

function startPolling(ctx: Context, { uuid, generation, isEnabled, changedAt }: EventSourceMapping): void {
  if (!isEnabled) return;
  pollEventSource.start(ctx, `${uuid} ${generation}`, { uuid, generation }, changedAt + changeMilliseconds);
}

export const CreateEventSourceMapping = operation(lambda.CreateEventSourceMapping, {
  conditions: (input, ctx) => {
    const { name, qualifier } = namedFunction(input);
    return { "lambda:functionarn": functionArn(ctx, name, qualifier) };
  },
  async body(input, ctx) {
    const { EventSourceArn: source = "" } = input;
    const kind = kindOf(input.EventSourceArn, input);
    requirePosition(kind, input);
    const given = settingsOf(kind, source, input);
    if (input.Tags) requireTags(input.Tags);
    const { name, qualifier } = namedFunction(input);
    const version = requireFunctionOf(ctx, name, qualifier);
    requireNoTenants(version, "Event source mappings");
    ctx.reading(() => requireNoOther(ctx, { source, name, qualifier, kind }));
    await requireSource(ctx, kind, source, version);
    await requireFailureDestination(ctx, version, given.destinations);
    const uuid = ctx.ids.uuid();
    const settings = await withSealedFilters(ctx, mappingArn(ctx, uuid), given);
    const made = ctx.transaction((within) => {
      requireNoOther(within, { source, name, qualifier, kind });
      const row = within.db(mappings).put({
        uuid,
        kind,
        source,
        name,
        qualifier,
        position: input.StartingPosition,
        positionAt: input.StartingPositionTimestamp,
        settings,
        isEnabled: input.Enabled ?? true,
        changing: "Creating",
        changedAt: within.clock.now(),
        generation: 1,
        lastResult: "No records processed",
      });
      tagNew(within, "lambda:TagResource", mappingArn(within, row.uuid), input.Tags);
      startPolling(within, row);
      return row;
    });
    return shownInFull(ctx, made);
  },
});

/** With its filters, where this caller may see them: lists do without. */
function shownInFull(
  ctx: BodyContext, row: EventSourceMapping,
): Promise<lambda.EventSourceMappingConfiguration> {
  return withShownFilters(ctx, row, ctx.reading(() => shown(ctx, row)));
}

export const GetEventSourceMapping = operation(lambda.GetEventSourceMapping, {
  ...onMapping,
  body: (input, ctx) => shownInFull(ctx, ctx.reading(() => requireMapping(ctx, input.UUID))),
});

const listedMax = 100;

/** A function's name stands for all that is mapped to it, its versions and aliases too. */
function isOf({ name, qualifier }: EventSourceMapping, named: ReturnType<typeof namedFunction>): boolean {
  return name === named.name && (named.qualifier === undefined || qualifier === named.qualifier);
}

export const ListEventSourceMappings = operation(lambda.ListEventSourceMappings, {
  run(input, ctx) {
    const { EventSourceArn: source, FunctionName } = input;
    const named = FunctionName === undefined ? undefined : namedFunction({ FunctionName });
    const { items, next } = page({
      rows: ctx.db(mappings),
      key: (row) => row.uuid,
      keep: (row) => findMapping(ctx, row.uuid) !== undefined
        && (source === undefined || row.source === source) && (named === undefined || isOf(row, named)),
      limit: Math.min(input.MaxItems ?? listedMax, listedMax),
      token: input.Marker,
      scope: "lambda.ListEventSourceMappings",
      invalid: invalidMarker,
    });
    return { EventSourceMappings: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});

/** @evidence recorded refusal of a mapping that is being changed */
function requireSettled(ctx: ReadContext, row: EventSourceMapping, what: string): void {
  const state = stateOf(ctx, row);
  if (state === "Enabled" || state === "Disabled") return;
  throw modelled(
    lambda.ResourceInUseException,
    `Cannot ${what} the event source mapping because it is in use.`,
  );
}

async function updated(
  ctx: BodyContext, input: lambda.UpdateEventSourceMappingRequest,
): Promise<Pick<EventSourceMapping, "settings" | "name" | "qualifier">> {
  const row = ctx.reading(() => requireMapping(ctx, input.UUID));
  ctx.reading(() => requireSettled(ctx, row, "update"));
  kindOf(row.source, input);
  const given = settingsOf(row.kind, row.source, input, row.settings);
  const { name, qualifier } = input.FunctionName === undefined ? row
    : namedFunction({ FunctionName: input.FunctionName });
  const version = requireFunctionOf(ctx, name, qualifier);
  await requireSource(ctx, row.kind, row.source, version);
  await requireFailureDestination(ctx, version, given.destinations);
  const settings = await withSealedFilters(ctx, mappingArn(ctx, row.uuid), given);
  return { settings, name, qualifier };
}

export const UpdateEventSourceMapping = operation(lambda.UpdateEventSourceMapping, {
  ...onMapping,
  async body(input, ctx) {
    const changes = await updated(ctx, input);
    const changed = ctx.transaction((within) => {
      const before = requireMapping(within, input.UUID);
      requireSettled(within, before, "update");
      const isEnabled = input.Enabled ?? before.isEnabled;
      const changing = isEnabled === before.isEnabled ? "Updating" : isEnabled ? "Enabling" : "Disabling";
      const row = within.db(mappings).put({
        ...before, ...changes, isEnabled, changing, changedAt: within.clock.now(),
        generation: before.generation + 1,
      });
      startPolling(within, row);
      return row;
    });
    return shownInFull(ctx, changed);
  },
});

export const DeleteEventSourceMapping = operation(lambda.DeleteEventSourceMapping, {
  ...onMapping,
  body(input, ctx) {
    const row = ctx.transaction((within) => {
      const before = requireMapping(within, input.UUID);
      requireSettled(within, before, "delete");
      const changedAt = within.clock.now();
      const at = changedAt + changeMilliseconds;
      within.schedule(forgetMapping, { at, input: { uuid: before.uuid } });
      return within.db(mappings).put({
        ...before, changing: "Deleting", changedAt, generation: before.generation + 1,
      });
    });
    return shownInFull(ctx, row);
  },
});

export const forgetMapping = job<{ readonly uuid: string }>("lambda.forgetEventSource", ({ uuid }, ctx) => {
  if (ctx.db(mappings).get(uuid)?.changing !== "Deleting") return;
  ctx.db(mappings).delete(uuid);
  ctx.tags(mappingArn(ctx, uuid)).clear();
  for (const { shardId } of [...ctx.db(positions).list({ prefix: [uuid] })]) {
    ctx.db(positions).delete([uuid, shardId]);
  }
});
