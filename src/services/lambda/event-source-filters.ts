/** Which events of a source go to the function. */

import { parsePattern, type Pattern } from "../../patterns/parse.ts";
import type { EventSourceMapping } from "./event-source-table.ts";

/** An event as filters see it: with its payload as text, and as what that says where it is JSON. */
export interface Filterable {
  readonly fields: Readonly<Record<string, unknown>>;
  /** `body` of a message, `data` of a record; none for changes of a table. */
  readonly payload?: { readonly name: "body" | "data"; readonly text: string };
}

interface Filter {
  readonly pattern: Pattern;
  /** What the filter wants of the payload: text, or what is in it. */
  readonly wantsText: boolean;
}

function filtersOf({ settings }: EventSourceMapping, name: string | undefined): Filter[] {
  return (settings.filters?.Filters ?? []).map(({ Pattern = "{}" }) => {
    const wanted = name === undefined ? undefined : (JSON.parse(Pattern) as Record<string, unknown>)[name];
    return { pattern: parsePattern(Pattern), wantsText: Array.isArray(wanted) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * @returns whether an event is wanted; every one is where there are no filters
 * @evidence Lambda Developer Guide, "Control which events Lambda sends to your function": a filter of the
 *   payload's fields does not match a payload that is no JSON, a filter of its text does not match JSON
 */
export function filterFor(
  mapping: EventSourceMapping, name: "body" | "data" | undefined,
): (event: Filterable) => boolean {
  const filters = filtersOf(mapping, name);
  if (filters.length === 0) return () => true;
  return ({ fields, payload }) => filters.some(({ pattern, wantsText }) => {
    if (!payload) return pattern.matches(fields);
    const value = wantsText ? payload.text : parsed(payload.text);
    return pattern.matches(value === undefined ? fields : { ...fields, [payload.name]: value });
  });
}
