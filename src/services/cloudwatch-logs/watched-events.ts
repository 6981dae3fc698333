/** Events as filters look at them: their JSON is parsed once, however many filters there are. */

import type { Draft } from "./block-writing.ts";
import { parseObject } from "./patterns/json.ts";
import type { Transform } from "./transforming/transformer.ts";

export interface WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  json(): Record<string, unknown> | undefined;
  /** As the group's transformer leaves it; the event itself where there is none, or it can't read it. */
  transformed(): WatchedEvent;
}

class Watched implements WatchedEvent {
  readonly timestamp: number;
  readonly sequence: number;
  readonly message: string;
  #parsed: Record<string, unknown> | undefined;
  #isParsed = false;
  #transformed: WatchedEvent | undefined;
  readonly #transform: Transform | undefined;

  constructor({ timestamp, message }: Draft, sequence: number, transform: Transform | undefined) {
    this.#transform = transform;
    this.timestamp = timestamp;
    this.message = message;
    this.sequence = sequence;
  }

  json(): Record<string, unknown> | undefined {
    if (!this.#isParsed) this.#parsed = parseObject(this.message);
    this.#isParsed = true;
    return this.#parsed;
  }

  transformed(): WatchedEvent {
    if (this.#transformed) return this.#transformed;
    const { timestamp, sequence } = this;
    const message = this.#transform?.(this.message);
    this.#transformed = message === undefined ? this
      : new Watched({ timestamp, message }, sequence, undefined);
    return this.#transformed;
  }
}

export function watchedEvent(draft: Draft, sequence: number, transform?: Transform): WatchedEvent {
  return new Watched(draft, sequence, transform);
}
