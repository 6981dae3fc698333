/** What services emit comes to the default bus, as far as some rule or archive there could want it. */

import { job } from "../../jobs/job.ts";
import type { BusEvent } from "../../kernel/bus.ts";
import type { Context } from "../../kernel/context.ts";
import { eventListeners, type EventListener } from "../../kernel/event-listeners.ts";
import { matchesValue } from "../../patterns/matchers.ts";
import { parsePattern, type Branch } from "../../patterns/parse.ts";
import { archivesOf } from "./archive-table.ts";
import { defaultBus } from "./bus-table.ts";
import { routeEvent } from "./routing.ts";
import { rules } from "./rule-table.ts";

const apiCall = "AWS API Call via CloudTrail";

/** Of everything that came to the bus since. */
export const serviceEvent = job<BusEvent>("eventbridge.serviceEvent", (event, ctx) => {
  const { id, source, detailType, resources, account, region, time } = event;
  routeEvent(ctx, defaultBus, {
    id, source, detailType, resources, account, region, time,
    detail: JSON.stringify(event.detail),
    ingestedAt: ctx.clock.now(),
  });
});

/** To be called after every change of the default bus's rules or archives. */
export function keepListener(ctx: Context): void {
  const branches: Branch[] = [];
  let wantsReading = false;
  for (const { pattern, state } of ctx.db(rules).list({ prefix: defaultBus })) {
    if (pattern === undefined || state === "DISABLED") continue;
    branches.push(...parsePattern(pattern).branches);
    if (state === "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") wantsReading = true;
  }
  for (const { pattern } of archivesOf(ctx, defaultBus)) {
    branches.push(...(pattern === undefined ? [[]] : parsePattern(pattern).branches));
  }
  const name = serviceEvent.name;
  if (branches.length === 0) {
    ctx.db(eventListeners).delete(name);
    return;
  }
  const wantsCalls = branches.some((branch) => allows(branch, "detail-type", apiCall));
  const apiCalls = wantsCalls ? (wantsReading ? "all" : "writing") : "none";
  const sources = sourcesOf(branches);
  const listener: EventListener = { job: name, apiCalls, ...(sources && { sources }) };
  ctx.db(eventListeners).put(listener);
}

function allows(branch: Branch, name: string, value: string): boolean {
  const field = branch.find((each) => each.name === name);
  return !field || field.anyOf.some((matcher) => matchesValue(matcher, value));
}

/** Undefined when events of any source may be wanted. */
function sourcesOf(branches: readonly Branch[]): readonly string[] | undefined {
  const sources = new Set<string>();
  for (const branch of branches) {
    const field = branch.find(({ name }) => name === "source");
    if (!field) return undefined;
    for (const matcher of field.anyOf) {
      if (matcher.type !== "exact") return undefined;
      if (typeof matcher.value === "string") sources.add(matcher.value);
    }
  }
  return [...sources];
}
