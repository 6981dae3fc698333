/** Amazon CloudWatch: metrics and alarms. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import { service } from "../../kernel/service.ts";
import * as alarmActions from "./alarm-actions.ts";
import * as alarmContributors from "./alarm-contributors.ts";
import * as alarmHistory from "./alarm-history.ts";
import * as alarmSweep from "./alarm-sweep.ts";
import * as alarmTags from "./alarm-tags.ts";
import * as alarmTransitions from "./alarm-transitions.ts";
import * as alarms from "./alarms.ts";
import * as anomalyDetectors from "./anomaly-detectors.ts";
import * as compositeAlarms from "./composite-alarms.ts";
import * as dashboards from "./dashboards.ts";
import * as getMetricData from "./get-metric-data.ts";
import * as getMetricStatistics from "./get-metric-statistics.ts";
import * as insightRuleReport from "./insight-rule-report.ts";
import * as insightRules from "./insight-rules.ts";
import * as listMetrics from "./list-metrics.ts";
import * as metricAlarms from "./metric-alarms.ts";
import * as metricStreamDelivery from "./metric-stream-delivery.ts";
import * as metricStreams from "./metric-streams.ts";
import * as metricWidgetImage from "./metric-widget-image.ts";
import * as muteRules from "./mute-rules.ts";
import * as putMetricData from "./put-metric-data.ts";
import * as retention from "./retention.ts";

export default service(cloudwatch.service, {
  nouns: [
    putMetricData, listMetrics, getMetricStatistics, getMetricData, retention,
    metricAlarms, compositeAlarms, alarms, alarmContributors, alarmHistory, alarmActions, alarmSweep,
    alarmTransitions, alarmTags, muteRules, insightRules, insightRuleReport,
    dashboards, metricWidgetImage, anomalyDetectors, metricStreams, metricStreamDelivery,
  ],
  metricSink: putMetricData.storeTotals,
  // What log groups' metric filters and embedded metrics give comes from the service of logs itself.
  alsoAllows: ({ principal, action }) => principal.type === "AWSService" &&
    principal.arn === "logs.amazonaws.com" && action === "cloudwatch:PutMetricData",
  tagging: alarmTags.tagging,
});
