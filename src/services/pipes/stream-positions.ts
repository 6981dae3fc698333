/** How far a pipe has come in each shard of its stream. */

import type * as pipes from "../../generated/pipes.ts";
import { table } from "../../store/types.ts";
import type { Pipe } from "./pipe-rows.ts";

/** What goes through a shard at the same time as others, if several may. */
export interface Lane {
  /** The last of its records that is done with. */
  readonly sequence?: string | undefined;
  /** How often the record after it has been tried. */
  readonly attempts: number;
  /** Of a batch that failed only half is tried. */
  readonly batchMax?: number | undefined;
}

export interface Position {
  readonly pipe: string;
  readonly shard: string;
  /** Everything up to this record is done with; absent before the first. */
  readonly sequence?: string;
  /** Lanes that are ahead, or have something to try again, by their numbers. */
  readonly lanes?: Readonly<Record<string, Lane>>;
  /** Among how many lanes records were divided then. */
  readonly laneCount?: number;
  readonly isOver?: boolean;
  /** The first record that was seen, while none is done with. */
  readonly first?: string;
  /** Before the first record: where the shard was last looked at, so that nothing is missed since. */
  readonly iterator?: string;
  /** It came from shards that have been read to their ends: nothing of it has been seen. */
  readonly isSuccessor?: boolean;
}

export const positions = table<Position>("pipes.positions", { key: ({ pipe, shard }) => [pipe, shard] });

type Common = Omit<pipes.PipeSourceDynamoDBStreamParameters, "StartingPosition">;

export function streamParameters(
  { sourceParameters }: Pipe,
): Common & { readonly StartingPosition?: string } {
  return sourceParameters.KinesisStreamParameters ?? sourceParameters.DynamoDBStreamParameters ?? {};
}
