/**
 * A thread for the hashes of large bodies: MD5 and a checksum of 64 MB take longer than all else that is done
 * with them, and what reads the socket need not wait. It starts with the first large body.
 */

import { Worker } from "node:worker_threads";
import { checksum, type Checksum, type ChecksumAlgorithm } from "./checksums.ts";

/** One of: what is to be computed; bytes; nothing more comes. */
export type DigestOrder =
  | { readonly id: number; readonly algorithms: readonly ChecksumAlgorithm[] }
  | { readonly id: number; readonly memory: ArrayBuffer; readonly sizeBytes: number }
  | { readonly id: number; readonly isWanted: boolean };

export type DigestAnswer =
  | { readonly id: number; readonly memory: ArrayBuffer }
  | { readonly id: number; readonly digests: readonly Uint8Array[] };

export interface Digests {
  /** The bytes must stay as they are until the end. A promise asks the caller to wait before the next. */
  update(bytes: Uint8Array): Promise<void> | undefined;
  /** In the order of the algorithms. Asked for once, at the end. */
  digest(): Promise<readonly Buffer[]>;
  /** Nobody wants to know any more. */
  abandon(): void;
}

/** Below this a body is hashed where it is. */
const threadedBytesMin = 1_048_576;
/** Handed over at once: a message costs as much as hashing 20 KB. */
const pieceBytes = 1_048_576;
/** For all bodies together: the thread is as fast as it is, however many come. */
const piecesMax = 8;

interface Waiting {
  resolve(digests: readonly Buffer[]): void;
  reject(cause: unknown): void;
}

export class DigestThread {
  #worker: Worker | undefined;
  #lastId = 0;
  #pieces = 0;
  /** Bodies under way: as long as there are some, the thread keeps the process alive. */
  #open = 0;
  readonly #free: ArrayBuffer[] = [];
  readonly #wantingMemory: ((memory: ArrayBuffer) => void)[] = [];
  readonly #wantingDigests = new Map<number, Waiting>();

  /** @param sizeBytes undefined when it is not known */
  start(algorithms: readonly ChecksumAlgorithm[], sizeBytes: number | undefined): Digests {
    if (sizeBytes !== undefined && sizeBytes < threadedBytesMin) return new DigestsHere(algorithms);
    const id = ++this.#lastId;
    this.#post({ id, algorithms });
    if (++this.#open === 1) this.#worker?.ref();
    return new DigestsThere(id, this);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** Takes a copy of the bytes. */
  async send(id: number, chunks: readonly Uint8Array[]): Promise<void> {
    let memory = await this.#memory();
    let sizeBytes = 0;
    for (const chunk of chunks) {
      for (let start = 0; start < chunk.length; ) {
        if (sizeBytes === pieceBytes) {
          this.#post({ id, memory, sizeBytes }, memory);
          memory = await this.#memory();
          sizeBytes = 0;
        }
        const part = chunk.subarray(start, start + pieceBytes - sizeBytes);
        new Uint8Array(memory).set(part, sizeBytes);
        sizeBytes += part.length;
        start += part.length;
      }
    }
    this.#post({ id, memory, sizeBytes }, memory);
  }

  finish(id: number): Promise<readonly Buffer[]> {
    return new Promise((resolve, reject) => {
      this.#wantingDigests.set(id, { resolve, reject });
      this.#post({ id, isWanted: true });
    });
  }

  abandon(id: number): void {
    this.#post({ id, isWanted: false });
    this.#end();
  }

  #end(): void {
    if (--this.#open === 0) this.#worker?.unref();
  }

  #memory(): Promise<ArrayBuffer> | ArrayBuffer {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#pieces === piecesMax) return new Promise((resolve) => this.#wantingMemory.push(resolve));
    this.#pieces += 1;
    return new ArrayBuffer(pieceBytes);
  }

  #post(order: DigestOrder, memory?: ArrayBuffer): void {
    this.#worker ??= this.#started();
    this.#worker.postMessage(order, memory ? [memory] : []);
  }

  #started(): Worker {
    const worker = new Worker(new URL("./digest-worker.js", import.meta.url));
    worker.on("message", (answer: DigestAnswer) => this.#hear(answer));
    worker.on("error", (cause) => this.#lose(cause));
    worker.on("exit", () => this.#lose(new Error("the digest thread has ended")));
    return worker;
  }

  #hear(answer: DigestAnswer): void {
    if ("memory" in answer) {
      const next = this.#wantingMemory.shift();
      if (next) next(answer.memory);
      else this.#free.push(answer.memory);
      return;
    }
    const waiting = this.#wantingDigests.get(answer.id);
    this.#wantingDigests.delete(answer.id);
    this.#end();
    if (answer.digests.length > 0) waiting?.resolve(answer.digests.map((digest) => Buffer.from(digest)));
    else waiting?.reject(new Error("the digest thread had ended in between"));
  }

  /** Whatever it had is lost; the next body starts another. */
  #lose(cause: unknown): void {
    this.#worker = undefined;
    this.#pieces = this.#free.length;
    for (const { reject } of this.#wantingDigests.values()) {
      reject(cause);
      this.#open -= 1;
    }
    this.#wantingDigests.clear();
    while (this.#wantingMemory.length > 0) this.#wantingMemory.shift()?.(new ArrayBuffer(pieceBytes));
  }
}

class DigestsHere implements Digests {
  readonly #sums: readonly Checksum[];

  constructor(algorithms: readonly ChecksumAlgorithm[]) {
    this.#sums = algorithms.map(checksum);
  }

  update(bytes: Uint8Array): undefined {
    for (const sum of this.#sums) sum.update(bytes);
  }

  digest(): Promise<readonly Buffer[]> {
    return Promise.resolve(this.#sums.map((sum) => sum.digest()));
  }

  abandon(): void {
    // Nothing was begun elsewhere.
  }
}

class DigestsThere implements Digests {
  readonly #id: number;
  readonly #thread: DigestThread;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(id: number, thread: DigestThread) {
    this.#id = id;
    this.#thread = thread;
  }

  update(bytes: Uint8Array): Promise<void> | undefined {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    return this.#bytes < pieceBytes ? undefined : this.#send();
  }

  async digest(): Promise<readonly Buffer[]> {
    await this.#send();
    this.#isOver = true;
    return this.#thread.finish(this.#id);
  }

  abandon(): void {
    if (!this.#isOver) this.#thread.abandon(this.#id);
    this.#isOver = true;
  }

  async #send(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    await this.#thread.send(this.#id, chunks);
  }
}
