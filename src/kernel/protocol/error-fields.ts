/** What of an error goes onto the wire, whatever the protocol. */

import type { AwsError } from "../errors.ts";
import type { ServiceModel, Shape } from "../model/model.ts";
import { findShape, membersOf, onceFor } from "./compile.ts";
import type { Members } from "./compile.ts";
import type { Headers } from "./protocol.ts";

export interface ModelledError {
  readonly shape: Shape;
  /** How the shape spells its message member; `message` where it has none. */
  readonly messageName: string;
  /** The members beside the message. */
  readonly members: Members;
}

const modelledOf = onceFor((shape: Shape, _service): ModelledError => {
  const members = membersOf(shape);
  const messageName = members.find(([name]) => name.toLowerCase() === "message")?.[0] ?? "message";
  return { shape, messageName, members: members.filter(([name]) => name !== messageName) };
});

/** What the service's model says of the error; undefined for errors that it does not declare. */
export function findModelled(error: AwsError, service: ServiceModel): ModelledError | undefined {
  const shape = error.shape === undefined ? undefined : findShape(error.shape, service);
  return shape && modelledOf(shape, service);
}

/** The name that JSON and CBOR clients look for: the shape's. */
export function errorName(error: AwsError): string {
  return error.shape ?? error.code;
}

/**
 * `com.amazonaws.sqs#QueueDoesNotExist`. Errors of the framework have its namespace, and a version in the
 * name of the target is part of the namespace.
 *
 * @evidence DynamoDB Developer Guide, Error handling:
 * `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`
 */
export function qualifiedErrorName(error: AwsError, service: ServiceModel): string {
  const name = errorName(error);
  if (error.shape === undefined) {
    return `com.amazon.coral.${name === "ValidationException" ? "validate" : "service"}#${name}`;
  }
  const version = /_(\d{8})$/.exec(service.targetPrefix ?? "")?.[1];
  return `com.amazonaws.${service.service.replaceAll("-", "")}${version ? `.v${version}` : ""}#${name}`;
}

/** How the error's body spells its message. Refusals of the serialization framework spell it in capitals. */
export function messageNameOf(error: AwsError, modelled: ModelledError | undefined): string {
  return modelled?.messageName ?? (error.code === "SerializationException" ? "Message" : "message");
}

/** Clients that knew a service's Query protocol find the code that they know in this header. */
export function addQueryError(headers: Headers, error: AwsError, service: ServiceModel): void {
  if (!service.queryCompatible) return;
  headers["x-amzn-query-error"] = `${error.queryCode ?? errorName(error)};${error.fault}`;
}
