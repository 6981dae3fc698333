/** Amazon CloudWatch Logs. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { service } from "../../kernel/service.ts";
import * as accountPolicies from "./account-policies.ts";
import * as anomalies from "./anomalies.ts";
import * as anomalyDetecting from "./anomaly-detecting.ts";
import * as anomalyDetectors from "./anomaly-detectors.ts";
import * as auditing from "./auditing.ts";
import * as dataProtectionPolicies from "./data-protection-policies.ts";
import * as destinations from "./destinations.ts";
import * as deliveries from "./deliveries.ts";
import * as deliveryDestinations from "./delivery-destinations.ts";
import * as deliverySources from "./delivery-sources.ts";
import * as describeGroups from "./describe-groups.ts";
import * as exporting from "./exporting.ts";
import * as exportTasks from "./export-tasks.ts";
import * as filterLogEvents from "./filter-log-events.ts";
import * as getLogEvents from "./get-log-events.ts";
import * as groupTags from "./group-tags.ts";
import * as groups from "./groups.ts";
import * as indexPolicies from "./index-policies.ts";
import * as liveTail from "./live-tail.ts";
import * as logRecords from "./log-records.ts";
import * as lookupTables from "./lookup-tables.ts";
import * as metricFiltering from "./metric-filtering.ts";
import * as metricFilters from "./metric-filters.ts";
import * as metricValues from "./metric-values.ts";
import * as putLogEvents from "./put-log-events.ts";
import * as queries from "./queries.ts";
import * as queryDefinitions from "./query-definitions.ts";
import * as queryRunning from "./query-running.ts";
import * as resourcePolicies from "./resource-policies.ts";
import * as retention from "./retention.ts";
import * as scheduledQueries from "./scheduled-queries.ts";
import * as scheduledQuerying from "./scheduled-querying.ts";
import * as streams from "./streams.ts";
import * as subscriptionDelivery from "./subscription-delivery.ts";
import * as subscriptionFilters from "./subscription-filters.ts";
import * as sweeping from "./sweeping.ts";
import * as transformers from "./transformers.ts";
import * as vending from "./vending.ts";

const serviceActions: Readonly<Record<string, readonly string[]>> = {
  "cloudwatch.amazonaws.com": ["logs:DescribeLogGroups", "logs:FilterLogEvents"],
  [vending.deliveryPrincipal]: ["logs:PutLogEvents", "logs:CreateLogStream"],
};

export default service(logs.service, {
  nouns: [
    groups, describeGroups, groupTags, retention, streams, sweeping, putLogEvents, getLogEvents,
    filterLogEvents, metricFilters, metricFiltering, metricValues, subscriptionFilters, subscriptionDelivery,
    destinations, queries, queryRunning, logRecords, queryDefinitions, liveTail, lookupTables, exportTasks,
      exporting,
    resourcePolicies, accountPolicies, indexPolicies, dataProtectionPolicies, auditing, anomalyDetectors,
      anomalyDetecting, anomalies,
    transformers, scheduledQueries, scheduledQuerying,
    deliverySources, deliveryDestinations, deliveries, vending,
  ],
  resourcePolicy: resourcePolicies.policyOf,
  // Groups have tags; what is done with a stream is done with its group.
  taggedAs: (arn) => arn.replace(/(:log-group:[^:]*):.*$/, "$1"),
  // Contributor Insights rules of CloudWatch count what is in the events; vended logs come to the groups that
  // deliveries name, which AWS writes into the groups' policies.
  alsoAllows: ({ principal, action }) => principal.type === "AWSService" &&
    (serviceActions[principal.arn]?.includes(action) ?? false),
  tagging: groupTags.tagging,
});
