/** The last lines of the region's log, for those who come later and for those who stay. */

import { Readable } from "node:stream";

export interface LogLine {
  /** Counts from 1. */
  readonly sequence: number;
  /** Epoch milliseconds by the machine's clock. */
  readonly at: number;
  readonly text: string;
}

const linesMax = 5_000;
const lineLengthMax = 4_096;

export class LogBuffer {
  readonly #now: () => number;
  readonly #lines: LogLine[] = [];
  readonly #followers = new Set<() => void>();
  #sequence = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  write(text: string): void {
    const shown = text.length > lineLengthMax ? `${text.slice(0, lineLengthMax)}…` : text;
    this.#lines.push({ sequence: ++this.#sequence, at: this.#now(), text: shown });
    if (this.#lines.length > linesMax) this.#lines.shift();
    for (const wake of this.#followers) wake();
  }

  /** Lines with a greater sequence number, the last `limit` of them. */
  after(sequence: number, limit = linesMax): LogLine[] {
    const first = this.#sequence - this.#lines.length + 1;
    const start = Math.max(0, sequence + 1 - first, this.#lines.length - limit);
    return this.#lines.slice(start);
  }

  /** One JSON text a line, without end. A reader that is too slow misses lines; nothing is kept for it. */
  follow(after: number, signal: AbortSignal): Readable {
    let last = after;
    let waiting = false;
    const give = (): void => {
      const lines = this.after(last);
      if (lines.length === 0) {
        waiting = true;
        return;
      }
      waiting = false;
      last = lines.at(-1)?.sequence ?? last;
      stream.push(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    };
    const stream = new Readable({ read: give });
    const wake = (): void => {
      if (waiting) give();
    };
    this.#followers.add(wake);
    const end = (): void => {
      this.#followers.delete(wake);
      stream.destroy();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    return stream;
  }
}
