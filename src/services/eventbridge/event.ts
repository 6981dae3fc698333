/** An event, and the document that targets get of it. */

import { isDeeperThan } from "../../kernel/json-depth.ts";

export interface Event {
  readonly id: string;
  readonly detailType: string;
  readonly source: string;
  readonly account: string;
  /** Epoch milliseconds; shown to the second. */
  readonly time: number;
  readonly region: string;
  readonly resources: readonly string[];
  /** JSON, without white space; numbers are as they were written. */
  readonly detail: string;
  /** When it came to the bus: epoch milliseconds. */
  readonly ingestedAt: number;
  /** The account whose bus sent it on. */
  readonly forwardedFrom?: string;
  /** The replay that it comes from. */
  readonly replayName?: string;
}

/** An event whose detail is under a data key of a KMS key; the rest of it is never encrypted. */
export interface SealedEvent extends Omit<Event, "detail"> {
  readonly sealed: { readonly keyBlob: Uint8Array; readonly message: Uint8Array };
}

/** An event as it waits. */
export type RestingEvent = Event | SealedEvent;

export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/**
 * Of an event that could not be opened only its metadata.
 *
 * @evidence recorded: the order of its members, and where a replay's name stands
 */
export function eventText(event: RestingEvent): string {
  const { id, detailType, source, account, region, resources, replayName } = event;
  const head = JSON.stringify({
    version: "0",
    id,
    "detail-type": detailType,
    source,
    account,
    time: timestamp(event.time),
    region,
    ...(replayName !== undefined && { "replay-name": replayName }),
    resources,
  });
  return "sealed" in event ? head : `${head.slice(0, -1)},"detail":${event.detail}}`;
}

/** @evidence EventBridge API Reference, PutEvents: nested JSON is processed up to 1100 levels deep */
const levelsMax = 1_100;

/** JSON without the white space between its parts. Undefined when it is no JSON object, or too deep. */
export function compactObject(text: string): string | undefined {
  if (isDeeperThan(text, levelsMax)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : ""));
}
