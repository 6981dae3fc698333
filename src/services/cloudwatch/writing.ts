/** How the stored data points of a metric grow. */

import type { Context } from "../../kernel/context.ts";
import { sweepForData } from "./alarm-sweep.ts";
import {
  metrics, millisecondsPerMinute, points, seriesOf, type MetricId, type PointRow,
} from "./metric-rows.ts";
import { streamLater } from "./metric-stream-delivery.ts";
import { expectThinning } from "./retention.ts";
import { merged, type StatisticSet } from "./statistic-sets.ts";

/** A metric is noted as seen again only after so long, so that a busy one costs no write a data point. */
const seenMilliseconds = 5 * millisecondsPerMinute;

export interface Sample {
  readonly unit: string;
  readonly set: StatisticSet;
  /** Epoch milliseconds: the minute's start, or the second's with a high resolution. */
  readonly at: number;
  readonly highResolution: boolean;
}

/** Writes what came for one metric, each minute's row once. */
export function store(ctx: Context, id: MetricId, samples: readonly Sample[]): void {
  const series = seriesOf(id);
  const byMinute = new Map<number, Sample[]>();
  let lastAt = 0;
  for (const sample of samples) {
    const minute = sample.at - (sample.at % millisecondsPerMinute);
    const known = byMinute.get(minute);
    if (known) known.push(sample);
    else byMinute.set(minute, [sample]);
    lastAt = Math.max(lastAt, sample.at);
  }
  noteMetric(ctx, series, id, lastAt);
  sweepForData(ctx);
  const rows = ctx.db(points);
  for (const [at, ofMinute] of byMinute) {
    rows.put(grown(rows.get([series, at]) ?? { series, at, sets: [] }, ofMinute));
    streamLater(ctx, series, at);
  }
}

function noteMetric(
  ctx: Context, series: string, { namespace, name, dimensions }: MetricId, lastAt: number,
): void {
  const known = ctx.db(metrics).get(series);
  if (!known) expectThinning(ctx);
  if (known && lastAt - known.lastAt < seenMilliseconds) return;
  ctx.db(metrics).put({ series, namespace, name, dimensions, lastAt });
}

function grown(row: PointRow, samples: readonly Sample[]): PointRow {
  const sets = [...row.sets];
  const seconds = [...(row.seconds ?? [])];
  for (const { unit, set, at, highResolution } of samples) {
    const index = sets.findIndex((candidate) => candidate.unit === unit);
    if (index < 0) sets.push({ unit, ...set });
    else sets[index] = { unit, ...merged(sets[index], set) };
    if (!highResolution) continue;
    const second = (at % millisecondsPerMinute) / 1_000;
    const known = seconds.findIndex((candidate) => candidate.unit === unit && candidate.second === second);
    if (known < 0) seconds.push({ unit, second, ...set });
    else seconds[known] = { unit, second, ...merged(seconds[known], set) };
  }
  return { series: row.series, at: row.at, sets, ...(seconds.length > 0 && { seconds }) };
}
