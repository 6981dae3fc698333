/**
 * Tumbling windows: what a function makes of the records of a window goes from one of its invocations to the
 * next, until the window is over.
 *
 * @evidence Lambda Developer Guide, "Using tumbling windows": members of the event, 1 MB of state
 */

import type { EventSourceMapping, OpenWindow } from "./event-source-table.ts";
import type { StreamEvent } from "./event-source-streams.ts";

const stateBytesMax = 1_048_576;

/** Which window a record belongs to, by when it came. */
export function windowAt(at: number, seconds: number): OpenWindow {
  const length = seconds * 1_000;
  const start = Math.floor(at / length) * length;
  return { start, end: start + length, state: {} };
}

/** In their order, cut where one window ends and the next begins. */
export function byWindow(events: readonly StreamEvent[], seconds: number): StreamEvent[][] {
  const parts: StreamEvent[][] = [];
  let end = -1;
  for (const event of events) {
    const window = windowAt(event.at, seconds);
    if (window.end !== end) parts.push([]);
    end = window.end;
    parts.at(-1)?.push(event);
  }
  return parts;
}

export interface WindowEnd {
  readonly isFinal: boolean;
  readonly isEarly: boolean;
}

/** What the event of an invocation says of its window. */
export function windowMembers(
  { source }: EventSourceMapping, shardId: string, { start, end, state }: OpenWindow,
  { isFinal, isEarly }: WindowEnd,
): object {
  return {
    window: { start: isoSeconds(start), end: isoSeconds(end) },
    state,
    shardId,
    eventSourceARN: source,
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: isEarly,
  };
}

function isoSeconds(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** What the function answers stands for what it was given. */
export function stateIn(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const answer = JSON.parse(Buffer.from(payload).toString()) as { state?: unknown } | null;
    const state = answer?.state;
    return typeof state === "object" && state !== null && !Array.isArray(state)
      ? state as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

export function isTooLarge(state: object): boolean {
  return Buffer.byteLength(JSON.stringify(state)) > stateBytesMax;
}
