/** Events lie in blocks: a head that says whose and of when they are, and a body that is read when needed. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { decompress, decrypt, unpackEvents, type Packing, type StoredEvent } from "./block-format.ts";

export interface Block {
  readonly groupId: string;
  readonly streamId: string;
  readonly streamName: string;
  /** Of its earliest and its latest event. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The highest number of its events: what tells it from the others of its group. */
  readonly lastSequence: number;
  readonly count: number;
  /** As AWS counts: texts and 26 bytes an event. */
  readonly sizeBytes: number;
}

export const blocks = table<Block, "byGroup">("logs.blocks", {
  key: (block) => [block.streamId, block.firstAt, block.lastSequence],
  indexes: { byGroup: (block) => [block.groupId, block.firstAt, block.lastSequence] },
});

export interface BlockBody {
  readonly groupId: string;
  readonly lastSequence: number;
  readonly streamName: string;
  readonly packing: Packing;
  /** The sealed data key that the bytes are encrypted under. */
  readonly sealedKeyId?: string;
  readonly bytes: Uint8Array;
}

export const bodies = table<BlockBody>("logs.bodies", {
  key: (body) => [body.groupId, body.lastSequence],
  seldomRead: true,
});

/** Data keys by the id of their sealed form. */
export type DataKeys = ReadonlyMap<string, Buffer>;

export const noKeys: DataKeys = new Map();

/** Decrypted, and as it was compressed. */
export interface Packed {
  readonly packing: Packing;
  readonly bytes: Buffer;
}

export function packedOf(body: BlockBody, keys: DataKeys): Packed {
  const { packing, sealedKeyId } = body;
  const bytes = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  if (sealedKeyId === undefined) return { packing, bytes };
  const key = keys.get(sealedKeyId);
  if (!key) throw new Error(`no data key ${sealedKeyId} at hand`);
  return { packing, bytes: decrypt(key, bytes) };
}

export function eventsOf(body: BlockBody, keys: DataKeys): StoredEvent[] {
  const { packing, bytes } = packedOf(body, keys);
  return unpackEvents(decompress(packing, bytes));
}

export function readBlock(ctx: Pick<ReadContext, "db">, block: Block, keys: DataKeys): StoredEvent[] {
  const body = ctx.db(bodies).get([block.groupId, block.lastSequence]);
  return body ? eventsOf(body, keys) : [];
}

export function deleteBlock(ctx: Pick<Context, "db">, block: Block): void {
  ctx.db(blocks).delete([block.streamId, block.firstAt, block.lastSequence]);
  ctx.db(bodies).delete([block.groupId, block.lastSequence]);
}
