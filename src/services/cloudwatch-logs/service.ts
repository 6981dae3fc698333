/** Amazon CloudWatch Logs. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { service } from "../../kernel/service.ts";
import * as describeGroups from "./describe-groups.ts";
import * as filterLogEvents from "./filter-log-events.ts";
import * as getLogEvents from "./get-log-events.ts";
import * as groupTags from "./group-tags.ts";
import * as groups from "./groups.ts";
import * as putLogEvents from "./put-log-events.ts";
import * as retention from "./retention.ts";
import * as streams from "./streams.ts";
import * as sweeping from "./sweeping.ts";

export default service(logs.service, {
  nouns: [
    groups, describeGroups, groupTags, retention, streams, sweeping, putLogEvents, getLogEvents, filterLogEvents,
  ],
  tagging: groupTags.tagging,
});
