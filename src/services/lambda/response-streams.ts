/** An answer that comes in pieces, between the function and whoever reads it. */

import type { ResponseSink } from "../../planes/functions/contract.ts";

export class ResponseStream implements ResponseSink, AsyncIterable<Uint8Array> {
  #chunks: Uint8Array[] = [];
  #isOver = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #begin: (() => void) | undefined;
  readonly #begun = new Promise<void>((resolve) => (this.#begin = resolve));
  /** Of the answer, once it has begun. */
  contentType = "application/octet-stream";

  start({ contentType }: { readonly contentType: string }): void {
    this.contentType = contentType;
    this.#begin?.();
  }

  /** Waits until the reader has taken the piece. */
  write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#wakeReader?.();
    return new Promise((resolve) => (this.#wakeWriter = resolve));
  }

  /** The answer is over when the invocation is, however that ends. */
  follow<T>(invocation: Promise<T>): Promise<T> {
    return invocation.finally(() => {
      this.#isOver = true;
      this.#wakeReader?.();
    });
  }

  /** Until there is something of the answer, or all of it. @throws what the invocation throws before */
  async begun(invocation: Promise<unknown>): Promise<void> {
    await Promise.race([this.#begun, invocation]);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          yield chunk;
          if (this.#chunks.length === 0) this.#wakeWriter?.();
        } else if (this.#isOver) return;
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } finally {
      // Whoever stops reading must not hold the function up.
      this.write = () => Promise.resolve();
      this.#wakeWriter?.();
    }
  }
}
