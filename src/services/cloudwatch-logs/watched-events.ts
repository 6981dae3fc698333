/** Events as filters look at them: their JSON is parsed once, however many filters there are. */

import type { Draft } from "./block-writing.ts";
import { parseObject } from "./patterns/json.ts";

export interface WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  json(): Record<string, unknown> | undefined;
}

class Watched implements WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  #parsed: Record<string, unknown> | undefined;
  #isParsed = false;

  constructor({ timestamp, message }: Draft, sequence: number) {
    this.timestamp = timestamp;
    this.message = message;
    this.sequence = sequence;
  }

  json(): Record<string, unknown> | undefined {
    if (!this.#isParsed) this.#parsed = parseObject(this.message);
    this.#isParsed = true;
    return this.#parsed;
  }
}

export function watchedEvent(draft: Draft, sequence: number): WatchedEvent {
  return new Watched(draft, sequence);
}
