/** AWS Lambda. */

import * as lambda from "../../generated/lambda.ts";
import { service } from "../../kernel/service.ts";
import * as aliases from "./aliases.ts";
import * as asynchronous from "./asynchronous.ts";
import { bodyLimit } from "./body-limits.ts";
import * as codeSigning from "./code-signing.ts";
import * as concurrency from "./concurrency.ts";
import * as durableCallbacks from "./durable-callbacks.ts";
import * as durableCheckpoints from "./durable-checkpoints.ts";
import * as durableEnding from "./durable-ending.ts";
import * as durableExecutions from "./durable-executions.ts";
import * as durableRunning from "./durable-running.ts";
import * as durableTimers from "./durable-timers.ts";
import * as eventInvokeConfigs from "./event-invoke-configs.ts";
import * as eventSourceMappings from "./event-source-mappings.ts";
import * as eventSourcePollers from "./event-source-pollers.ts";
import { front } from "./http/front.ts";
import * as functionSettings from "./function-settings.ts";
import * as functionUpdates from "./function-updates.ts";
import * as functionUrls from "./function-urls.ts";
import * as functions from "./functions.ts";
import * as invoking from "./invoking.ts";
import * as layerPermissions from "./layer-permissions.ts";
import * as layers from "./layers.ts";
import * as permissions from "./permissions.ts";
import * as provisioning from "./provisioning.ts";
import { resourcePolicy } from "./resource-policy.ts";
import * as tags from "./tags.ts";
import { trailName } from "./trail-names.ts";
import * as versions from "./versions.ts";

export default service(lambda.service, {
  nouns: [
    functions, functionUpdates, versions, aliases, layers, layerPermissions, permissions, concurrency,
    provisioning, invoking,
    asynchronous, eventInvokeConfigs, functionUrls, functionSettings, codeSigning, tags,
    eventSourceMappings, eventSourcePollers, durableExecutions, durableCheckpoints, durableCallbacks,
    durableRunning, durableEnding, durableTimers,
  ],
  resourcePolicy,
  // @evidence Lambda Developer Guide, "Using tags on Lambda functions": not of versions and aliases
  taggedAs: (arn) => arn.replace(/(:function:[^:]*):.*$/, "$1"),
  /** @evidence recorded denials: "lambda:ListFunctions on resource: * because no …" */
  saysAnyResource: true,
  trailName,
  tagging: tags.tagging,
  bodyLimit,
  front,
});
