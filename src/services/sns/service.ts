/** Amazon Simple Notification Service. */

import * as sns from "../../generated/sns.ts";
import { service } from "../../kernel/service.ts";
import * as archive from "./archive.ts";
import * as batches from "./batches.ts";
import * as confirmations from "./confirmations.ts";
import * as dataProtection from "./data-protection.ts";
import * as deliveries from "./deliveries.ts";
import { authorizationError } from "./errors.ts";
import * as platform from "./platform.ts";
import * as publishing from "./publishing.ts";
import * as sms from "./sms.ts";
import * as subscriptions from "./subscriptions.ts";
import * as tags from "./tags.ts";
import * as topicPolicy from "./topic-policy.ts";
import * as topics from "./topics.ts";

export default service(sns.service, {
  nouns: [
    topics, topicPolicy, subscriptions, confirmations, publishing, batches, deliveries, archive, platform,
    sms, tags, dataProtection,
  ],
  tagging: tags.tagging,
  resourcePolicy: topicPolicy.topicPolicy,
  /** @evidence SNS, recorded: `is not authorized to perform: SNS:Publish on resource: …` */
  denied: ({ message }) => authorizationError(message.replace(/\bsns:(?=[A-Z])/g, "SNS:")),
});
