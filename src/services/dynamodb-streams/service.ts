/** Amazon DynamoDB Streams: the streams that DynamoDB's tables fill. */

import * as streams from "../../generated/dynamodb-streams.ts";
import { service } from "../../kernel/service.ts";
import { resourcePolicyOf } from "../dynamodb/policies/policy-rows.ts";
import * as records from "./records.ts";
import * as streamNoun from "./streams.ts";

export default service(streams.service, {
  nouns: [streamNoun, records],
  resourcePolicy: resourcePolicyOf,
});
