/** The rows of anomaly detectors, and what bands leave out for them. */

import { createHash } from "node:crypto";
import type {
  AnomalyDetectorConfiguration, MetricCharacteristics, MetricDataQuery, SingleMetricAnomalyDetector,
} from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { sortedDimensions, type MetricId } from "./metric-rows.ts";

export interface Detector {
  readonly id: string;
  readonly single?: SingleMetricAnomalyDetector;
  readonly queries?: readonly MetricDataQuery[];
  readonly configuration: AnomalyDetectorConfiguration;
  readonly characteristics?: MetricCharacteristics;
  readonly createdAt: number;
}

export const detectors = table<Detector>("cloudwatch.anomalyDetectors", { key: (row) => row.id });

export function idOf(what: object): string {
  return createHash("sha256").update(JSON.stringify(what)).digest("hex");
}

/** Whether the detector of a metric is not to learn from a time. */
export function exclusionOf(
  ctx: Pick<ReadContext, "db">, { namespace, name, dimensions, stat }: MetricId & { readonly stat: string },
): (at: number) => boolean {
  const single = {
    Namespace: namespace, MetricName: name, Stat: stat, Dimensions: sortedDimensions(dimensions),
  };
  const ranges = ctx.db(detectors).get(idOf(single))?.configuration.ExcludedTimeRanges ?? [];
  return (at) => ranges.some(({ StartTime, EndTime }) => at >= StartTime && at < EndTime);
}
