/** What EventBridge measures of itself. @evidence EventBridge User Guide, "Monitoring Amazon EventBridge" */

import { meter } from "../../kernel/metrics.ts";

const namespace = "AWS/Events";

export const matchedEvents = meter(namespace, "MatchedEvents", "Count");
export const triggeredRules = meter(namespace, "TriggeredRules", "Count", ["RuleName"]);
export const invocations = meter(namespace, "Invocations", "Count", ["RuleName"]);
export const invocationAttempts = meter(namespace, "InvocationAttempts", "Count", ["RuleName"]);
export const successfulAttempts = meter(namespace, "SuccessfulInvocationAttempts", "Count", ["RuleName"]);
export const retryAttempts = meter(namespace, "RetryInvocationAttempts", "Count", ["RuleName"]);
export const failedInvocations = meter(namespace, "FailedInvocations", "Count", ["RuleName"]);
export const sentToDeadLetters = meter(namespace, "InvocationsSentToDlq", "Count", ["RuleName"]);
export const lostDeadLetters = meter(namespace, "InvocationsFailedToBeSentToDlq", "Count", ["RuleName"]);
export const putEntries = meter(namespace, "PutEventsEntriesCount", "Count");
export const failedEntries = meter(namespace, "PutEventsFailedEntriesCount", "Count");
export const putCalls = meter(namespace, "PutEventsApproximateCallCount", "Count");
export const putBytes = meter(namespace, "PutEventsRequestSize", "Bytes");
