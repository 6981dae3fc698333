/**
 * What functions log goes to CloudWatch Logs under their role, in batches, while nobody waits for it. A role
 * that may not write leaves no log: the function runs all the same.
 *
 * @evidence Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs"
 */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { LogLine, LogSink } from "../../planes/functions/contract.ts";
import { roleCredentials } from "./execution-role.ts";

/** @evidence PutLogEvents: bytes and events a batch, 26 bytes of overhead an event, within 24 hours */
const batchBytesMax = 1_048_576;
const batchEventsMax = 10_000;
const eventOverheadBytes = 26;
const batchMillisecondsMax = 24 * 3_600_000;
/** What a function that logs faster than its log is written may have waiting. */
const waitingLinesMax = 100_000;

/** Lines are written together: those of an environment that has just been written, of longer. */
const gatherMilliseconds = { first: 250, further: 1_000 };
/** How long a log that could not be written is not tried again. */
const refusedMilliseconds = 5_000;

interface Target {
  readonly name: string;
  readonly role: string;
  readonly logGroupName: string;
}

/** The lines of one environment, in the order in which they came. */
class Stream {
  readonly #ctx: BodyContext;
  readonly #target: Target;
  readonly #logStreamName: string;
  #waiting: LogLine[] = [];
  #isThere = false;
  #isWriting = false;
  #refusedUntil = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(ctx: BodyContext, target: Target, logStreamName: string) {
    this.#ctx = ctx;
    this.#target = target;
    this.#logStreamName = logStreamName;
  }

  add(lines: readonly LogLine[]): void {
    if (this.#refusedUntil > this.#ctx.clock.now()) return;
    if (this.#waiting.length + lines.length <= waitingLinesMax) this.#waiting.push(...lines);
    if (this.#isWriting) return;
    this.#isWriting = true;
    void this.#ctx.kernel.track(this.#write());
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        // A clock that stands would keep the lines for ever.
        if (!this.#ctx.clock.isFrozen) await this.#ctx.kernel.pause(this.#gatherMilliseconds());
        const lines = this.#waiting;
        this.#waiting = [];
        for (const batch of batches(lines)) await this.#put(batch);
        this.#writtenAt = this.#ctx.clock.now();
      }
    } catch {
      // Without permission, or without a group that may be made, there is no log; and so it is on AWS.
      // What is a defect has been reported where it happened.
      this.#waiting = [];
      this.#refusedUntil = this.#ctx.clock.now() + refusedMilliseconds;
    } finally {
      this.#isWriting = false;
    }
  }

  #gatherMilliseconds(): number {
    const { first, further } = gatherMilliseconds;
    return this.#ctx.clock.now() - this.#writtenAt < further ? further : first;
  }

  async #put(batch: readonly LogLine[]): Promise<void> {
    const { name, role, logGroupName } = this.#target;
    const { sessionToken } = await roleCredentials(this.#ctx, { name, role });
    const as: CallOptions = { as: { session: sessionToken } };
    const named = { logGroupName, logStreamName: this.#logStreamName };
    const put = { ...named, logEvents: [...batch] };
    if (this.#isThere) {
      try {
        await this.#ctx.call(logs.PutLogEvents, put, as);
        return;
      } catch (error) {
        // Somebody deleted the group or the stream.
        if (!isCode(error, "ResourceNotFoundException")) throw error;
      }
    }
    await this.#make(named, as);
    await this.#ctx.call(logs.PutLogEvents, put, as);
    this.#isThere = true;
  }

  async #make(named: { logGroupName: string; logStreamName: string }, as: CallOptions): Promise<void> {
    try {
      await this.#ctx.call(logs.CreateLogStream, named, as);
    } catch (error) {
      if (isCode(error, "ResourceAlreadyExistsException")) return;
      if (!isCode(error, "ResourceNotFoundException")) throw error;
      const { logGroupName } = named;
      await tolerate(
        this.#ctx.call(logs.CreateLogGroup, { logGroupName }, as), "ResourceAlreadyExistsException",
      );
      await tolerate(this.#ctx.call(logs.CreateLogStream, named, as), "ResourceAlreadyExistsException");
    }
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof AwsError && error.code === code;
}

async function tolerate(work: Promise<unknown>, code: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isCode(error, code)) throw error;
  }
}

function* batches(lines: readonly LogLine[]): Iterable<LogLine[]> {
  let batch: LogLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Buffer.byteLength(line.message) + eventOverheadBytes;
    const first = batch[0];
    const isTooLong = first !== undefined && line.timestamp - first.timestamp >= batchMillisecondsMax;
    if (batch.length >= batchEventsMax || bytes + size > batchBytesMax || isTooLong) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Environments end without a word: the streams of the latest are kept. */
const streamsMax = 2_000;

export function logSink(ctx: BodyContext, target: Target): LogSink {
  const streams = new Map<string, Stream>();
  return (logStreamName, lines) => {
    let stream = streams.get(logStreamName);
    if (!stream) {
      if (streams.size >= streamsMax) streams.clear();
      streams.set(logStreamName, (stream = new Stream(ctx, target, logStreamName)));
    }
    stream.add(lines.filter(({ message }) => message !== ""));
  };
}
