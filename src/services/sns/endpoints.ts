/** What can be subscribed: protocols, and how each names where its messages go. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { invalidParameter, refusedParameter } from "./errors.ts";
import { isFifo, type Topic } from "./topic-table.ts";

/** @evidence SNS, recorded: text messages' numbers with and without punctuation, and what is none */
const phoneForm = /^\+?[0-9][0-9 .()-]{4,20}$/;

function requireQueue(endpoint: string, topic: Topic): void {
  const arn = parseArn(endpoint);
  if (arn?.service !== "sqs" || arn.account === "" || arn.resource === "") {
    throw invalidParameter("SQS endpoint ARN");
  }
  if (!isFifo(topic) && arn.resource.endsWith(".fifo")) {
    throw invalidParameter(
      "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    );
  }
}

function requireUrl(endpoint: string, protocol: string): void {
  const isUrl = endpoint.startsWith(`${protocol}://`) && URL.canParse(endpoint);
  if (!isUrl) throw invalidParameter("Endpoint must match the specified protocol");
}

function requireArnOf(service: string, resource: RegExp, message: string): (endpoint: string) => void {
  return (endpoint) => {
    const arn = parseArn(endpoint);
    if (arn?.service !== service || !resource.test(arn.resource)) throw invalidParameter(message);
  };
}

type Require = (endpoint: string, topic: Topic) => void;

const protocols: Readonly<Record<string, Require>> = {
  sqs: requireQueue,
  lambda: requireArnOf("lambda", /^function:[^:]+(:[^:]+)?$/, "Lambda endpoint ARN"),
  firehose: requireArnOf("firehose", /^deliverystream\/.+$/, "Firehose endpoint ARN"),
  application: requireArnOf("sns", /^endpoint\/[^/]+\/[^/]+\/.+$/, "Application endpoint arn invalid"),
  http: (endpoint) => requireUrl(endpoint, "http"),
  https: (endpoint) => requireUrl(endpoint, "https"),
  email: requireMail,
  "email-json": requireMail,
  sms: (endpoint) => {
    if (!phoneForm.test(endpoint)) throw refusedParameter(`Invalid SMS endpoint: ${endpoint}`);
  },
};

function requireMail(endpoint: string): void {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(endpoint)) throw invalidParameter("Email address");
}

export function requireEndpoint(protocol: string, endpoint: string, topic: Topic): void {
  const check = Object.hasOwn(protocols, protocol) ? protocols[protocol] : undefined;
  if (!check) throw invalidParameter(`Amazon SNS does not support this protocol string: ${protocol}`);
  if (isFifo(topic) && protocol !== "sqs") throw invalidParameter(`Invalid protocol type: ${protocol}`);
  check(endpoint, topic);
}

/**
 * Whoever owns the endpoint has confirmed by subscribing; others are asked.
 *
 * @evidence SNS Developer Guide, "Sending Amazon SNS messages to an Amazon SQS queue in a different account"
 */
export function needsConfirmation(ctx: ReadContext, protocol: string, endpoint: string): boolean {
  if (protocol === "sms" || protocol === "application" || protocol === "firehose") return false;
  const account = protocol === "sqs" || protocol === "lambda" ? parseArn(endpoint)?.account : undefined;
  return account === undefined || account !== ctx.caller.account;
}
