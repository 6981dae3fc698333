/** Amazon DynamoDB. */

import * as dynamodb from "../../generated/dynamodb.ts";
import { service } from "../../kernel/service.ts";
import { gauges } from "./capacity/account-metrics.ts";
import * as capacityMetrics from "./capacity/metrics.ts";
import * as backups from "./backups/backups.ts";
import * as continuousBackups from "./backups/continuous-backups.ts";
import * as copies from "./backups/copies.ts";
import * as restores from "./backups/restores.ts";
import * as batchGet from "./batches/batch-get.ts";
import * as batchWrite from "./batches/batch-write.ts";
import * as exporting from "./exports/exporting.ts";
import * as exportRows from "./exports/export-rows.ts";
import * as tableExports from "./exports/exports.ts";
import * as expiries from "./expiry/expiries.ts";
import * as timeToLive from "./expiry/time-to-live.ts";
import * as onlineIndexes from "./indexes/online-indexes.ts";
import * as importing from "./imports/importing.ts";
import * as importRows from "./imports/import-rows.ts";
import * as imports from "./imports/imports.ts";
import * as collections from "./items/collections.ts";
import * as deleteItem from "./items/delete-item.ts";
import * as getItem from "./items/get-item.ts";
import * as itemRows from "./items/item-rows.ts";
import * as lagging from "./items/lagging.ts";
import * as putItem from "./items/put-item.ts";
import * as updateItem from "./items/update-item.ts";
import * as policies from "./policies/policies.ts";
import { resourcePolicyOf } from "./policies/policy-rows.ts";
import * as query from "./queries/query.ts";
import * as scan from "./queries/scan.ts";
import * as batchExecuteStatement from "./statements/batch-execute-statement.ts";
import * as executeStatement from "./statements/execute-statement.ts";
import * as executeTransaction from "./statements/execute-transaction.ts";
import * as earlierGlobalTables from "./replicas/earlier-global-tables.ts";
import * as membership from "./replicas/membership.ts";
import * as outgoing from "./replicas/outgoing.ts";
import * as sending from "./replicas/sending.ts";
import * as replicaAutoScaling from "./replicas/replica-auto-scaling.ts";
import * as contributorInsights from "./settings/contributor-insights.ts";
import * as kinesisSending from "./kinesis/sending.ts";
import * as kinesisDestinations from "./kinesis/destinations.ts";
import * as streamRows from "./streams/stream-rows.ts";
import * as createTable from "./tables/create-table.ts";
import * as deleteTable from "./tables/delete-table.ts";
import * as describeTable from "./tables/describe-table.ts";
import * as encryption from "./tables/encryption.ts";
import * as keyWatch from "./tables/key-watch.ts";
import * as lifecycles from "./tables/lifecycles.ts";
import * as updateTable from "./tables/update-table.ts";
import * as tags from "./tags/tags.ts";
import * as tokens from "./transactions/tokens.ts";
import * as transactGet from "./transactions/transact-get.ts";
import * as transactWrite from "./transactions/transact-write.ts";

export default service(dynamodb.service, {
  nouns: [
    createTable, describeTable, updateTable, deleteTable, lifecycles, encryption, keyWatch, onlineIndexes,
    tags, policies, timeToLive, expiries, contributorInsights, streamRows,
    itemRows, lagging, collections, getItem, putItem, updateItem, deleteItem, query, scan,
    batchGet, batchWrite,
    transactGet, transactWrite, tokens, executeStatement, batchExecuteStatement, executeTransaction,
    backups, continuousBackups, copies, restores, membership, outgoing, sending,
    earlierGlobalTables, replicaAutoScaling, kinesisDestinations, kinesisSending,
    tableExports, exportRows, exporting, imports, importRows, importing,
  ],
  tagging: tags.tagging,
  // Between regions the service works on its own tables as itself.
  alsoAllows: ({ principal }) =>
    principal.type === "AWSService" && principal.arn === "dynamodb.amazonaws.com",
  resourcePolicy: resourcePolicyOf,
  taggedAs: (arn) => arn.replace(/\/index\/.*$/, ""),
  /** @evidence recorded denials: "dynamodb:DescribeLimits on resource: * because no …" */
  saysAnyResource: true,
  observes: capacityMetrics.observes,
  gauges,
});
