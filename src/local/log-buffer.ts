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

/** A line as it was written: its text is made when somebody reads it, for most lines nobody does. */
interface Written {
  readonly at: number;
  readonly text: string | (() => string);
}

export class LogBuffer {
  readonly #now: () => number;
  /** A ring: the line with sequence number n is in slot n modulo its size. */
  readonly #lines: Written[] = [];
  readonly #followers = new Set<() => void>();
  #sequence = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  write(text: string | (() => string)): void {
    this.#lines[++this.#sequence % linesMax] = { at: this.#now(), text };
    for (const wake of this.#followers) wake();
  }

  /** Lines with a greater sequence number, the last `limit` of them. */
  after(sequence: number, limit = linesMax): LogLine[] {
    const lines: LogLine[] = [];
    const first = Math.max(sequence + 1, this.#sequence - Math.min(limit, linesMax) + 1, 1);
    for (let each = first; each <= this.#sequence; each += 1) {
      const line = this.#lines[each % linesMax];
      if (line) lines.push({ sequence: each, at: line.at, text: shown(line.text) });
    }
    return lines;
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

function shown(written: string | (() => string)): string {
  const text = typeof written === "string" ? written : written();
  return text.length > lineLengthMax ? `${text.slice(0, lineLengthMax)}…` : text;
}
