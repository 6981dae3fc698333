/**
 * The statistics that CloudWatch knows, by name, and their values.
 *
 * @evidence CloudWatch User Guide, "CloudWatch statistics definitions"
 */

import type { Accumulator, Distribution } from "./statistic-sets.ts";

/** The bounds of a trimmed statistic: percentiles or values. */
interface Bound {
  readonly value: number;
  readonly isPercent: boolean;
}

export type Statistic =
  | { readonly kind: "plain"; readonly name: "SampleCount" | "Average" | "Sum" | "Minimum" | "Maximum" }
  | { readonly kind: "percentile"; readonly percent: number }
  | {
      readonly kind: "TM" | "TC" | "TS" | "WM" | "PR";
      readonly from: Bound | undefined;
      readonly to: Bound | undefined;
    };

const plainNames = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"] as const;
const shortKinds = { tm: "TM", tc: "TC", ts: "TS", wm: "WM" } as const;
const percent = (value: number): Bound => ({ value, isPercent: true });

/** Undefined for what is no statistic. */
export function parseStatistic(text: string): Statistic | undefined {
  const name = plainNames.find((candidate) => candidate === text);
  if (name) return { kind: "plain", name };
  if (text === "IQM") return { kind: "TM", from: percent(25), to: percent(75) };
  const short = /^(p|tm|tc|ts|wm)(\d{1,2}(?:\.\d{0,10})?|100)$/.exec(text);
  if (short) {
    const value = Number(short[2]);
    const kind = short[1] as "p" | keyof typeof shortKinds;
    if (kind === "p") return { kind: "percentile", percent: value };
    return { kind: shortKinds[kind], from: undefined, to: percent(value) };
  }
  return parseRange(text);
}

function parseRange(text: string): Statistic | undefined {
  const match = /^(TM|TC|TS|WM|PR)\(([^:()]*):([^:()]*)\)$/.exec(text);
  if (!match) return undefined;
  const [, kind, fromText = "", toText = ""] = match;
  const from = parseBound(fromText);
  const to = parseBound(toText);
  if (from === null || to === null || (!from && !to)) return undefined;
  if (from && to && (from.isPercent !== to.isPercent || from.value >= to.value)) return undefined;
  if (kind === "PR" && (from?.isPercent || to?.isPercent)) return undefined;
  return { kind: kind as "TM" | "TC" | "TS" | "WM" | "PR", from, to };
}

/** Undefined where there is no bound, null where it is none. */
function parseBound(text: string): Bound | undefined | null {
  if (text === "") return undefined;
  const match = /^(\d+(?:\.\d{0,10})?)(%?)$/.exec(text);
  if (!match) return null;
  const bound = { value: Number(match[1]), isPercent: match[2] === "%" };
  return bound.isPercent && bound.value > 100 ? null : bound;
}

/** Whether it needs to know how often each value was there. */
export function needsDistribution(statistic: Statistic): boolean {
  return statistic.kind !== "plain";
}

/** Undefined where it can't be told. */
export function valueOf(statistic: Statistic, of: Accumulator): number | undefined {
  if (of.count === 0) return undefined;
  if (statistic.kind === "plain") return plainValue(statistic.name, of);
  const distribution = of.distribution();
  if (!distribution) return undefined;
  if (statistic.kind === "percentile") return percentile(distribution, of.count, statistic.percent);
  return trimmed(statistic.kind, distribution, of.count, statistic.from, statistic.to);
}

function plainValue(name: (typeof plainNames)[number], of: Accumulator): number {
  switch (name) {
    case "SampleCount": return of.count;
    case "Average": return of.sum / of.count;
    case "Sum": return of.sum;
    case "Minimum": return of.minimum;
    case "Maximum": return of.maximum;
  }
}

/** The least value that is at least as great as so many percent of all. */
function percentile({ values, counts }: Distribution, total: number, rank: number): number {
  const wanted = (total * rank) / 100;
  let below = 0;
  for (let index = 0; index < values.length; index++) {
    below += counts[index] ?? 0;
    if (below >= wanted - total * 1e-12) return values[index] ?? 0;
  }
  return values[values.length - 1] ?? 0;
}

/** A value that lies across a bound counts by the part of it that is inside. */
function trimmed(
  kind: "TM" | "TC" | "TS" | "WM" | "PR", distribution: Distribution, total: number,
  from: Bound | undefined, to: Bound | undefined,
): number | undefined {
  const { values, counts } = distribution;
  const isPercent = (from ?? to)?.isPercent ?? true;
  const low = isPercent ? ((from?.value ?? 0) / 100) * total : undefined;
  const high = isPercent ? ((to?.value ?? 100) / 100) * total : undefined;
  let below = 0;
  let count = 0;
  let sum = 0;
  let first: number | undefined;
  let last: number | undefined;
  let above = 0;
  values.forEach((value, index) => {
    const times = counts[index] ?? 0;
    const inside =
      low !== undefined && high !== undefined
        ? Math.max(0, Math.min(high, below + times) - Math.max(low, below))
        : value > (
          from?.value ?? Number.NEGATIVE_INFINITY
        ) && value <= (to?.value ?? Number.POSITIVE_INFINITY)
          ? times
          : 0;
    below += times;
    if (inside <= 0) return;
    if (first === undefined) {
      first = value;
      above = below - inside;
    }
    last = value;
    count += inside;
    sum += value * inside;
  });
  switch (kind) {
    case "TC": return count;
    case "TS": return sum;
    case "PR": return (count / total) * 100;
    case "TM": return count > 0 ? sum / count : undefined;
    case "WM": {
      if (first === undefined || last === undefined) return undefined;
      // What was left out below and above is counted as the nearest value that was not.
      const under = isPercent ? (low ?? 0) : above;
      const over = total - count - under;
      return (sum + under * first + over * last) / total;
    }
  }
}
