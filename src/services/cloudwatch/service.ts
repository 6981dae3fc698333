/** Amazon CloudWatch: metrics and alarms. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import { service } from "../../kernel/service.ts";
import * as getMetricData from "./get-metric-data.ts";
import * as getMetricStatistics from "./get-metric-statistics.ts";
import * as listMetrics from "./list-metrics.ts";
import * as putMetricData from "./put-metric-data.ts";
import * as retention from "./retention.ts";

export default service(cloudwatch.service, {
  nouns: [putMetricData, listMetrics, getMetricStatistics, getMetricData, retention],
  metricSink: putMetricData.storeTotals,
});
