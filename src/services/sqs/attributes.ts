/**
 * The attributes that can be set on a queue: their forms, their ranges, and how they depend on each other.
 */

import type { ReadContext } from "../../kernel/context.ts";
import { parsePolicy, PolicySyntaxError } from "../../iam/parse.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import {
  encryptedTwice, invalidAttribute, invalidFifoName, invalidQueueName, overLimit, unknownAttribute,
} from "./errors.ts";
import { canonicalRedriveAllowPolicy, canonicalRedrivePolicy } from "./redrive.ts";

export type Attributes = Readonly<Record<string, string>>;

/** The queue whose attributes are set, which may not be there yet. */
interface Subject {
  readonly name: string;
  readonly fifo: boolean;
  /** None at creation. */
  readonly current: Attributes | undefined;
}

/** Gives the canonical text, or undefined where an empty value takes the attribute away. */
type Canonical = (text: string, name: string, subject: Subject, ctx: ReadContext) => string | undefined;

function integer(min: number, max: number): Canonical {
  return (text, name) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < min || value > max) throw invalidAttribute(name);
    return String(value);
  };
}

function oneOf(...values: readonly string[]): Canonical {
  return (text, name) => {
    if (!values.includes(text)) throw invalidAttribute(name);
    return text;
  };
}

/** @evidence SQS Developer Guide, Quotas: a policy has at most 20 statements */
export const statementCountMax = 20;

/** @evidence AWS CDK issues 13530 and 15602: the same refusal for principals that do not exist */
function policy(text: string, name: string, _subject: Subject, ctx: ReadContext): string | undefined {
  if (text === "") return undefined;
  try {
    const { statements } = parsePolicy(text);
    if (statements.length > statementCountMax) {
      throw overLimit(
        `${statements.length} statements were found in the submitted policy, ` +
          `max allowed is ${statementCountMax}`,
      );
    }
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidAttribute(name);
    throw error;
  }
  return keptPolicy(ctx.kernel.identity, text, () => invalidAttribute(name));
}

function keyId(text: string, name: string): string | undefined {
  if (text.length > 2048) throw invalidAttribute(name);
  return text === "" ? undefined : text;
}

function queueType(text: string, name: string, subject: Subject): string {
  if (text === subject.current?.["FifoQueue"]) return text;
  if (subject.current) throw invalidAttribute(name, "Modifying queue type is not supported.");
  if (text !== "true") throw invalidAttribute(name);
  return text;
}

/** @evidence SQS API Reference, CreateQueue and SetQueueAttributes */
const everyQueue: Readonly<Record<string, Canonical>> = {
  VisibilityTimeout: integer(0, 43_200),
  MaximumMessageSize: integer(1024, 1_048_576),
  MessageRetentionPeriod: integer(60, 1_209_600),
  DelaySeconds: integer(0, 900),
  ReceiveMessageWaitTimeSeconds: integer(0, 20),
  Policy: policy,
  RedrivePolicy: (text, _name, subject, ctx) => canonicalRedrivePolicy(ctx, subject, text),
  RedriveAllowPolicy: (text) => canonicalRedriveAllowPolicy(text),
  KmsMasterKeyId: keyId,
  KmsDataKeyReusePeriodSeconds: integer(60, 86_400),
  SqsManagedSseEnabled: oneOf("true", "false"),
};

const fifoQueues: Readonly<Record<string, Canonical>> = {
  FifoQueue: queueType,
  ContentBasedDeduplication: oneOf("true", "false"),
  DeduplicationScope: oneOf("queue", "messageGroup"),
  FifoThroughputLimit: oneOf("perQueue", "perMessageGroupId"),
};

const everyDefault: Attributes = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  KmsDataKeyReusePeriodSeconds: "300",
  SqsManagedSseEnabled: "true",
};

const fifoDefaults: Attributes = {
  ContentBasedDeduplication: "false", DeduplicationScope: "queue", FifoThroughputLimit: "perQueue",
};

function canonicalOf(name: string, fifo: boolean): Canonical | undefined {
  if (Object.hasOwn(everyQueue, name)) return everyQueue[name];
  return fifo && Object.hasOwn(fifoQueues, name) ? fifoQueues[name] : undefined;
}

/**
 * A name that ends in `.fifo` and the attribute FifoQueue need each other.
 *
 * @evidence SQS, recorded: the names of FIFO queues
 */
export function requireName(name: string, requested: Attributes): { readonly fifo: boolean } {
  const fifo = requested["FifoQueue"] === "true";
  const base = fifo && name.endsWith(".fifo") ? name.slice(0, -".fifo".length) : name;
  if (name.length > 80 || !/^[A-Za-z0-9_-]+$/.test(base)) throw fifo ? invalidFifoName() : invalidQueueName();
  if (fifo && base === name) throw invalidFifoName();
  return { fifo };
}

/**
 * The canonical form of what was asked for; an attribute that is taken away is there with the value
 * undefined.
 */
export function canonicalAttributes(
  ctx: ReadContext, subject: Subject, requested: Attributes,
): Readonly<Record<string, string | undefined>> {
  const canonical = Object.create(null) as Record<string, string | undefined>;
  for (const [name, text] of Object.entries(requested)) {
    const form = canonicalOf(name, subject.fifo);
    if (!form) throw unknownAttribute(name);
    canonical[name] = form(text, name, subject, ctx);
  }
  return canonical;
}

/** All attributes of a queue once `changes` are applied. */
export function applyAttributes(
  subject: Subject, changes: Readonly<Record<string, string | undefined>>,
): Attributes {
  const before = subject.current ?? { ...everyDefault, ...(subject.fifo && fifoDefaults) };
  const merged: Record<string, string | undefined> = { ...before, ...changes };
  if (merged["KmsMasterKeyId"] !== undefined) {
    if (changes["SqsManagedSseEnabled"] === "true") throw encryptedTwice();
    merged["SqsManagedSseEnabled"] = "false";
  }
  const byGroup = merged["FifoThroughputLimit"] === "perMessageGroupId";
  if (byGroup && merged["DeduplicationScope"] !== "messageGroup") {
    throw invalidAttribute(
      "FifoThroughputLimit",
      "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
    );
  }
  const present = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

/** The first of the requested attributes in which a queue that exists differs. */
export function firstDifference(
  current: Attributes, requested: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return Object.keys(requested).find((name) => current[name] !== requested[name]);
}

/** Attributes that can only be read, in the order in which AWS gives them out; the others follow. */
export const computedNames = [
  "QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed", "CreatedTimestamp", "LastModifiedTimestamp",
];

const shownOrder = [
  "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "DelaySeconds",
  "ReceiveMessageWaitTimeSeconds", "Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled", "FifoQueue", "ContentBasedDeduplication",
  "DeduplicationScope", "FifoThroughputLimit",
];

/** Every name that GetQueueAttributes knows. */
export const attributeNames: ReadonlySet<string> = new Set(["All", ...computedNames, ...shownOrder]);

/**
 * What GetQueueAttributes shows of these. The reuse period of a data key is shown only where there is a key.
 */
export function shownAttributes(current: Attributes, ctx: ReadContext): [string, string][] {
  const shown: [string, string][] = [];
  for (const name of shownOrder) {
    const value = current[name];
    if (value === undefined) continue;
    if (name === "KmsDataKeyReusePeriodSeconds" && current["KmsMasterKeyId"] === undefined) continue;
    shown.push([name, name === "Policy" ? shownPolicy(ctx.kernel.identity, value) : value]);
  }
  return shown;
}
