/**
 * The `aws-chunked` framing of uploads: chunks of a known size, each with a signature where the payload is
 * signed, and a trailer with the checksum of the whole.
 */

import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import { invalidPayloadHash, isStreamingPayload } from "../auth/payload-hash.ts";
import type { StreamSeed } from "../auth/streaming-signature.ts";
import { ChunkSignatures } from "../auth/streaming-signature.ts";
import type { Headers } from "../protocol/protocol.ts";
import { announcedTrailers, BodyChecksums } from "./body-checksums.ts";
import type { BodyChecksum } from "./body-checksums.ts";
import {
  bodyTerminated,
  chunkTooSmall,
  malformedTrailer,
  missingContentLength,
  wrongBodyLength,
} from "./body-errors.ts";

export interface AwsChunkedOptions {
  /** What `x-amz-decoded-content-length` says. */
  readonly decodedBytes: number;
  /** What the chunks' signatures continue; undefined for the unsigned framing. */
  readonly signatures: ChunkSignatures | undefined;
  /** Whether the trailer is signed too. */
  readonly signsTrailer: boolean;
  /** The trailers announced; any other is refused. */
  readonly trailers: readonly string[];
  readonly checksums: BodyChecksums;
}

export interface AwsChunkedResult {
  readonly trailers: ReadonlyMap<string, string>;
  /** The checksum that was compared, from a header or from the trailer. */
  readonly checksum: BodyChecksum | undefined;
}

/** Far above what any framing needs, so that hostile input cannot make us hold more. */
const CHUNK_HEADER_BYTES_MAX = 1_024;
const TRAILER_BYTES_MAX = 8_192;
/**
 * @evidence S3 API Reference, Signature Calculations: Transferring Payload in Multiple Chunks: at least 8 KB
 */
const CHUNK_BYTES_MIN = 8_192;

/**
 * How a request frames its body; undefined when it does not. What counts is `x-amz-content-sha256`, whatever
 * `content-encoding` says.
 *
 * @param seed the signature of the request, which a signed framing continues
 * @throws AwsError when the headers contradict themselves
 * @evidence openstack/swift test/s3api/test_input_errors.py, test_strm_unsgnd_pyld_trl_no_encoding_ok
 */
export function awsChunkedOptions(
  headers: Readonly<Headers>,
  seed: StreamSeed | undefined,
): AwsChunkedOptions | undefined {
  const payload = headers["x-amz-content-sha256"]?.trim() ?? "";
  if (!isStreamingPayload(payload)) return undefined;
  const decoded = headers["x-amz-decoded-content-length"]?.trim() ?? "";
  if (!/^\d{1,15}$/.test(decoded)) throw missingContentLength();
  const isSigned = payload !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  if (isSigned && !seed) throw bodyTerminated();
  // @evidence none: S3's answer to chunks of another algorithm than the request's is not recorded.
  if (isSigned && seed && !payload.startsWith(`STREAMING-${seed.claim.algorithm}-`)) {
    throw invalidPayloadHash(payload);
  }
  return {
    decodedBytes: Number(decoded),
    signatures: isSigned && seed ? new ChunkSignatures(seed) : undefined,
    signsTrailer: isSigned && payload.endsWith("-TRAILER"),
    trailers: announcedTrailers(headers),
    checksums: new BodyChecksums(headers),
  };
}

/** Decodes a body that is in memory. @throws AwsError as `AwsChunkedDecoder` does */
export function decodeAwsChunked(
  body: Buffer,
  options: AwsChunkedOptions,
): AwsChunkedResult & { readonly body: Buffer } {
  const pieces: Buffer[] = [];
  const decoder = new AwsChunkedDecoder(options);
  decoder.write(body, (piece) => pieces.push(piece));
  const result = decoder.end();
  return { ...result, body: pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces) };
}

type State = "header" | "data" | "separator" | "trailer" | "over";

/** The framing itself, fed with bytes as they come. */
export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions;
  readonly #trailers = new Map<string, string>();
  #state: State = "header";
  /** An unfinished line, or an unfinished separator. */
  #line: Buffer = Buffer.alloc(0);
  #trailerBytes = 0;
  #trailerSignature: string | undefined;

  #chunks = 0;
  #chunkBytes = 0;
  #remainingBytes = 0;
  #decodedBytes = 0;
  #chunkHash: Hash | undefined;
  #chunkSignature = "";

  constructor(options: AwsChunkedOptions) {
    this.#options = options;
  }

  /**
   * @throws AwsError `IncompleteBody`, `InvalidChunkSizeError`, `SignatureDoesNotMatch`,
   * `MalformedTrailerError`
   */
  write(bytes: Buffer, emit: (piece: Buffer) => void): void {
    let position = 0;
    while (position < bytes.length) {
      if (this.#state === "over") return;
      position =
        this.#state === "data" ? this.#takeData(bytes, position, emit) : this.#takeLine(bytes, position);
    }
  }

  /** @throws AwsError when the body is cut short, damaged, or not what was announced */
  end(): AwsChunkedResult {
    const { checksums, decodedBytes, signatures, signsTrailer, trailers } = this.#options;
    const isWhole = this.#state === "over" || (this.#state === "trailer" && this.#line.length === 0);
    if (!isWhole) throw bodyTerminated();
    if (signsTrailer && (trailers.length === 0 || this.#trailerSignature === undefined))
      throw bodyTerminated();
    if (this.#decodedBytes !== decodedBytes) throw wrongBodyLength(decodedBytes, this.#decodedBytes);
    if (trailers.some((name) => !this.#trailers.has(name))) throw malformedTrailer();
    if (signsTrailer && signatures && this.#trailerSignature !== undefined) {
      const text = [...this.#trailers].map(([name, value]) => `${name}:${value}\n`).join("");
      signatures.verifyTrailer(this.#trailerSignature, text);
    }
    return { trailers: this.#trailers, checksum: checksums.finish(this.#trailers) };
  }

  #takeData(bytes: Buffer, position: number, emit: (piece: Buffer) => void): number {
    const piece = bytes.subarray(position, position + this.#remainingBytes);
    this.#remainingBytes -= piece.length;
    this.#decodedBytes += piece.length;
    this.#chunkHash?.update(piece);
    this.#options.checksums.update(piece);
    emit(piece);
    if (this.#remainingBytes === 0) {
      this.#verifyChunk();
      this.#state = "separator";
    }
    return position + piece.length;
  }

  /** Takes up to the end of a line, which may be cut anywhere, between its two last bytes too. */
  #takeLine(bytes: Buffer, position: number): number {
    const lineFeed = bytes.indexOf(0x0a, position);
    const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
    const length = this.#line.length + end - position;
    if (this.#state === "trailer") {
      if (this.#trailerBytes + length > TRAILER_BYTES_MAX) throw malformedTrailer();
    } else if (length > (this.#state === "header" ? CHUNK_HEADER_BYTES_MAX : 2)) {
      throw bodyTerminated();
    }
    this.#line = Buffer.concat([this.#line, bytes.subarray(position, end)], length);

    // A line feed alone ends no line: what follows it belongs to a line that is malformed.
    if (lineFeed >= 0 && this.#line.at(-2) === 0x0d) {
      const line = this.#line.toString("latin1", 0, length - 2);
      this.#line = Buffer.alloc(0);
      this.#endOfLine(line, length);
    }
    return end;
  }

  #endOfLine(line: string, length: number): void {
    if (this.#state === "header") this.#startChunk(line);
    else if (this.#state === "separator") this.#state = "header";
    else if (line === "") this.#state = "over";
    else {
      this.#trailerBytes += length;
      this.#takeTrailer(line);
    }
  }

  #startChunk(line: string): void {
    const { decodedBytes, signatures } = this.#options;
    const [size = "", ...parameters] = line.split(";");
    if (!/^[0-9a-fA-F]{1,13}$/.test(size.trim())) throw bodyTerminated();
    const previousBytes = this.#chunkBytes;
    this.#chunkBytes = parseInt(size, 16);
    this.#chunks += 1;
    if (signatures) {
      this.#chunkSignature = chunkSignature(parameters);
      if (signatures.isVerifiable) this.#chunkHash = createHash("sha256");
    }
    if (this.#chunkBytes === 0) {
      this.#verifyChunk();
      this.#state = "trailer";
      return;
    }
    if (this.#chunks > 1 && previousBytes < CHUNK_BYTES_MIN) throw chunkTooSmall(this.#chunks, previousBytes);
    if (this.#decodedBytes + this.#chunkBytes > decodedBytes) {
      throw wrongBodyLength(decodedBytes, this.#decodedBytes + this.#chunkBytes);
    }
    this.#remainingBytes = this.#chunkBytes;
    this.#state = "data";
  }

  #verifyChunk(): void {
    if (!this.#chunkHash) return;
    this.#options.signatures?.verifyChunk(this.#chunkSignature, this.#chunkHash.digest("hex"));
    this.#chunkHash = undefined;
  }

  /** A trailer sent twice counts the last time. */
  #takeTrailer(line: string): void {
    const colon = line.indexOf(":");
    if (colon <= 0) throw malformedTrailer();
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (this.#options.signsTrailer && name === "x-amz-trailer-signature") this.#trailerSignature = value;
    else if (this.#options.trailers.includes(name)) this.#trailers.set(name, value);
    else throw malformedTrailer();
  }
}

/**
 * S3 takes the value of the first parameter for the signature, whatever its name, and wants nothing after it.
 *
 * @evidence openstack/swift test/s3api/test_input_errors.py, test_strm_sgnd_pyld_extra_param_before and
 *   _after, …blank_signatures, …no_signatures, …spaced_out_chunk_param
 */
function chunkSignature(parameters: readonly string[]): string {
  const [first = "", ...others] = parameters;
  const equals = first.indexOf("=");
  const signature = first.slice(equals + 1).trim();
  if (equals < 0 || signature === "") throw bodyTerminated();
  if (others.length > 0 && first.slice(0, equals).trim() === "chunk-signature") throw bodyTerminated();
  return signature;
}
