/** A call as CloudTrail writes it down. @evidence CloudTrail User Guide, "CloudTrail record contents" */

import type { Caller, RequestOrigin } from "./auth/caller.ts";
import type { AwsError } from "./errors.ts";
import type { OperationModel, ServiceModel, Shape, ShapeRef } from "./model/model.ts";
import type { Value } from "./protocol/protocol.ts";
import { resourceArn, resourceType } from "./trail-resources.ts";

export interface Call {
  readonly at: number;
  readonly requestId: string;
  readonly eventId: string;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  readonly region: string;
  readonly model: ServiceModel;
  readonly operation: OperationModel;
  /** What CloudTrail calls the operation, where that is not its name. */
  readonly eventName?: string | undefined;
  readonly input: Value | undefined;
  readonly output: Value | undefined;
  readonly error: AwsError | undefined;
  readonly resources: readonly string[];
  /** The account whose resource was touched. */
  readonly account: string;
  /** Of a data event: what kind of resource it is about, `AWS::S3::Object`. */
  readonly dataType?: string;
  /** What is shown of the input, where it is not the input itself. */
  readonly parameters?: object;
}

/**
 * Texts that are hidden though the models do not call them secret.
 *
 * @evidence SQS Developer Guide and SNS Developer Guide, "Logging … API calls using AWS CloudTrail",
 *   examples of data events
 */
const hiddenMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  sqs: new Set(["MessageBody", "MessageAttributes"]),
  sns: new Set(["Message", "Subject", "MessageAttributes"]),
};

/** @evidence IAM User Guide, examples of AssumeRoleWithSAML and AssumeRoleWithWebIdentity */
const omittedMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  sts: new Set(["WebIdentityToken", "SAMLAssertion"]),
};

const hidden = `"HIDDEN_DUE_TO_SECURITY_REASONS"`;
const textLengthMax = 2_000;
const fieldLengthMax = 1_024;
const listLengthMax = 100;
const depthMax = 16;

/**
 * A value as CloudTrail shows it, as JSON text: first letters lower case, bytes and streams left out.
 * `secret` stands for secrets; without it they are left out.
 * Text at once, because most records are written and never read.
 *
 * @evidence KMS Developer Guide, "Logging AWS KMS API calls": the Plaintext of Encrypt is omitted
 */
function shown(
  value: unknown, shapeName: string | undefined, model: ServiceModel, secret: string | undefined, depth = 0,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  const shape = shapeName === undefined ? undefined : model.shapes[shapeName];
  if (Buffer.isBuffer(value)) return undefined;
  if (shape?.sensitive) return secret;
  if (depth > depthMax) return `"[omitted]"`;
  if (typeof value === "string") return JSON.stringify(shortened("", value));
  if (typeof value !== "object") return shownScalar(value, shape, model);
  if (Symbol.asyncIterator in value) return undefined;
  if (Array.isArray(value)) {
    const items = value
      .slice(0, listLengthMax)
      .map((item) => shown(item, shape?.member?.shape, model, secret, depth + 1));
    return `[${items.filter((item) => item !== undefined).join(",")}]`;
  }
  return shownObject(value as Value, shape, model, secret, depth);
}

/** Long texts are cut. Also for `JSON.stringify`. */
function shortened(_name: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= textLengthMax) return value;
  return `${value.slice(0, textLengthMax)}...`;
}

function shownScalar(value: unknown, shape: Shape | undefined, model: ServiceModel): string {
  if (shape?.type === "timestamp" && typeof value === "number") return shownTime(value, model);
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * @evidence KMS Developer Guide, CreateKey in CloudTrail: "Aug 10, 2022, 10:38:27 PM"; a record of IAM's
 *   CreateAccessKey: "Nov 2, 2023 3:26:53 PM"
 */
function shownTime(milliseconds: number, model: ServiceModel): string {
  const time = new Date(milliseconds);
  const day = `${months[time.getUTCMonth()]} ${time.getUTCDate()}, ${time.getUTCFullYear()}`;
  const hours = time.getUTCHours();
  const rest = time.toISOString().slice(13, 19);
  const separator = model.service === "iam" ? " " : ", ";
  return `"${day}${separator}${hours % 12 || 12}${rest} ${hours < 12 ? "AM" : "PM"}"`;
}

function shownObject(
  value: Value, shape: Shape | undefined, model: ServiceModel, secret: string | undefined, depth: number,
): string {
  const isMap = shape?.type === "map";
  let text = "";
  for (const name of Object.keys(value)) {
    if (omittedMembers[model.service]?.has(name)) continue;
    const member = isMap ? shape.value : shape?.members?.[name];
    const isHidden = !isMap && hiddenMembers[model.service]?.has(name) && value[name] !== undefined;
    const shownValue = isHidden ? secret : shown(value[name], member?.shape, model, secret, depth + 1);
    if (shownValue === undefined) continue;
    const shownName = isMap ? name : shownNameOf(name, member, model);
    text += `${text === "" ? "" : ","}${JSON.stringify(shownName)}:${shownValue}`;
  }
  return `{${text}}`;
}

/**
 * @evidence S3 User Guide, "Example: CloudTrail log file entry for Amazon S3": a bucket is `bucketName`,
 *   headers and queries have the names that they have in the request
 */
function shownNameOf(name: string, member: ShapeRef | undefined, model: ServiceModel): string {
  if (model.service === "s3" && member?.location !== undefined) {
    if (name === "Bucket") return "bucketName";
    const isNamed = member.location === "header" || member.location === "querystring";
    if (isNamed && member.locationName !== undefined) return member.locationName;
  }
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** @evidence CloudTrail User Guide, "CloudTrail userIdentity element" */
function userIdentity(caller: Caller): object {
  if (caller.type === "AWSService") return { type: "AWSService", invokedBy: caller.arn };
  if (caller.type === "Anonymous")
    return { type: "AWSAccount", principalId: "", accountId: "ANONYMOUS_PRINCIPAL" };
  const { session } = caller;
  const last = caller.calledVia[caller.calledVia.length - 1];
  return {
    type: caller.type,
    principalId: caller.principalId,
    arn: caller.arn,
    accountId: caller.account,
    ...(caller.accessKeyId !== undefined && { accessKeyId: caller.accessKeyId }),
    ...(caller.userName !== undefined && { userName: caller.userName }),
    ...(session && { sessionContext: sessionContext(session, caller) }),
    ...(last !== undefined && { invokedBy: last }),
  };
}

/** @evidence CloudTrail User Guide, "CloudTrail userIdentity element", webIdFederationData */
function isWebIdentity(provider: string | undefined): boolean {
  return provider !== undefined && !provider.includes(":saml-provider/");
}

function sessionContext(session: NonNullable<Caller["session"]>, caller: Caller): object {
  const issuer =
    session.roleArn === undefined
      ? undefined
      : {
          type: "Role",
          principalId: session.principalId.split(":", 1)[0],
          arn: session.roleArn,
          accountId: caller.account,
          userName: session.roleName,
        };
  return {
    ...(issuer && { sessionIssuer: issuer }),
    ...(isWebIdentity(session.federatedProvider) && {
      webIdFederationData: { federatedProvider: session.federatedProvider, attributes: {} },
    }),
    attributes: {
      creationDate: timestamp(session.issuedAt),
      mfaAuthenticated: String(session.mfaAuthenticatedAt !== undefined),
    },
    ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
  };
}

/**
 * Who became somebody by the word of a provider, which the answer tells.
 *
 * @evidence IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail", examples of
 *   AssumeRoleWithSAML and AssumeRoleWithWebIdentity
 */
function federatedIdentity({ operation, output }: Call): string | undefined {
  const {
    Provider: provider, Audience: audience, SubjectFromWebIdentityToken: webSubject,
    NameQualifier: qualifier, Subject: subject,
  } = (output ?? {}) as Readonly<Record<string, string | undefined>>;
  switch (operation.name) {
    case "AssumeRoleWithWebIdentity":
      return provider && JSON.stringify({
        type: "WebIdentityUser", principalId: `${provider}:${audience ?? ""}:${webSubject ?? ""}`,
        userName: webSubject, identityProvider: provider,
      });
    case "AssumeRoleWithSAML":
      return qualifier && JSON.stringify({
        type: "SAMLUser", principalId: `${qualifier}:${subject ?? ""}`, userName: subject,
        identityProvider: qualifier,
      });
    default: return undefined;
  }
}

/** Callers are remembered with their credentials, and with them what the trail says of them. */
const identities = new WeakMap<Caller, string>();

function identityText(caller: Caller): string {
  let text = identities.get(caller);
  if (text === undefined) identities.set(caller, (text = JSON.stringify(userIdentity(caller))));
  return text;
}

/** Events of one second share one text. */
let lastTime = { second: Number.NaN, text: "" };

function timestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== lastTime.second) {
    lastTime = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return lastTime.text;
}

/** @evidence S3 User Guide, "Example: CloudTrail log file entries": the object and its bucket */
function dataResources({ resources, account }: Call, type: string): object[] {
  const all: object[] = resources.map((ARN) => ({ accountId: account, type, ARN }));
  if (type !== "AWS::S3::Object") return all;
  const buckets = new Set(resources.map((arn) => arn.split("/", 1)[0] ?? arn));
  return [...all, ...[...buckets].map((ARN) => ({ accountId: account, type: "AWS::S3::Bucket", ARN }))];
}

/** @evidence CloudTrail User Guide, "CloudTrail record contents": of some fields 1 KB is kept at most */
function fieldText(text: string): string {
  return JSON.stringify(text.length > fieldLengthMax ? text.slice(0, fieldLengthMax) : text);
}

/**
 * What uses a key, and does not change it, reads.
 *
 * @evidence KMS Developer Guide, "Examples of AWS KMS log entries": `readOnly` is true of all of these
 */
const usesOfKeys: ReadonlySet<string> = new Set([
  "Decrypt", "DeriveSharedSecret", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GenerateRandom",
  "ReEncrypt", "Sign", "Verify", "VerifyMac",
]);

/**
 * IAM's access levels tell it, but for STS, which changes nothing.
 *
 * @evidence recorded events of AssumeRole: "readOnly":true
 */
export function isReading(model: ServiceModel, operation: OperationModel): boolean {
  return isSilent(model, operation) || model.service === "sts";
}

/** What was read is not told. Credentials that were issued are. */
function isSilent(model: ServiceModel, operation: OperationModel): boolean {
  if (operation.access === "Read" || operation.access === "List") return true;
  return model.service === "kms" && usesOfKeys.has(operation.name);
}

/**
 * What the services add to their records.
 *
 * @evidence S3 User Guide, "Example: CloudTrail log file entries for Amazon S3"; Lambda Developer Guide,
 *   "Logging AWS Lambda API calls using AWS CloudTrail", Invoke; a recorded GenerateDataKey of KMS
 */
function additionalData({ model, operation, origin, input, output, resources }: Call): object | undefined {
  if (model.service === "s3") {
    const { authenticationMethod: method, isOlderSignature } = origin;
    const version = isOlderSignature ? "SigV2" : "SigV4";
    return {
      ...(method !== "None" && { SignatureVersion: version, AuthenticationMethod: method }),
      bytesTransferredIn: lengthIn(input),
      bytesTransferredOut: operation.name.startsWith("Head") ? 0 : lengthIn(output),
    };
  }
  if (model.service === "kms") {
    const id = output?.["KeyMaterialId"];
    return typeof id === "string" ? { keyMaterialId: id } : undefined;
  }
  if (!isInvocation(model, operation)) return undefined;
  const version = output?.["ExecutedVersion"];
  // What was asked for may have been an alias.
  const functionArn = (resources[0] ?? "").split(":").slice(0, 7).join(":");
  return typeof version === "string" ? { functionVersion: `${functionArn}:${version}` } : undefined;
}

/** Of objects; what S3 answers as XML is not counted. */
function lengthIn(value: Value | undefined): number {
  return typeof value?.["ContentLength"] === "number" ? value["ContentLength"] : 0;
}

function isInvocation({ service }: ServiceModel, { name }: OperationModel): boolean {
  return service === "lambda" && (name === "Invoke" || name === "InvokeWithResponseStream");
}

/** An input or output without members is none. */
function textOrNull(text: string | undefined): string {
  return text === undefined || text === "{}" ? "null" : text;
}

/** Another account's resource was used: both accounts have a record of it, each with its own event id. */
export interface Shared {
  readonly id: string;
  /** As the owner of the resource sees it: which account, and not who of it. */
  readonly isOwners: boolean;
}

function identityOf(call: Call, isOwners: boolean): string {
  const { caller } = call;
  if (isOwners) {
    const { principalId, account: accountId } = caller;
    return JSON.stringify({ type: "AWSAccount", principalId, accountId });
  }
  return (caller.type === "Anonymous" && federatedIdentity(call)) || identityText(caller);
}

/**
 * The record as JSON text, put together from parts that are ready: most of it is the same from call to call.
 * Services' calls are calls, too: `AwsServiceEvent` is of what nobody called.
 *
 * @evidence recorded events of AssumeRole by `ec2.amazonaws.com`: `AwsApiCall`
 */
export function recordText(call: Call, shared?: Shared): string {
  const { caller, model, operation, error, origin } = call;
  const readOnly = isReading(model, operation);
  const parameters = textOrNull(call.parameters ? JSON.stringify(call.parameters, shortened)
    : shown(call.input, operation.input?.shape, model, hidden));
  const elements = isSilent(model, operation) || error || isInvocation(model, operation)
    ? "null" : textOrNull(shown(call.output, operation.output?.shape, model, undefined));
  const failure = error
    ? `"errorCode":${JSON.stringify(error.code)},"errorMessage":${fieldText(error.message)},`
    : "";
  const touched = call.dataType !== undefined ? dataResources(call, call.dataType)
    : call.resources.map((ARN) =>
      ({ accountId: call.account, type: resourceType(ARN), ARN: resourceArn(ARN) }));
  const resources = touched.length > 0 ? `"resources":${JSON.stringify(touched)},` : "";
  const identity = identityOf(call, shared?.isOwners === true);
  const more = additionalData(call);
  const additional = more ? `"additionalEventData":${JSON.stringify(more)},` : "";
  const version = model.service === "dynamodb" ? `"apiVersion":"2012-08-10",` : "";
  const recipient = caller.account === "" || shared?.isOwners ? call.account : caller.account;
  const sharedId = shared ? `"sharedEventID":"${shared.id}",` : "";
  const tls = origin.secureTransport ? `,"tlsDetails":{"tlsVersion":"TLSv1.3"}` : "";
  return (
    `{"eventVersion":"1.11","userIdentity":${identity},"eventTime":"${timestamp(call.at)}",` +
    `"eventSource":"${model.eventSource}","eventName":"${call.eventName ?? operation.name}",` +
    `"awsRegion":${JSON.stringify(call.region)},"sourceIPAddress":${JSON.stringify(origin.sourceIp)},` +
    `"userAgent":${fieldText(origin.userAgent)},${failure}` +
    `"requestParameters":${parameters},"responseElements":${elements},${additional}` +
    `"requestID":"${call.requestId}","eventID":"${call.eventId}","readOnly":${readOnly},${resources}` +
    `"eventType":"AwsApiCall",${version}"managementEvent":${call.dataType === undefined},` +
    `"recipientAccountId":"${recipient}",${sharedId}` +
    `"eventCategory":"${call.dataType === undefined ? "Management" : "Data"}"${tls}}`
  );
}
