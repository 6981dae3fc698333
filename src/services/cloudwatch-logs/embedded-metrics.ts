/**
 * Events that say of themselves which of their members are metrics.
 *
 * @evidence CloudWatch User Guide, "Specification: Embedded metric format"
 */

import type { MetricValue } from "./metric-values.ts";
import { asWritten, type WatchedEvent } from "./watched-events.ts";

/** @evidence the same: 100 metrics a directive, 30 dimensions a set, 100 values a metric */
const metricsMax = 100;
const dimensionsMax = 30;
const valuesMax = 100;

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numbersOf(value: unknown): number[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const isRight = all.length <= valuesMax && all.every((each) => typeof each === "number");
  return isRight ? (all as number[]) : [];
}

/** Undefined when a member that the set names is not there, or there are too many. */
function dimensionsOf(root: Members, set: unknown): Record<string, string> | undefined {
  if (!Array.isArray(set) || set.length > dimensionsMax) return undefined;
  const dimensions: Record<string, string> = {};
  for (const name of set as unknown[]) {
    if (typeof name !== "string") return undefined;
    const value = root[name];
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    dimensions[name] = String(value);
  }
  return dimensions;
}

function valuesOf(root: Members, directive: Members, timestamp: number): MetricValue[] {
  const { Namespace: namespace, Dimensions: sets = [[]], Metrics: metrics } = directive;
  if (typeof namespace !== "string" || !Array.isArray(sets) || !Array.isArray(metrics)) return [];
  const named: unknown[] = sets.length === 0 ? [[]] : sets;
  const dimensionSets = named.map((set) => dimensionsOf(root, set)).filter((set) => set !== undefined);
  return metrics.slice(0, metricsMax).flatMap((metric: unknown): MetricValue[] => {
    if (!isMembers(metric) || typeof metric["Name"] !== "string") return [];
    const { Name: name, Unit: unit, StorageResolution: resolution } = metric;
    return numbersOf(root[name]).flatMap((value) => dimensionSets.map((dimensions) => ({
      namespace, name, unit: typeof unit === "string" ? unit : "None", dimensions, timestamp, value,
      ...(resolution === 1 && { isHighResolution: true }),
    })));
  });
}

/** Documents that are not as the format says give none. */
export function embeddedMetrics(events: readonly WatchedEvent[]): MetricValue[] {
  return events.flatMap((event) => {
    if (!event.message.includes("\"CloudWatchMetrics\"") || !event.message.includes("\"_aws\"")) return [];
    const root = event.json(asWritten);
    const metadata = root?.["_aws"];
    if (!root || !isMembers(metadata)) return [];
    const { Timestamp: timestamp, CloudWatchMetrics: directives } = metadata;
    if (!Array.isArray(directives)) return [];
    const at = typeof timestamp === "number" ? timestamp : event.timestamp;
    return directives.flatMap((each: unknown) => (isMembers(each) ? valuesOf(root, each, at) : []));
  });
}
