/** Events as filters look at them: as they came, or as the group's transformer made them; parsed once. */

import type { Draft } from "./block-writing.ts";
import { parseObject } from "./patterns/json.ts";

/** Which form of an event a filter wants. */
export interface Viewer {
  readonly applyOnTransformedLogs: boolean;
}

export interface WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  /** Undefined where the group has no transformer, or it could do nothing with the event. */
  readonly transformed: string | undefined;
  json(viewer: Viewer): Record<string, unknown> | undefined;
}

export function textFor(event: Pick<WatchedEvent, "message" | "transformed">, viewer: Viewer): string {
  return viewer.applyOnTransformedLogs ? (event.transformed ?? event.message) : event.message;
}

class Watched implements WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  readonly transformed: string | undefined;
  readonly #parsed = new Map<string, Record<string, unknown> | undefined>();

  constructor({ timestamp, message }: Draft, sequence: number, transformed: string | undefined) {
    this.timestamp = timestamp;
    this.message = message;
    this.sequence = sequence;
    this.transformed = transformed;
  }

  json(viewer: Viewer): Record<string, unknown> | undefined {
    const text = textFor(this, viewer);
    if (!this.#parsed.has(text)) this.#parsed.set(text, parseObject(text));
    return this.#parsed.get(text);
  }
}

export function watchedEvent(draft: Draft, sequence: number, transformed: string | undefined): WatchedEvent {
  return new Watched(draft, sequence, transformed);
}
