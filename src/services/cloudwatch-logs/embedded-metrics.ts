/** Events that say of themselves which of their members are metrics. */

import { embeddedMetrics as metricsWithin } from "../../kernel/embedded-metrics.ts";
import type { MetricValue } from "./metric-values.ts";

export function embeddedMetrics(messages: readonly string[]): MetricValue[] {
  return messages.flatMap((message) => metricsWithin(message).flatMap(({ Namespace, MetricData }) =>
    MetricData.flatMap((datum) => datum.Values.map((value) => ({
      namespace: Namespace,
      name: datum.MetricName,
      unit: datum.Unit ?? "None",
      dimensions: Object.fromEntries(datum.Dimensions.map(({ Name, Value }) => [Name, Value])),
      timestamp: datum.Timestamp,
      value,
      ...(datum.StorageResolution === 1 && { isHighResolution: true }),
    })))));
}
