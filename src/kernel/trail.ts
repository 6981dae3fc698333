/** Every call as a CloudTrail event, in the caller's own cell, where `LookupEvents` finds it for 90 days. */

import { table } from "../store/types.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import type { AwsError } from "./errors.ts";
import type { OperationModel, ServiceModel, Shape } from "./model/model.ts";
import type { Value } from "./protocol/protocol.ts";

export interface TrailRow {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Tells events of one millisecond apart, in the order in which they happened, restarts included. */
  readonly order: readonly [incarnation: number, sequence: number];
  readonly eventId: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly readOnly: boolean;
  readonly username: string;
  readonly accessKeyId: string | undefined;
  readonly resources: readonly string[];
  /** CloudTrail's own record, as JSON. */
  readonly record: string;
}

export const trailEvents = table<TrailRow>("kernel.trail", { key: (row) => [row.at, ...row.order] });

/** @evidence CloudTrail User Guide, "Viewing recent management events": the past 90 days */
export const trailRetentionMilliseconds = 90 * 86_400_000;

export interface Call {
  readonly at: number;
  readonly order: TrailRow["order"];
  readonly requestId: string;
  readonly eventId: string;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  readonly region: string;
  readonly model: ServiceModel;
  readonly operation: OperationModel;
  readonly input: Value | undefined;
  readonly output: Value | undefined;
  readonly error: AwsError | undefined;
  readonly resources: readonly string[];
  /** The account whose resource was touched. */
  readonly account: string;
}

/** @evidence CloudTrail User Guide, "CloudTrail record contents" */
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
const textLengthMax = 2_000;
const listLengthMax = 100;

/** A value as CloudTrail shows it: first letters lower case, secrets hidden, bytes and streams left out. */
export function shown(value: unknown, shapeName: string | undefined, model: ServiceModel, depth = 0): unknown {
  if (value === undefined || value === null) return undefined;
  const shape = shapeName === undefined ? undefined : model.shapes[shapeName];
  if (shape?.sensitive) return hidden;
  if (depth > 16) return "[omitted]";
  if (typeof value === "string") return value.length > textLengthMax ? `${value.slice(0, textLengthMax)}...` : value;
  if (typeof value !== "object") return shape?.type === "timestamp" ? shownTime(value) : value;
  if (Buffer.isBuffer(value) || Symbol.asyncIterator in value) return undefined;
  if (Array.isArray(value)) {
    return value.slice(0, listLengthMax).map((item) => shown(item, shape?.member?.shape, model, depth + 1));
  }
  return shownObject(value as Value, shape, model, depth);
}

function shownObject(value: Value, shape: Shape | undefined, model: ServiceModel, depth: number): object {
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value)) {
    const member = shape?.type === "map" ? shape.value?.shape : shape?.members?.[name]?.shape;
    const text = shown(value[name], member, model, depth + 1);
    if (text !== undefined) result[shape?.type === "map" ? name : name.charAt(0).toLowerCase() + name.slice(1)] = text;
  }
  return result;
}

function shownTime(milliseconds: unknown): unknown {
  return typeof milliseconds === "number" ? new Date(milliseconds).toUTCString() : milliseconds;
}

/** @evidence CloudTrail User Guide, "CloudTrail userIdentity element" */
function userIdentity(caller: Caller): object {
  const last = caller.calledVia[caller.calledVia.length - 1];
  const invokedBy = last === undefined ? undefined : { invokedBy: last };
  if (caller.type === "AWSService") return { type: "AWSService", invokedBy: caller.arn };
  if (caller.type === "Anonymous") return { type: "AWSAccount", principalId: "", accountId: "ANONYMOUS_PRINCIPAL" };
  const session = caller.session;
  return {
    type: caller.type,
    principalId: caller.principalId,
    arn: caller.arn,
    accountId: caller.account,
    ...(caller.accessKeyId !== undefined && { accessKeyId: caller.accessKeyId }),
    ...(caller.userName !== undefined && { userName: caller.userName }),
    ...(session && { sessionContext: sessionContext(session, caller) }),
    ...invokedBy,
  };
}

function sessionContext(session: NonNullable<Caller["session"]>, caller: Caller): object {
  const issuer = session.roleArn === undefined ? undefined : {
    type: "Role",
    principalId: session.principalId.split(":", 1)[0],
    arn: session.roleArn,
    accountId: caller.account,
    userName: session.roleName,
  };
  return {
    ...(issuer && { sessionIssuer: issuer }),
    attributes: {
      creationDate: timestamp(session.issuedAt),
      mfaAuthenticated: String(session.mfaAuthenticatedAt !== undefined),
    },
    ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
  };
}

/** Events of one second share one text. */
let lastSecond = Number.NaN;
let lastText = "";

function timestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== lastSecond) {
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** Who did it, as `LookupEvents` answers `Username`. */
function username(caller: Caller): string {
  if (caller.type === "Root") return "root";
  return caller.userName ?? caller.session?.sessionName ?? caller.arn;
}

/** @evidence CloudTrail User Guide, "CloudTrail record contents" */
export function trailRow(call: Call): TrailRow {
  const { caller, model, operation, error, origin } = call;
  const readOnly = operation.access === "Read" || operation.access === "List";
  const record = {
    eventVersion: "1.11",
    userIdentity: userIdentity(caller),
    eventTime: timestamp(call.at),
    eventSource: model.eventSource,
    eventName: operation.name,
    awsRegion: call.region,
    sourceIPAddress: origin.sourceIp,
    userAgent: origin.userAgent,
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: shown(call.input, operation.input?.shape, model) ?? null,
    responseElements: readOnly || error ? null : (shown(call.output, operation.output?.shape, model) ?? null),
    requestID: call.requestId,
    eventID: call.eventId,
    readOnly,
    ...(call.resources.length > 0 && { resources: call.resources.map((ARN) => ({ accountId: call.account, ARN })) }),
    eventType: caller.type === "AWSService" ? "AwsServiceEvent" : "AwsApiCall",
    managementEvent: true,
    recipientAccountId: caller.account === "" ? call.account : caller.account,
    eventCategory: "Management",
    ...(origin.secureTransport && { tlsDetails: { tlsVersion: "TLSv1.3" } }),
  };
  return {
    at: call.at,
    order: call.order,
    eventId: call.eventId,
    eventName: operation.name,
    eventSource: model.eventSource,
    readOnly,
    username: username(caller),
    accessKeyId: caller.accessKeyId,
    resources: call.resources,
    record: JSON.stringify(record),
  };
}
