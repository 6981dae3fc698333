/** Bodies that are taken elsewhere as they rest: under a customer's key, which nobody here has. */

import { Readable } from "node:stream";
import type { BodyContext } from "../../../kernel/context.ts";
import { inlineBytesMax, type Piece } from "./table.ts";
import type { ObjectEncryption } from "../objects/version.ts";
import { storeBlob } from "./receiving.ts";

export interface RestingBody {
  readonly encryption: ObjectEncryption;
  /** In the order in which their bytes come. */
  readonly pieces: readonly Pick<Piece, "sizeBytes" | "seed">[];
}

/** Stores the pieces of a body under the seeds that their keys are made from. */
export async function receiveResting(
  ctx: BodyContext,
  body: Readable | Buffer | undefined,
  { pieces }: RestingBody,
): Promise<Piece[]> {
  const bytes = new Bytes(Buffer.isBuffer(body) ? [body] : (body ?? []));
  const received: Piece[] = [];
  for (const { sizeBytes, seed } of pieces) {
    const content =
      sizeBytes <= inlineBytesMax
        ? await bytes.whole(sizeBytes)
        : (await storeBlob(ctx, bytes.take(sizeBytes))).id;
    received.push({ sizeBytes, seed, content });
  }
  return received;
}

/** A stream that is read by lengths. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer> | Iterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  async *take(sizeBytes: number): AsyncGenerator<Buffer> {
    for (let left = sizeBytes; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) throw new Error("a resting body is shorter than its pieces");
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async whole(sizeBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.take(sizeBytes)) parts.push(part);
    return Buffer.concat(parts);
  }
}
