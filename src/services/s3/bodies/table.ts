/** Where bodies are: small ones in rows, large ones in files, those of several parts in several. */

import type { Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";

/** A part of a body, of which most have one. Offsets into an object count over its pieces in their order. */
export interface Piece {
  readonly sizeBytes: number;
  /** What its key is derived from: nothing else is encrypted with that key. */
  readonly seed: string;
  /** Encrypted bytes, or the file that has them. */
  readonly content: Buffer | string;
}

export interface StoredBody {
  readonly id: number;
  readonly pieces: readonly Piece[];
  /** Of an object that was uploaded in parts. */
  readonly parts?: readonly StoredPart[];
}

export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  /** Base64, where the parts have checksums. */
  readonly checksum?: string;
}

export const bodies = table<StoredBody>("s3.bodies", { key: (row) => row.id, seldomRead: true });

export const noBody = 0;

/** Bodies up to this size are kept in rows. */
export const inlineBytesMax = 16 * 1024;

/** Refers to what was received, from now on for as long as the row is there. */
export function keepPieces(ctx: Context, pieces: readonly Piece[]): void {
  for (const { content } of pieces) if (typeof content === "string") ctx.keepBlob(content);
}

/** @returns the body's id */
export function putBody(ctx: Context, pieces: readonly Piece[], parts?: readonly StoredPart[]): number {
  if (pieces.length === 0 && !parts) return noBody;
  const id = ctx.ids.sequence();
  ctx.db(bodies).add({ id, pieces, ...(parts && { parts }) });
  return id;
}

export function findBody(ctx: ReadContext, id: number): StoredBody | undefined {
  return id === noBody ? undefined : ctx.db(bodies).get(id);
}

export function dropBody(ctx: Context, id: number): void {
  const body = findBody(ctx, id);
  if (!body) return;
  dropPieces(ctx, body.pieces);
  ctx.db(bodies).delete(id);
}

export function dropPieces(ctx: Context, pieces: readonly Piece[]): void {
  for (const { content } of pieces) if (typeof content === "string") ctx.dropBlob(content);
}
