/** How V8 collects garbage in a process that is a region: seldom, and with short pauses. */

import { constants, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";

/** What the old generation may grow by before it is collected. */
const growthBytes = 96 * 1024 * 1024;
/** V8's own growth of large heaps. */
const growthPercentMin = 50;

/**
 * Two settings. V8 may put objects into the old generation from the start where their like have often lived
 * long ("pretenuring"): in a server those are the objects of requests that waited, and each of them, dead
 * soon, keeps all that it refers to alive until the next old collection. And by itself V8 collects an old
 * generation of 14 MB, which is what a region has, each time it has grown by another 10.
 *
 * Measured: docs/performance.md.
 */
export function tuneCollector(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
  setGrowth();
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isOfOldGeneration)) setGrowth();
  }).observe({ entryTypes: ["gc"] });
}

function isOfOldGeneration({ detail }: PerformanceEntry & { readonly detail?: unknown }): boolean {
  const { kind } = detail as { readonly kind: number };
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** By how much of what lives now the old generation may grow until it is collected the next time. */
function setGrowth(): void {
  const percent = Math.round((100 * growthBytes) / getHeapStatistics().used_heap_size);
  setFlagsFromString(`--heap-growing-percent=${Math.max(growthPercentMin, percent)}`);
}
