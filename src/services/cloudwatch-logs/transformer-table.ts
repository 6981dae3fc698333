/** Transformers of groups, as they were from event to event: a change leaves what came before it as it is. */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { usageOf, type LogGroup } from "./group-table.ts";
import { compileTransformer, type Transform } from "./transforming/transformer.ts";

export interface TransformerVersion {
  readonly groupId: string;
  /** The number of the first event that it is for. */
  readonly fromSequence: number;
  /** Undefined from where it was deleted. */
  readonly config?: readonly logs.Processor[];
  /** It is the account's, not the group's own. */
  readonly isInherited?: true;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const versions = table<TransformerVersion>("logs.transformers", {
  key: (row) => [row.groupId, row.fromSequence],
});

type Reader = Pick<ReadContext, "db" | "kernel">;

/** What new events go by, or that they go by none. */
export function latestTransformer(
  ctx: Pick<ReadContext, "db">, group: LogGroup,
): TransformerVersion | undefined {
  const [latest] = ctx.db(versions).list({ prefix: [group.id], reverse: true, limit: 1 });
  return latest;
}

/** The group's own. */
export function transformerOf(ctx: Pick<ReadContext, "db">, group: LogGroup): TransformerVersion | undefined {
  const latest = latestTransformer(ctx, group);
  return latest?.config && !latest.isInherited ? latest : undefined;
}

export function putTransformer(
  ctx: Context, group: LogGroup, config: readonly logs.Processor[] | undefined, isInherited = false,
): void {
  const now = ctx.clock.now();
  const { nextSequence: fromSequence } = usageOf(ctx, group.id);
  const createdAt = transformerOf(ctx, group)?.createdAt ?? now;
  ctx.db(versions).put({
    groupId: group.id, fromSequence, createdAt, updatedAt: now, ...(config && { config }),
    ...(isInherited && { isInherited }),
  });
}

export function forgetTransformers(ctx: Context, groupId: string): void {
  for (const { fromSequence } of [...ctx.db(versions).list({ prefix: [groupId] })]) {
    ctx.db(versions).delete([groupId, fromSequence]);
  }
}

function compiled(ctx: Reader, config: readonly logs.Processor[]): Transform {
  const cache = ctx.kernel.cacheFor<Transform>("logs.transforms");
  const key = JSON.stringify(config);
  let transform = cache.get(key);
  if (!transform) cache.set(key, (transform = compileTransformer(config)));
  return transform;
}

/** How new events are transformed; undefined where they are not. */
export function transformOf(ctx: Reader, group: LogGroup): Transform | undefined {
  const config = latestTransformer(ctx, group)?.config;
  return config && compiled(ctx, config);
}

/** The transformed text of a stored event, by its number: what the transformer of its time made of it. */
export function openTransforms(
  ctx: Reader, group: LogGroup,
): ((message: string, sequence: number) => string | undefined) | undefined {
  const all = [...ctx.db(versions).list({ prefix: [group.id], reverse: true })].map(({ fromSequence,
    config }) =>
    ({ fromSequence, transform: config && compiled(ctx, config) }));
  if (all.length === 0) return undefined;
  return (message, sequence) =>
    all.find(({ fromSequence }) => fromSequence <= sequence)?.transform?.(message);
}
