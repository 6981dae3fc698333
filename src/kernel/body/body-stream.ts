/** A body that is worked on as it arrives: unframed, and at its end compared with what was announced. */

import { createHash, type Hash } from "node:crypto";
import { Transform, type Readable, type TransformCallback } from "node:stream";
import { requirePayloadHash } from "../auth/payload-hash.ts";
import { AwsError } from "../errors.ts";
import type { BodyChecksum, BodyChecksums } from "./body-checksums.ts";
import { bodyTerminated, wrongBodyLength } from "./body-errors.ts";
import type { ChecksumAlgorithm } from "./checksums.ts";

/** Bytes as sent to bytes as meant. */
export interface BodyDecoder {
  /** @throws AwsError as soon as the body cannot be what was announced */
  write(bytes: Buffer, emit: (piece: Buffer) => void): void;
  /** @throws AwsError when the body is cut short, damaged, or not what was announced */
  end(): { readonly checksum: BodyChecksum | undefined };
}

export interface BodyFacts {
  /** Of the body as meant, without framing: what the request announces, if it does. */
  readonly sizeBytes: number | undefined;
  /** Of the checksum that will be compared at the end, if any. */
  readonly algorithm: ChecksumAlgorithm | undefined;
}

/**
 * Data passes before all of it has been seen: what has been made of it must be thrown away when the stream
 * fails. It fails with the `AwsError` that the client is to be told.
 */
export class BodyStream extends Transform implements BodyFacts {
  readonly sizeBytes: number | undefined;
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly #source: Readable;
  readonly #decoder: BodyDecoder;
  #isFlowing = false;
  #checksum: BodyChecksum | undefined;

  constructor(
    source: Readable,
    decoder: BodyDecoder,
    { sizeBytes, algorithm }: BodyFacts,
  ) {
    // Pieces are given on as they came: joining them would cost a copy.
    super({
      readableObjectMode: true, readableHighWaterMark: piecesWaitingMax, writableHighWaterMark: highWaterMark,
    });
    this.#source = source;
    this.#decoder = decoder;
    this.sizeBytes = sizeBytes;
    this.algorithm = algorithm;
    // After a refusal nobody reads it, and nobody is told of how it ends.
    this.on("error", () => undefined);
    source.on("error", (error) => this.destroy(error instanceof AwsError ? error : bodyTerminated()));
    source.on("close", () => {
      if (!this.writableEnded) this.destroy(bodyTerminated());
    });
  }

  /** Nothing is taken from the client before somebody wants it: a refusal comes before the body does. */
  override _read(size: number): void {
    if (!this.#isFlowing) {
      this.#isFlowing = true;
      this.#source.pipe(this);
    }
    super._read(size);
  }

  /** What was compared, from a header or from a trailer. Known once the stream has ended. */
  get checksum(): BodyChecksum | undefined {
    return this.#checksum;
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.#decoder.write(data, (piece) => this.push(piece));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.#checksum = this.#decoder.end().checksum;
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

const highWaterMark = 262_144;
const piecesWaitingMax = 16;

/** A body without framing: counted, and compared with the hash it was signed with and its checksums. */
export class PlainBody implements BodyDecoder {
  readonly #announcedBytes: number | undefined;
  readonly #checksums: BodyChecksums;
  readonly #payloadHash: string;
  readonly #hash: Hash | undefined;
  #seenBytes = 0;

  /** @param payloadHash what `x-amz-content-sha256` says, or empty */
  constructor(announcedBytes: number | undefined, checksums: BodyChecksums, payloadHash: string) {
    this.#announcedBytes = announcedBytes;
    this.#checksums = checksums;
    this.#payloadHash = payloadHash;
    this.#hash = isHash(payloadHash) ? createHash("sha256") : undefined;
  }

  write(bytes: Buffer, emit: (piece: Buffer) => void): void {
    this.#seenBytes += bytes.length;
    this.#hash?.update(bytes);
    this.#checksums.update(bytes);
    emit(bytes);
  }

  end(): { readonly checksum: BodyChecksum | undefined } {
    const announced = this.#announcedBytes;
    if (announced !== undefined && this.#seenBytes !== announced) {
      throw wrongBodyLength(announced, this.#seenBytes);
    }
    if (this.#hash) requirePayloadHash(this.#payloadHash, this.#hash.digest("hex"));
    return { checksum: this.#checksums.finish() };
  }
}

function isHash(payloadHash: string): boolean {
  return payloadHash.length === 64;
}
