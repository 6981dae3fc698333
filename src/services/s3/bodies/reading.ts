/** Bodies on their way out, whole or in part. */

import { Readable } from "node:stream";
import type { CellBlobs } from "../../../kernel/context.ts";
import { pieceDecipher, type PieceCipher } from "../encryption/body-cipher.ts";
import type { Piece, StoredBody } from "./table.ts";

/** First and last byte, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A piece, and what of it is wanted. */
interface Section {
  readonly piece: Piece;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Files that a body is read from, to be held from the moment its row was read. */
export function blobsOf(body: StoredBody | undefined): string[] {
  return (body?.pieces ?? []).flatMap(({ content }) => (typeof content === "string" ? [content] : []));
}

/** Of the object; undefined where its bytes are wanted as they rest. */
type Key = Buffer | undefined;

/**
 * @param release is called when nothing more is read
 */
export function readBody(
  blobs: CellBlobs,
  body: StoredBody | undefined,
  key: Key,
  range: ByteRange,
  release: () => void,
): Readable | Buffer {
  const sections = sectionsOf(body?.pieces ?? [], range);
  const inline = inlineBytes(sections, key);
  if (inline) {
    release();
    return inline;
  }
  const stream = Readable.from(decrypted(blobs, sections, key), { objectMode: false });
  return stream.once("close", release);
}

function sectionsOf(pieces: readonly Piece[], { first, last }: ByteRange): Section[] {
  const sections: Section[] = [];
  let start = 0;
  for (const piece of pieces) {
    const from = Math.max(first, start);
    const to = Math.min(last, start + piece.sizeBytes - 1);
    if (from <= to) sections.push({ piece, offset: from - start, sizeBytes: to - from + 1 });
    start += piece.sizeBytes;
  }
  return sections;
}

/** What is in memory anyway is answered in one. */
function inlineBytes(sections: readonly Section[], key: Key): Buffer | undefined {
  if (sections.some(({ piece }) => typeof piece.content === "string")) return undefined;
  const parts = sections.map((section) => decryptInline(section, key));
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function decryptInline({ piece, offset, sizeBytes }: Section, key: Key): Buffer {
  const bytes = (piece.content as Buffer).subarray(offset, offset + sizeBytes);
  return decipherOf(key, piece.seed, offset).update(bytes);
}

const asItRests: PieceCipher = { update: (bytes) => Buffer.from(bytes) };

function decipherOf(key: Key, seed: string, offset: number): PieceCipher {
  return key ? pieceDecipher(key, seed, offset) : asItRests;
}

async function* decrypted(
  blobs: CellBlobs,
  sections: readonly Section[],
  key: Key,
): AsyncGenerator<Buffer> {
  for (const section of sections) {
    const { piece, offset, sizeBytes } = section;
    if (typeof piece.content !== "string") {
      yield decryptInline(section, key);
      continue;
    }
    const decipher = decipherOf(key, piece.seed, offset);
    const range = { startByte: offset, endByte: offset + sizeBytes - 1 };
    for await (const chunk of blobs.read(piece.content, range) as AsyncIterable<Buffer>) {
      yield decipher.update(chunk);
    }
  }
}
