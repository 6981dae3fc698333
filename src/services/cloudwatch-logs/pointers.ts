/** Names of single events: the `@ptr` of a query's results. */

import type { ReadContext } from "../../kernel/context.ts";
import { scanForward, type FoundEvent } from "./block-scan.ts";
import type { DataKeys } from "./block-table.ts";
import { invalidParameter } from "./errors.ts";
import type { LogGroup } from "./group-table.ts";
import { placeText, readPlace, type Place } from "./places.ts";

export interface Pointer {
  readonly group: string;
  readonly place: Place;
}

export function pointerText(group: string, place: Place): string {
  return Buffer.from(`${placeText(place)}${group}`).toString("base64");
}

const digits = 56;

/** Empty where the text is no pointer: who may ask is found out before what is wrong with it. */
export function groupOfPointer(text: string): string {
  return Buffer.from(text, "base64").toString().slice(digits);
}

/** @throws InvalidParameterException */
export function readPointer(text: string): Pointer {
  const inner = Buffer.from(text, "base64").toString();
  const place = readPlace(inner.slice(0, digits));
  const group = inner.slice(digits);
  if (!place || group === "") throw invalidParameter(`Invalid log record pointer: ${text}`);
  return { group, place };
}

export function findEvent(
  ctx: ReadContext, group: LogGroup, { place }: Pointer, keys: DataKeys,
): FoundEvent | undefined {
  const { timestamp, sequence } = place;
  const scope = { groupId: group.id, from: timestamp, before: timestamp + 1 };
  for (const event of scanForward(ctx, scope, keys)) if (event.sequence === sequence) return event;
  return undefined;
}
