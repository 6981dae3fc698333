/**
 * How often each API was called, and how often each of its errors came up: by the minute, by five minutes
 * and by the hour. Kept only where a trail asks for Insights.
 */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

/** What Insights are about: calls of an API, or one of its errors. */
export interface Subject {
  /** The ARN of the trail whose data events they are; empty for management events, which are the region's. */
  readonly trail: string;
  readonly type: cloudtrail.InsightType;
  readonly source: string;
  readonly name: string;
  /** Empty for a rate of calls. */
  readonly code: string;
}

export function keyOf({ trail, type, source, name, code }: Subject): string {
  return JSON.stringify([trail, type, source, name, code]);
}

export function subjectOf(key: string): Subject {
  const [trail, type, source, name, code] = JSON.parse(key) as
    [string, cloudtrail.InsightType, string, string, string];
  return { trail, type, source, name, code };
}

export type Period = 60 | 300 | 3600;
type Counts = Readonly<Record<string, number>>;

/** By whom, with what, and how it ended. */
export interface Attributed {
  readonly count: number;
  readonly identities: Counts;
  readonly agents: Counts;
  readonly codes: Counts;
}

export interface InsightCount extends Attributed {
  readonly subject: string;
  /** Seconds. */
  readonly period: Period;
  /** When it begins: epoch milliseconds. */
  readonly at: number;
  /** Of an hour: the sum of the squares of the counts of its five minutes. */
  readonly squares: number;
}

export const insightCounts = table<InsightCount, "age">("cloudtrail.insightCounts", {
  key: ({ subject, period, at }) => [subject, period, at],
  indexes: { age: ({ period, at }) => [period, at] },
});

/** Five minutes that were not looked at yet. */
interface Window {
  readonly at: number;
  readonly subject: string;
  /** ARNs of the trails whose events they are. */
  readonly trails: readonly string[];
}

export const insightWindows = table<Window>("cloudtrail.insightWindows", {
  key: ({ at, subject }) => [at, subject],
});

const minute = 60_000;
export const windowMilliseconds = 5 * minute;
export const hourMilliseconds = 60 * minute;
const day = 24 * hourMilliseconds;
/** @evidence CloudTrail User Guide, "insightDetails": the seven days before unusual activity */
export const baselineMilliseconds = 7 * day;

/** @evidence CloudTrail API Reference, ListInsightsMetricData: for how long data points are available */
export const keptMilliseconds: Readonly<Record<Period, number>> = {
  60: 15 * day, 300: 63 * day, 3600: 90 * day,
};

/** So many identities, agents and codes are told apart in five minutes or an hour; others only count. */
const attributedMax = 100;
const trimMax = 256;

export const nothing: Attributed = { count: 0, identities: {}, agents: {}, codes: {} };

/** Names are whatever clients call themselves. */
function plus(one: Counts, other: Counts): Counts {
  const sum = new Map(Object.entries(one));
  for (const [name, count] of Object.entries(other)) {
    if (sum.size < attributedMax || sum.has(name)) sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return Object.fromEntries(sum);
}

export function together(one: Attributed, other: Attributed): Attributed {
  return {
    count: one.count + other.count,
    identities: plus(one.identities, other.identities),
    agents: plus(one.agents, other.agents),
    codes: plus(one.codes, other.codes),
  };
}

/** One call, as it counts for a subject. */
interface Counted {
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly identity: string;
  readonly agent: string;
  /** Of the call's error; `null` for none. */
  readonly code: string;
  readonly trails: Iterable<string>;
}

interface WindowTally {
  readonly subject: string;
  readonly at: number;
  readonly trails: Set<string>;
  readonly minutes: Map<number, number>;
  count: number;
  readonly identities: Map<string, number>;
  readonly agents: Map<string, number>;
  readonly codes: Map<string, number>;
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Counts in memory what is then written at once. */
export class Tally {
  readonly #windows = new Map<string, WindowTally>();

  add({ subject, at, identity, agent, code, trails }: Counted): void {
    const start = at - (at % windowMilliseconds);
    const name = `${start} ${subject}`;
    let window = this.#windows.get(name);
    if (!window) {
      const counts = { count: 0, identities: new Map(), agents: new Map(), codes: new Map() };
      window = { subject, at: start, trails: new Set(), minutes: new Map(), ...counts };
      this.#windows.set(name, window);
    }
    for (const trail of trails) window.trails.add(trail);
    const full = at - (at % minute);
    window.minutes.set(full, (window.minutes.get(full) ?? 0) + 1);
    window.count += 1;
    increment(window.identities, identity);
    increment(window.agents, agent);
    increment(window.codes, code);
  }

  /** @param watchedFrom windows before are counted and not looked at */
  write(ctx: Context, watchedFrom: number): void {
    const rows = ctx.db(insightCounts);
    for (const { subject, at, trails, minutes, ...window } of this.#windows.values()) {
      // With no more names than are told apart.
      const counts = together(nothing, {
        count: window.count,
        identities: Object.fromEntries(window.identities),
        agents: Object.fromEntries(window.agents),
        codes: Object.fromEntries(window.codes),
      });
      const add = (period: Period, start: number, more: Attributed, squares: number): void => {
        const known = rows.get([subject, period, start]);
        const sum = known ? together(known, more) : more;
        rows.put({ subject, period, at: start, ...sum, squares: (known?.squares ?? 0) + squares });
      };
      for (const [start, count] of minutes) add(60, start, { ...nothing, count }, 0);
      const before = rows.get([subject, 300, at])?.count ?? 0;
      add(300, at, counts, 0);
      const squares = (before + counts.count) ** 2 - before ** 2;
      add(3600, at - (at % hourMilliseconds), counts, squares);
      if (at < watchedFrom) continue;
      const known = ctx.db(insightWindows).get([at, subject])?.trails ?? [];
      ctx.db(insightWindows).put({ at, subject, trails: [...new Set([...known, ...trails])] });
    }
  }
}

/** Those of a subject that begin in a time, `before` exclusive. */
export function countsBetween(
  ctx: Pick<ReadContext, "db">, subject: string, period: Period, from: number, before: number,
): Iterable<InsightCount> {
  return ctx.db(insightCounts).list({ from: [subject, period, from], before: [subject, period, before] });
}

/** What is past its time goes, some at a time. */
export function trimCounts(ctx: Context): void {
  const rows = ctx.db(insightCounts);
  for (const period of [60, 300, 3600] as const) {
    const before = [period, ctx.clock.now() - keptMilliseconds[period]] as const;
    for (const old of [...rows.by("age").list({ from: [period], before, limit: trimMax })]) {
      rows.delete([old.subject, old.period, old.at]);
    }
  }
}
