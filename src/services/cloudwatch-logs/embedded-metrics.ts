/** Events that say of themselves which of their members are metrics. */

import type { Context } from "../../kernel/context.ts";
import { readEmbedded, type EmbeddedMetrics } from "../../kernel/embedded-metrics.ts";
import { meter } from "../../kernel/metrics.ts";
import type { MetricValue } from "./metric-values.ts";

/** @evidence CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics" */
const errors = {
  parsing: meter("AWS/Logs", "EMFParsingErrors", "None", ["LogGroupName"]),
  validation: meter("AWS/Logs", "EMFValidationErrors", "None", ["LogGroupName"]),
};

function valuesOf({ Namespace, MetricData }: EmbeddedMetrics): MetricValue[] {
  return MetricData.flatMap((datum) => datum.Values.map((value) => ({
    namespace: Namespace,
    name: datum.MetricName,
    unit: datum.Unit ?? "None",
    dimensions: Object.fromEntries(datum.Dimensions.map(({ Name, Value }) => [Name, Value])),
    timestamp: datum.Timestamp,
    value,
    ...(datum.StorageResolution === 1 && { isHighResolution: true }),
  })));
}

/** The metrics of a group's events; those that are wrong are counted. */
export function embeddedMetrics(ctx: Context, group: string, messages: readonly string[]): MetricValue[] {
  return messages.flatMap((message) => {
    const { metrics, fault } = readEmbedded(message);
    if (fault) ctx.metric(errors[fault], [group], 1);
    return metrics.flatMap(valuesOf);
  });
}
