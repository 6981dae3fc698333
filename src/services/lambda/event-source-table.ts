/** Event source mappings: which function takes what from where. */

import type {
  DestinationConfig, EventSourceMappingMetricsConfig, EventSourcePosition, FilterCriteria,
  FunctionResponseType, ProvisionedPollerConfig, ScalingConfig,
} from "../../generated/lambda.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { nothingThere } from "./errors.ts";

export type SourceKind = "sqs" | "kinesis" | "dynamodb";
type Changing = "Creating" | "Enabling" | "Disabling" | "Updating" | "Deleting";

/** Filters under a data key of a key of the customer. */
export interface SealedFilters {
  readonly keyArn: string;
  readonly keyBlob: Buffer;
  readonly message: Buffer;
}

export interface SourceSettings {
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly filters?: FilterCriteria | undefined;
  /** That filters are to rest under. */
  readonly keyArn?: string | undefined;
  /** In place of `filters`. */
  readonly sealedFilters?: SealedFilters | undefined;
  readonly responseTypes: readonly FunctionResponseType[];
  readonly scaling?: ScalingConfig | undefined;
  readonly metrics?: EventSourceMappingMetricsConfig | undefined;
  readonly pollers?: ProvisionedPollerConfig | undefined;
  /** Of streams, as all that follow. */
  readonly lanes: number;
  readonly ageSecondsMax: number;
  readonly retriesMax: number;
  readonly bisects: boolean;
  /** Of tumbling windows; 0 where there are none. */
  readonly tumblingSeconds?: number;
  readonly destinations?: DestinationConfig | undefined;
}

export interface EventSourceMapping {
  readonly uuid: string;
  readonly kind: SourceKind;
  readonly source: string;
  readonly name: string;
  readonly qualifier?: string | undefined;
  readonly position?: EventSourcePosition | undefined;
  /** Epoch milliseconds, as all times here. */
  readonly positionAt?: number | undefined;
  readonly settings: SourceSettings;
  readonly isEnabled: boolean;
  readonly changing: Changing;
  readonly changedAt: number;
  /** Counts changes: whoever works for an earlier one stops. */
  readonly generation: number;
  readonly lastResult: string;
}

export const mappings = table<EventSourceMapping, "source">("lambda.eventSourceMappings", {
  key: (row) => row.uuid,
  indexes: { source: (row) => row.source },
});

/** How long mappings are being made, changed and taken away. */
export const changeMilliseconds = 1_000;

export function stateOf(ctx: ReadContext, row: EventSourceMapping): string {
  if (ctx.clock.now() < row.changedAt + changeMilliseconds) return row.changing;
  return row.isEnabled ? "Enabled" : "Disabled";
}

export function findMapping(ctx: ReadContext, uuid: string): EventSourceMapping | undefined {
  const row = ctx.db(mappings).get(uuid);
  const isGone = row?.changing === "Deleting" && row.changedAt + changeMilliseconds <= ctx.clock.now();
  return isGone ? undefined : row;
}

export function requireMapping(ctx: ReadContext, uuid: string): EventSourceMapping {
  const row = findMapping(ctx, uuid);
  if (!row) throw nothingThere();
  return row;
}

/** The mapping, unless it was changed since. */
export function currentMapping(
  ctx: ReadContext, { uuid, generation }: Pick<EventSourceMapping, "uuid" | "generation">,
): EventSourceMapping | undefined {
  const row = ctx.db(mappings).get(uuid);
  return row?.generation === generation && row.isEnabled && row.changing !== "Deleting" ? row : undefined;
}

export function noteResult(ctx: Context, mapping: EventSourceMapping, lastResult: string): void {
  const row = ctx.db(mappings).get(mapping.uuid);
  if (row && row.lastResult !== lastResult) ctx.db(mappings).put({ ...row, lastResult });
}

/** A tumbling window that has begun, and what the function has made of it. */
export interface OpenWindow {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly state: Readonly<Record<string, unknown>>;
}

/** How far a shard was processed. */
export interface ShardPosition {
  readonly uuid: string;
  readonly shardId: string;
  readonly after?: string;
  readonly window?: OpenWindow | undefined;
  /** It was opened after the mapping began, and so is read from its beginning. */
  readonly isLater?: true;
  /** It is closed and was processed to its end, or was over before the mapping began. */
  readonly isDone?: true;
}

export const positions = table<ShardPosition>("lambda.shardPositions", {
  key: (row) => [row.uuid, row.shardId],
});
