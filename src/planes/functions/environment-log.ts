/** All that one environment has to say, in order: to the function's log, and to extensions that listen. */

import type { Readable } from "node:stream";
import type { Logging, LogLine } from "./contract.ts";
import { platformLine, type PlatformEvent } from "./platform-lines.ts";

export interface TelemetryEvent {
  readonly time: string;
  readonly type: string;
  readonly record: unknown;
}

/**
 * @evidence CloudWatch Logs API Reference, PutLogEvents: 256 KB an event, its 26 bytes of overhead included
 */
const lineBytesMax = 262_144 - 26;
/** Of one invocation: more is dropped, and said to be. */
const invocationBytesMax = 32 * 1_048_576;
const tailBytesMax = 4_096;
const tailLinesMax = 2_000;

export class EnvironmentLog {
  readonly streamName: string;
  /** Hears of everything, whatever the log's levels are. */
  onEvent: ((event: TelemetryEvent) => void) | undefined;
  readonly #logging: Logging;
  readonly #now: () => number;
  #pending: LogLine[] = [];
  #isScheduled = false;
  /** Of the invocation at hand. */
  #tail: string[] = [];
  #bytes = 0;
  #dropped = { records: 0, bytes: 0 };

  constructor(streamName: string, logging: Logging, now: () => number) {
    this.streamName = streamName;
    this.#logging = logging;
    this.#now = now;
  }

  platform(type: PlatformEvent["type"], record: PlatformEvent["record"]): void {
    const timestamp = this.#now();
    const time = (): string => new Date(timestamp).toISOString();
    if (this.onEvent) this.onEvent({ time: time(), type, record });
    const line = platformLine({ type, record }, time, this.#logging);
    if (line !== undefined) this.#write(timestamp, line);
  }

  /** A line that the platform writes without an event. */
  note(line: string): void {
    this.#write(this.#now(), line);
  }

  /** The time as the platform writes it at the beginning of a line. */
  time(): string {
    return new Date(this.#now()).toISOString();
  }

  line(source: "function" | "extension", text: string): void {
    if (text === "") return;
    this.#bytes += text.length;
    if (this.#bytes > invocationBytesMax) {
      this.#dropped.records += 1;
      this.#dropped.bytes += text.length;
      return;
    }
    const timestamp = this.#now();
    if (this.onEvent) {
      this.onEvent({ time: new Date(timestamp).toISOString(), type: source, record: this.#recordOf(text) });
    }
    for (let at = 0; at < text.length; at += lineBytesMax)
      this.#write(timestamp, text.slice(at, at + lineBytesMax));
  }

  /** With the JSON format, extensions get what is JSON as it is meant. */
  #recordOf(text: string): unknown {
    if (this.#logging.format !== "JSON") return text;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }

  /** An invocation begins. */
  beginTail(): void {
    this.#tail = [];
    this.#bytes = 0;
  }

  /** Says what was dropped, if anything was. */
  sayDropped(): void {
    const { records, bytes } = this.#dropped;
    if (records === 0) return;
    this.#dropped = { records: 0, bytes: 0 };
    this.platform("platform.logsDropped", {
      reason: "The function wrote too much",
      droppedRecords: records,
      droppedBytes: bytes,
    });
  }

  /** Tells the last 4 KB since `beginTail`, as they are now: few ask. */
  tail(): () => string {
    const lines = this.#tail;
    const count = lines.length;
    return () => {
      const bytes = Buffer.from(lines.slice(0, count).join(""));
      return bytes.subarray(Math.max(0, bytes.length - tailBytesMax)).toString("utf8");
    };
  }

  #write(timestamp: number, line: string): void {
    const message = this.#logging.format === "Text" ? `${line}\n` : line;
    this.#pending.push({ timestamp, message });
    this.#tail.push(this.#logging.format === "Text" ? message : `${message}\n`);
    if (this.#tail.length > tailLinesMax) this.#tail = this.#tail.slice(-tailLinesMax / 2);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#pending.length === 0) return;
    const lines = this.#pending;
    this.#pending = [];
    this.#logging.sink(this.streamName, lines);
  }
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** What is read from a process. */
export interface Output {
  /** Whether anything came since it was last asked. */
  hasMoved(): boolean;
  /** What came without an end has come to its end. */
  cut(): void;
}

/**
 * Cuts what a process writes into lines. A line that does not end is cut where an event of the log must.
 * Returns
 * what says whether anything came since it was last asked.
 */
export function readLines(stream: Readable, onLine: (text: string) => void): Output {
  let rest: Buffer[] = [];
  let length = 0;
  let hasMoved = false;
  const emit = (): void => {
    if (length === 0) return;
    // A carriage return stands for a newline inside a line: how runtimes keep an event together.
    const bytes = Buffer.concat(rest);
    for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === carriageReturn) bytes[at] = newline;
    rest = [];
    length = 0;
    onLine(bytes.toString("utf8"));
  };
  stream.on("data", (chunk: Buffer) => {
    hasMoved = true;
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      rest.push(chunk.subarray(start, end));
      length += end - start;
      emit();
      start = end + 1;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      length += chunk.length - start;
      if (length >= lineBytesMax) emit();
    }
  });
  stream.on("end", emit);
  stream.on("error", emit);
  return output(
    () => hasMoved,
    () => (hasMoved = false),
    emit,
  );
}

function output(get: () => boolean, clear: () => void, cut: () => void): Output {
  return {
    hasMoved() {
      const had = get();
      clear();
      return had;
    },
    cut,
  };
}

const frameBytes = 16;
const frameMark = 0xa55a00;
const messageBytesMax = 8 * 1_048_576;

/**
 * Messages in frames, as Lambda's runtimes write them to the descriptor that `_LAMBDA_TELEMETRY_LOG_FD`
 * names: a type
 * of 4 bytes, a length of 4, a time of 8, and the text, which may have many lines.
 */
export function readFrames(stream: Readable, onMessage: (text: string) => void): Output {
  let rest: Buffer = Buffer.alloc(0);
  let hasMoved = false;
  stream.on("data", (chunk: Buffer) => {
    hasMoved = true;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= frameBytes) {
      const length = rest.readUInt32BE(4);
      if (rest.readUInt32BE(0) >>> 8 !== frameMark || length > messageBytesMax) {
        // Somebody wrote to it who does not know what it is.
        onMessage(rest.toString("utf8"));
        rest = Buffer.alloc(0);
        break;
      }
      if (rest.length < frameBytes + length) break;
      onMessage(rest.toString("utf8", frameBytes, frameBytes + length).replace(/\n$/, ""));
      rest = rest.subarray(frameBytes + length);
    }
  });
  stream.on("error", () => undefined);
  return output(
    () => hasMoved,
    () => (hasMoved = false),
    () => undefined,
  );
}
