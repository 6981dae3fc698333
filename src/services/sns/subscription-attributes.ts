/** What can be set on a subscription. */

import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { readSubscriptionPolicy } from "./delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { checkFilterPolicy, FilterPolicyError, NestedPolicyError, unreadable } from "./filter-policy.ts";
import { readReplayPolicy } from "./replay-policy.ts";
import type { Subscription } from "./subscription-table.ts";
import { isFifo, type Topic } from "./topic-table.ts";

type Attributes = Readonly<Record<string, string>>;

/** The subscription whose attributes are set, which may not be there yet. */
export interface Subject {
  readonly topic: Topic;
  readonly protocol: string;
  readonly endpoint: string;
  readonly current: Attributes;
}

/** `Attributes Reason: ` when subscribing. */
type Refuse = (message: string) => Error;
type Canonical = (text: string, subject: Subject, refuse: Refuse) => string | undefined;

function rawDelivery(text: string, { protocol }: Subject, refuse: Refuse): string {
  const value = text.toLowerCase();
  if (value !== "true" && value !== "false") {
    throw refuse(`RawMessageDelivery: Invalid value [${text}]. Must be true or false.`);
  }
  if (value === "true" && !["sqs", "http", "https", "firehose"].includes(protocol)) {
    throw refuse(`Delivery protocol [${protocol}] does not support raw message delivery.`);
  }
  return value;
}

function filterPolicy(text: string, subject: Subject, refuse: Refuse): string | undefined {
  if (text === "" || text === "{}") return undefined;
  const scope = subject.current["FilterPolicyScope"] === "MessageBody" ? "MessageBody" : "MessageAttributes";
  try {
    checkFilterPolicy(text, scope);
  } catch (error) {
    if (error instanceof NestedPolicyError) throw invalidParameter(error.message);
    if (error instanceof FilterPolicyError) throw refuse(`FilterPolicy: ${error.message}`);
    throw error;
  }
  return text;
}

function filterPolicyScope(text: string, _subject: Subject, refuse: Refuse): string {
  if (text === "MessageAttributes" || text === "MessageBody") return text;
  throw refuse(
    `FilterPolicyScope: Invalid value [${text}]. Please use either MessageBody or MessageAttributes`,
  );
}

/** @evidence SNS, recorded: the refusals of redrive policies */
function redrivePolicy(text: string, { topic, endpoint }: Subject, refuse: Refuse): string | undefined {
  if (text === "" || text === "{}") return undefined;
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refuse(`RedrivePolicy: ${unreadable(text)}`);
  }
  const target = (policy as { deadLetterTargetArn?: unknown } | null)?.deadLetterTargetArn;
  const arn = typeof target === "string" ? parseArn(target) : undefined;
  if (arn?.service !== "sqs" || arn.account === "" || arn.resource === "") {
    throw refuse("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  }
  if (isFifo(topic) && endpoint.endsWith(".fifo") && !arn.resource.endsWith(".fifo")) {
    throw refuse("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
  }
  return JSON.stringify({ deadLetterTargetArn: target });
}

function deliveryPolicy(text: string, { protocol }: Subject): string | undefined {
  if (protocol !== "http" && protocol !== "https") {
    throw invalidParameter(
      `Delivery policy: Delivery protocol [${protocol}] does not support delivery policy.`,
    );
  }
  return readSubscriptionPolicy(text);
}

function roleArn(text: string, { protocol }: Subject, refuse: Refuse): string {
  if (protocol !== "firehose") throw refuse("SubscriptionRoleArn");
  const arn = parseArn(text);
  if (arn?.service !== "iam" || !arn.resource.startsWith("role/")) {
    throw refuse("SubscriptionRoleArn: must be a valid role ARN");
  }
  return text;
}

function replayPolicy(text: string, { topic }: Subject, refuse: Refuse): string | undefined {
  return readReplayPolicy(text, topic, refuse);
}

/** In the order in which they depend on each other. */
const canonical: ReadonlyMap<string, Canonical> = new Map<string, Canonical>([
  ["FilterPolicyScope", filterPolicyScope],
  ["FilterPolicy", filterPolicy],
  ["RawMessageDelivery", rawDelivery],
  ["DeliveryPolicy", deliveryPolicy],
  ["RedrivePolicy", redrivePolicy],
  ["SubscriptionRoleArn", roleArn],
  ["ReplayPolicy", replayPolicy],
]);

/** All attributes of the subscription once those that are asked for are set. */
export function withAttributes(
  subject: Subject, requested: Attributes, refuse: Refuse, unknown: (name: string) => Error,
): Attributes {
  for (const name of Object.keys(requested)) if (!canonical.has(name)) throw unknown(name);
  let { current } = subject;
  for (const [name, read] of canonical) {
    const text = Object.hasOwn(requested, name) ? requested[name] : undefined;
    if (text === undefined) continue;
    const value = read(text, { ...subject, current }, refuse);
    const { [name]: _before, ...others } = current;
    current = value === undefined ? others : { ...others, [name]: value };
  }
  // A scope that changes under a policy must still suit it.
  if (requested["FilterPolicyScope"] !== undefined && current["FilterPolicy"] !== undefined) {
    filterPolicy(current["FilterPolicy"], { ...subject, current }, refuse);
  }
  return current;
}

/** Whoever passes a role must be allowed to. */
export function authorizeRole(ctx: Context, attributes: Attributes, before: Attributes): void {
  const role = attributes["SubscriptionRoleArn"];
  if (role === undefined || role === before["SubscriptionRoleArn"]) return;
  ctx.authorize({
    action: "iam:PassRole",
    resource: role,
    conditions: { "iam:passedtoservice": "sns.amazonaws.com" },
  });
}

/** Whether it has everything that is asked for. */
export function agrees(subscription: Subscription, asked: Attributes): boolean {
  const has = { RawMessageDelivery: "false", ...subscription.attributes };
  return Object.entries(asked).every(([name, value]) => (has as Attributes)[name] === value);
}
