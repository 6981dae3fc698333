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

/** The line of a request takes some 90 bytes. */
const slotBytes = 192;
const bytesOfCharacterMax = 3;

export class LogBuffer {
  readonly #now: () => number;
  /**
   * A ring: the line with sequence number n is in slot n modulo its size. Lines are bytes here, not objects:
   * each would live just long enough to be moved to the old generation, and to bring on its collections.
   */
  readonly #slots = Buffer.alloc(linesMax * slotBytes);
  readonly #lengths = new Uint8Array(linesMax);
  readonly #times = new Float64Array(linesMax);
  /** By slot: those that might not fit. */
  readonly #longLines = new Map<number, string>();
  readonly #followers = new Set<() => void>();
  #sequence = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  write(text: string): void {
    const slot = ++this.#sequence % linesMax;
    this.#times[slot] = this.#now();
    this.#longLines.delete(slot);
    if (text.length * bytesOfCharacterMax > slotBytes && Buffer.byteLength(text) > slotBytes) {
      this.#longLines.set(slot, shortened(text));
    } else {
      this.#lengths[slot] = this.#slots.write(text, slot * slotBytes, slotBytes);
    }
    for (const wake of this.#followers) wake();
  }

  /** Lines with a greater sequence number, the last `limit` of them. */
  after(sequence: number, limit = linesMax): LogLine[] {
    const lines: LogLine[] = [];
    const first = Math.max(sequence + 1, this.#sequence - Math.min(limit, linesMax) + 1, 1);
    for (let each = first; each <= this.#sequence; each += 1) {
      const slot = each % linesMax;
      lines.push({ sequence: each, at: this.#times[slot] ?? 0, text: this.#textIn(slot) });
    }
    return lines;
  }

  #textIn(slot: number): string {
    const start = slot * slotBytes;
    const end = start + (this.#lengths[slot] ?? 0);
    return this.#longLines.get(slot) ?? this.#slots.toString("utf8", start, end);
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

function shortened(text: string): string {
  return text.length > lineLengthMax ? `${text.slice(0, lineLengthMax)}…` : text;
}
