/** A request of an environment's process, while its body may still be on its way. */

export type Fields = Readonly<Record<string, string>>;

/** What waits to be read, before whoever sends more has to wait. */
export const waitingBytesMax = 262_144;

export class ApiRequest implements AsyncIterable<Buffer> {
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Fields;
  /** Once the body is read. */
  trailers: Fields = {};
  readonly #onRead: () => void;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #isComplete = false;
  #isDropped = false;
  #isCut = false;
  #wake: (() => void) | undefined;

  /** @param onRead called whenever less waits than before */
  constructor(method: string, url: string, headers: Fields, onRead: () => void) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.#onRead = onRead;
  }

  get isFull(): boolean {
    return this.#waitingBytes >= waitingBytesMax;
  }

  /** The body, where all of it came in one piece and none of it was read. */
  get whole(): Buffer | undefined {
    return this.#isComplete && this.#chunks.length === 1 ? this.#chunks[0] : undefined;
  }

  push(chunk: Buffer): void {
    if (this.#isDropped || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#wake?.();
  }

  complete(trailers: Fields): void {
    this.trailers = trailers;
    this.#isComplete = true;
    this.#wake?.();
  }

  /** Nobody reads the rest. */
  drop(): void {
    this.#isDropped = true;
    this.#chunks = [];
    this.#waitingBytes = 0;
    this.#onRead();
  }

  /** Its sender is gone. */
  cut(): void {
    if (this.#isComplete) return;
    this.#isCut = true;
    this.#wake?.();
  }

  /** @throws Error when its sender is gone in the middle of it */
  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#waitingBytes -= chunk.length;
        this.#onRead();
        yield chunk;
      } else if (this.#isComplete) return;
      else if (this.#isCut) throw new Error("the connection was closed in the middle of a request");
      else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }
}
