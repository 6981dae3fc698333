/** Which events a pipe moves on. @evidence EventBridge User Guide, "Event filtering in Pipes" */

import { parsePattern } from "../../patterns/parse.ts";
import type { Pipe } from "./pipe-rows.ts";
import type { SourceEvent } from "./sources.ts";
import { parsedText, withReadableData } from "./templates.ts";

/** Bodies and data that are JSON are looked into. */
function readable(event: unknown): unknown {
  const plain = withReadableData(event) as Record<string, unknown>;
  for (const name of ["body", "data"]) {
    const value = plain[name];
    const parsed = typeof value === "string" ? parsedText(value) : undefined;
    if (typeof parsed === "object" && parsed !== null) return { ...plain, [name]: parsed };
  }
  return plain;
}

/** Without a filter all are kept. */
export function filtered<Event extends SourceEvent>(
  { sourceParameters }: Pipe, events: readonly Event[],
): { kept: Event[]; left: Event[] } {
  const patterns = (sourceParameters.FilterCriteria?.Filters ?? [])
    .map(({ Pattern }) => parsePattern(Pattern ?? "{}"));
  if (patterns.length === 0) return { kept: [...events], left: [] };
  const kept: Event[] = [];
  const left: Event[] = [];
  for (const each of events) {
    const event = readable(each.event);
    (patterns.some((pattern) => pattern.matches(event)) ? kept : left).push(each);
  }
  return { kept, left };
}
