/** What can be set on a topic: forms, ranges, and what is shown. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { beginningOf } from "./archive.ts";
import { effectiveTopicPolicy, readTopicPolicy } from "./delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { subscriptions } from "./subscription-table.ts";
import { readPolicy, shownTopicPolicy } from "./topic-policy.ts";
import { isFifo, type Topic } from "./topic-table.ts";

export type Attributes = Readonly<Record<string, string>>;

/** Gives the canonical text, or undefined where an empty value takes the attribute away. */
type Canonical = (text: string, name: string) => string | undefined;

function oneOf(...values: readonly string[]): Canonical {
  return (text, name) => {
    if (!values.includes(text)) {
      throw invalidParameter(`${name}: Invalid value [${text}]. Must be ${values.join(" or ")}.`);
    }
    return text;
  };
}

/** @evidence SNS API Reference, CreateTopic, DisplayName; SNS quotas: 100 characters */
function displayName(text: string, name: string): string {
  if (text.length > 100) throw invalidParameter(`${name}`);
  return text;
}

function keyId(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function feedbackRole(text: string, name: string): string | undefined {
  if (text === "") return undefined;
  const arn = parseArn(text);
  if (arn?.service !== "iam" || !arn.resource.startsWith("role/")) {
    throw invalidParameter(`${name}: must be a valid role ARN`);
  }
  return text;
}

function sampleRate(text: string, name: string): string | undefined {
  if (text === "") return undefined;
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100) {
    throw invalidParameter(`${name}: must be between 0 and 100`);
  }
  return String(Number(text));
}

/**
 * Comes back as it was written, with the days as a text or as a number: one in the place of the other is a
 * difference to whoever compares what is there with what was asked for, as Terraform does.
 *
 * @evidence SNS Developer Guide, "Message archiving for FIFO topic owners": 1 to 365 days; `{}` ends it.
 * terraform-aws-modules/sns, examples/complete, has a number; the guide has a text
 */
function archivePolicy(text: string, name: string): string | undefined {
  return readArchiveDays(text, name) === undefined ? undefined : text;
}

function readArchiveDays(text: string, name: string): number | undefined {
  let policy: unknown;
  try {
    policy = JSON.parse(text === "" ? "{}" : text);
  } catch {
    throw invalidParameter(`${name}: failed to parse JSON.`);
  }
  if (typeof policy !== "object" || policy === null) throw invalidParameter(`${name}: failed to parse JSON.`);
  const { MessageRetentionPeriod: period, ...others } = policy as Record<string, unknown>;
  if (period === undefined && Object.keys(others).length === 0) return undefined;
  const days = typeof period === "string" || typeof period === "number" ? Number(period) : NaN;
  if (!Number.isInteger(days) || days < 1 || days > 365 || Object.keys(others).length > 0) {
    throw invalidParameter(`${name}: MessageRetentionPeriod must be between 1 and 365`);
  }
  return days;
}

/** @evidence SNS API Reference, SetTopicAttributes */
const feedbackProtocols = ["HTTP", "Firehose", "Lambda", "Application", "SQS"];

const everyTopic: Readonly<Record<string, Canonical>> = {
  DisplayName: displayName,
  DeliveryPolicy: readTopicPolicy,
  KmsMasterKeyId: keyId,
  SignatureVersion: oneOf("1", "2"),
  TracingConfig: oneOf("PassThrough", "Active"),
  ...Object.fromEntries(
    feedbackProtocols.flatMap((protocol) => [
      [`${protocol}SuccessFeedbackRoleArn`, feedbackRole],
      [`${protocol}FailureFeedbackRoleArn`, feedbackRole],
      [`${protocol}SuccessFeedbackSampleRate`, sampleRate],
    ]),
  ),
};

const fifoTopics: Readonly<Record<string, Canonical>> = {
  ContentBasedDeduplication: oneOf("true", "false"),
  FifoThroughputScope: oneOf("Topic", "MessageGroup"),
  ArchivePolicy: archivePolicy,
};

function canonicalOf(name: string, fifo: boolean): Canonical | undefined {
  if (Object.hasOwn(everyTopic, name)) return everyTopic[name];
  return fifo && Object.hasOwn(fifoTopics, name) ? fifoTopics[name] : undefined;
}

/** What changes on a topic; an attribute that is taken away is there with the value undefined. */
export interface Changes {
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** Undefined where it is not touched. */
  readonly policy?: { readonly text: string | undefined };
}

/** @param unknown makes the refusal of a name that there is not */
export function readChanges(
  ctx: ReadContext, requested: Attributes, fifo: boolean, unknown: (name: string) => Error,
): Changes {
  const attributes = Object.create(null) as Record<string, string | undefined>;
  let policy: Changes["policy"];
  for (const [name, text] of Object.entries(requested)) {
    if (name === "Policy") {
      policy = { text: readPolicy(ctx, text) };
      continue;
    }
    const canonical = canonicalOf(name, fifo);
    if (!canonical) throw unknown(name);
    attributes[name] = canonical(text, name);
  }
  return { attributes, ...(policy && { policy }) };
}

export function applyChanges(topic: Topic, { attributes, policy }: Changes): Topic {
  const merged = { ...topic.attributes, ...attributes };
  const present = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { policy: before, ...rest } = topic;
  const text = policy ? policy.text : before;
  return { ...rest, attributes: Object.fromEntries(present), ...(text !== undefined && { policy: text }) };
}

/** Whether a topic that is there already has everything that is asked for. */
export function agrees(topic: Topic, { attributes, policy }: Changes): boolean {
  if (policy && policy.text !== topic.policy) return false;
  return Object.entries(attributes).every(([name, value]) => {
    const current = topic.attributes[name] ?? implied[name];
    return current === (value ?? implied[name]);
  });
}

const implied: Attributes = { DisplayName: "", ContentBasedDeduplication: "false", SignatureVersion: "1" };

/** @evidence SNS, recorded: what GetTopicAttributes shows, and that defaults are mostly left out */
export function shownAttributes(ctx: ReadContext, topic: Topic): Record<string, string> {
  const count = (state: string): string =>
    String(ctx.db(subscriptions).by("state").count({ prefix: [topic.name, state] }));
  const beginning = beginningOf(ctx, topic);
  const fifo = isFifo(topic) && { FifoTopic: "true", ContentBasedDeduplication: "false" };
  return {
    Policy: shownTopicPolicy(ctx, topic),
    Owner: ctx.account,
    SubscriptionsPending: count("pending"),
    TopicArn: ctx.arn(topic.name),
    EffectiveDeliveryPolicy: effectiveTopicPolicy(topic.attributes["DeliveryPolicy"]),
    SubscriptionsConfirmed: count("confirmed"),
    DisplayName: "",
    SubscriptionsDeleted: String(topic.subscriptionsDeleted),
    ...fifo,
    ...topic.attributes,
    ...(beginning !== undefined && { BeginningArchiveTime: beginning }),
  };
}
