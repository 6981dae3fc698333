/** What EventBridge refuses, worded once. Texts are AWS's own, recorded, unless NOTES.md says otherwise. */

import * as events from "../../generated/eventbridge.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

export function notFound(message: string): AwsError {
  return modelled(events.ResourceNotFoundException, message);
}

export function alreadyExists(message: string): AwsError {
  return modelled(events.ResourceAlreadyExistsException, message);
}

export function busNotFound(name: string): AwsError {
  return notFound(`Event bus ${name} does not exist.`);
}

export function ruleNotFound(rule: string, bus: string): AwsError {
  return notFound(`Rule ${rule} does not exist on EventBus ${bus}.`);
}

export function invalidParameter(name: string, reason: string): AwsError {
  return validation(`Parameter ${name} is not valid. Reason: ${reason}`);
}

export function limitExceeded(): AwsError {
  return modelled(
    events.LimitExceededException, "The requested resource exceeds the maximum number allowed.",
  );
}

export function invalidPattern(reason: string): AwsError {
  return modelled(events.InvalidEventPatternException, `Event pattern is not valid. Reason: ${reason}`);
}

export function invalidToken(): AwsError {
  return validation("Parameter NextToken is not valid. Reason: The token is invalid.");
}

export function managedRule(rule: string, service: string): AwsError {
  return modelled(
    events.ManagedRuleException,
    `Rule ${rule} is managed by ${service}: only that service can change it, unless it is forced.`,
  );
}

export function illegalStatus(message: string): AwsError {
  return modelled(events.IllegalStatusException, message);
}

export function invalidState(message: string): AwsError {
  return modelled(events.InvalidStateException, message);
}

export function discoveryWithKey(bus: string): AwsError {
  return validation(
    `Schema discovery is not supported for event buses encrypted using a customer managed key: ${bus}.`,
  );
}
