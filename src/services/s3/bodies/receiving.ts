/** Bodies on their way in: hashed, checksummed, encrypted and stored as they pass. */

import { hash } from "node:crypto";
import type { Readable } from "node:stream";
import type { BodyChecksum } from "../../../kernel/body/body-checksums.ts";
import { BodyStream } from "../../../kernel/body/body-stream.ts";
import { checksumBase64, type ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { pieceCipher } from "../encryption/body-cipher.ts";
import { inlineBytesMax, type Piece } from "./table.ts";
import { slowDown } from "../errors.ts";

export interface Received {
  /** None for an empty body. */
  readonly pieces: readonly Piece[];
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  /** Base64. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface ReceiveOptions {
  /** The object's key. */
  readonly key: Buffer;
  /** Computed unless the body comes with this very checksum, which is compared anyway. */
  readonly algorithm: ChecksumAlgorithm;
}

const nothing = Buffer.alloc(0);
const seedDigits = 24;

/** @throws AwsError when the body is not what was announced, `SlowDown` when the disk is full */
export async function receiveBody(
  ctx: BodyContext,
  body: Readable | Buffer | undefined,
  options: ReceiveOptions,
): Promise<Received> {
  if (body !== undefined && !Buffer.isBuffer(body)) return receiveStream(ctx, body, options);
  const bytes = body ?? nothing;
  const { key, algorithm } = options;
  const facts = {
    sizeBytes: bytes.length,
    md5: hash("md5", bytes, "hex"),
    checksum: { algorithm, value: checksumBase64(algorithm, bytes) },
  };
  if (bytes.length === 0) return { ...facts, pieces: [] };
  const seed = ctx.ids.hex(seedDigits);
  const encrypted = pieceCipher(key, seed).update(bytes);
  const content = bytes.length <= inlineBytesMax ? encrypted : (await storeBlob(ctx, [encrypted])).id;
  return { ...facts, pieces: [{ sizeBytes: bytes.length, seed, content }] };
}

async function receiveStream(ctx: BodyContext, body: Readable, options: ReceiveOptions): Promise<Received> {
  const { key, algorithm } = options;
  const isCompared = announcedAlgorithm(body) === algorithm;
  const digests = ctx.kernel.digests.start(isCompared ? ["MD5"] : ["MD5", algorithm], announcedSize(body));
  const seed = ctx.ids.hex(seedDigits);
  const cipher = pieceCipher(key, seed);
  const passing = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const later = digests.update(chunk);
      yield cipher.update(chunk);
      if (later) await later;
    }
  };
  try {
    const { id, sizeBytes } = await storeBlob(ctx, passing());
    const [md5 = nothing, sum] = await digests.digest();
    const value = sum?.toString("base64") ?? comparedChecksum(body)?.value ?? "";
    return {
      pieces: [{ sizeBytes, seed, content: id }],
      sizeBytes,
      md5: md5.toString("hex"),
      checksum: { algorithm, value },
    };
  } catch (cause) {
    digests.abandon();
    throw cause;
  }
}

/** By which the body says, in a header or of its trailer, that it is to be checked. */
export function announcedAlgorithm(body: Readable | Buffer | undefined): ChecksumAlgorithm | undefined {
  return body instanceof BodyStream ? body.algorithm : undefined;
}

/** What the body was compared with, once it has been read. */
export function comparedChecksum(body: Readable | Buffer | undefined): BodyChecksum | undefined {
  return body instanceof BodyStream ? body.checksum : undefined;
}

/** Undefined where nothing is said of it. */
export function announcedSize(body: Readable | Buffer | undefined): number | undefined {
  if (body === undefined) return 0;
  if (Buffer.isBuffer(body)) return body.length;
  return body instanceof BodyStream ? body.sizeBytes : undefined;
}

/** @throws SlowDown when the disk is full */
export async function storeBlob(
  ctx: BodyContext,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ readonly id: string; readonly sizeBytes: number }> {
  try {
    return await ctx.blobs.write(bytes);
  } catch (cause) {
    const isFull = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    throw isFull ? slowDown() : cause;
  }
}
