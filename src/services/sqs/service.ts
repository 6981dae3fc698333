/** Amazon Simple Queue Service. */

import * as sqs from "../../generated/sqs.ts";
import { service } from "../../kernel/service.ts";
import { queueUrlInPath } from "./addresses.ts";
import * as batches from "./batches.ts";
import { denied } from "./errors.ts";
import * as handling from "./handling.ts";
import { gauges, observes } from "./metrics.ts";
import * as moveTasks from "./move-tasks.ts";
import * as permissions from "./permissions.ts";
import * as queueTags from "./queue-tags.ts";
import * as queues from "./queues.ts";
import * as receiving from "./receiving.ts";
import * as redrive from "./redrive.ts";
import * as retention from "./retention.ts";
import * as sending from "./sending.ts";

export default service(sqs.service, {
  nouns: [
    queues, queueTags, permissions, redrive, sending, receiving, handling, batches, retention, moveTasks,
  ],
  inputFromPath: queueUrlInPath,
  tagging: queueTags.tagging,
  resourcePolicy: permissions.queuePolicy,
  denied: ({ message }) => denied(message),
  observes,
  gauges,
});
