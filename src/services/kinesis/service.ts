/** Amazon Kinesis Data Streams. */

import * as kinesis from "../../generated/kinesis.ts";
import { service } from "../../kernel/service.ts";
import * as consumers from "./consumers.ts";
import * as encryption from "./encryption.ts";
import * as growth from "./growth.ts";
import * as limits from "./limits.ts";
import { observes } from "./metrics.ts";
import * as policies from "./policies.ts";
import { resourcePolicyOf } from "./policy-rows.ts";
import * as putting from "./putting.ts";
import * as reading from "./reading.ts";
import * as resharding from "./resharding.ts";
import * as resourceTags from "./resource-tags.ts";
import * as retention from "./retention.ts";
import * as shards from "./shards.ts";
import * as streamSettings from "./stream-settings.ts";
import * as streams from "./streams.ts";
import * as subscriptions from "./subscriptions.ts";
import * as tags from "./tags.ts";
import * as warmThroughput from "./warm-throughput.ts";

export default service(kinesis.service, {
  nouns: [
    streams, streamSettings, warmThroughput, limits, shards, resharding, growth, putting, reading, retention,
    consumers, subscriptions, encryption, policies, tags, resourceTags,
  ],
  resourcePolicy: resourcePolicyOf,
  tagging: resourceTags.tagging,
  observes,
});
