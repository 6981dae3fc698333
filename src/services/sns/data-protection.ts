/** Data protection of topics: the policy, and what it does to messages that come in and go out. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import * as sns from "../../generated/sns.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import {
  deidentified, parseProtection, type Direction, type ProtectionOperation, type ProtectionStatement,
} from "./data-protection-policy.ts";
import { authorizationError, invalidParameter } from "./errors.ts";
import { isFifo, ownerOf, readArn, requireTopic, topics, type Topic } from "./topic-table.ts";

/** @evidence SNS Developer Guide, "Message data protection": standard topics alone */
export function readDataProtectionPolicy(topic: Pick<Topic, "name">, text: string): string {
  if (isFifo(topic)) throw invalidParameter("DataProtectionPolicy Reason: FIFO topics do not support it");
  parseProtection(text);
  return text;
}

const onResource = {
  owner: ({ ResourceArn }: { readonly ResourceArn: string }) => ownerOf(ResourceArn),
  resource: ({ ResourceArn }: { readonly ResourceArn: string }): string => ResourceArn,
};

/** @evidence SNS API Reference, PutDataProtectionPolicy: an empty text takes the policy away */
export const PutDataProtectionPolicy = operation(sns.PutDataProtectionPolicy, {
  ...onResource,
  run(input, ctx) {
    readArn(ctx, input.ResourceArn, "ResourceArn");
    const { dataProtection: _earlier, ...topic } = requireTopic(ctx, input.ResourceArn, "ResourceArn");
    const text = input.DataProtectionPolicy;
    if (text === "") ctx.db(topics).put(topic);
    else ctx.db(topics).put({ ...topic, dataProtection: readDataProtectionPolicy(topic, text) });
  },
});

export const GetDataProtectionPolicy = operation(sns.GetDataProtectionPolicy, {
  ...onResource,
  run(input, ctx) {
    return { DataProtectionPolicy: requireTopic(ctx, input.ResourceArn, "ResourceArn").dataProtection ?? "" };
  },
});

/** Texts of a message, those for single protocols among them. */
export interface Texts {
  readonly message: string;
  readonly byProtocol?: Readonly<Record<string, string>>;
}

function statementsFor(
  ctx: Pick<ReadContext, "kernel">, topic: Topic, direction: Direction, principal: readonly string[],
): ProtectionStatement[] {
  const text = topic.dataProtection;
  if (text === undefined) return [];
  const cache = ctx.kernel.cacheFor<ProtectionStatement[]>("sns.dataProtection");
  let statements = cache.get(text);
  if (!statements) cache.set(text, (statements = parseProtection(text)));
  return statements.filter((each) => each.direction === direction &&
    each.principals.some((one) => one === "*" || principal.includes(one)));
}

function all({ message, byProtocol }: Texts): string[] {
  return [message, ...Object.values(byProtocol ?? {})];
}

function isFound({ finders }: ProtectionStatement, texts: Texts): boolean {
  return all(texts).some((text) => finders.some((finder) => finder.find(text).length > 0));
}

function changed<Given extends Texts>(given: Given, statement: ProtectionStatement): Given {
  const { byProtocol } = given;
  return {
    ...given, message: deidentified(given.message, statement),
    ...(byProtocol && {
      byProtocol: Object.fromEntries(Object.entries(byProtocol).map(([name, text]) =>
        [name, deidentified(text, statement)])),
    }),
  };
}

/**
 * What is left of a message that comes in.
 *
 * @throws AuthorizationError where the policy denies it
 */
export function protectInbound<Given extends Texts>(ctx: Context, topic: Topic, given: Given): Given {
  const { arn, roleArn } = ctx.caller;
  const statements = statementsFor(ctx, topic, "Inbound", [arn, ...(roleArn === undefined ? [] : [roleArn])]);
  for (const statement of statements) {
    if (statement.operation.kind === "audit") audit(ctx, topic, statement, statement.operation, given);
  }
  for (const statement of statements) {
    if (statement.operation.kind === "deny" && isFound(statement, given)) {
      throw authorizationError("The message is denied by the data protection policy of the topic.");
    }
  }
  return statements.reduce((texts, statement) => changed(texts, statement), given);
}

/** What a subscription gets of a message; undefined where the policy denies it. */
export function protectOutbound<Given extends Texts>(
  ctx: Pick<ReadContext, "kernel">, topic: Topic, subscriber: string, given: Given,
): Given | undefined {
  const statements = statementsFor(ctx, topic, "Outbound", [subscriber]);
  if (statements.length === 0) return given;
  if (statements.some((each) => each.operation.kind === "deny" && isFound(each, given))) return undefined;
  return statements.reduce((texts, statement) => changed(texts, statement), given);
}

interface Findings {
  readonly group: string;
  readonly topic: string;
  readonly at: number;
  readonly message: string;
}

/** @evidence SNS Developer Guide, "Audit operation": what a finding is */
function audit(
  ctx: Context, topic: Topic, { finders }: ProtectionStatement,
  { samplePercent, findings, noFindings }: ProtectionOperation & { readonly kind: "audit" }, given: Texts,
): void {
  if (ctx.ids.below(100) >= samplePercent) return;
  const dataIdentifiers = finders.flatMap(({ name, find }) => {
    const detections = find(given.message).map(([start, end]) => ({ start, end }));
    return detections.length === 0 ? [] : [{ name, count: detections.length, detections }];
  });
  const group = dataIdentifiers.length > 0 ? findings : noFindings;
  if (group === undefined) return;
  const at = ctx.clock.now();
  const message = JSON.stringify({
    messageId: ctx.ids.uuid(), auditTimestamp: new Date(at).toISOString(), callerPrincipal: ctx.caller.arn,
    resourceArn: ctx.arn(topic.name), dataIdentifiers,
  });
  ctx.schedule(reportFindings, { at, input: { group, topic: topic.name, at, message } });
}

/** A group that is not there gets none. */
export const reportFindings = asynchronousJob<Findings>("sns.reportFindings", async (
  { group: logGroupName, topic: logStreamName, at, message }, ctx,
) => {
  const options = {
    as: "service", principal: "delivery.logs.amazonaws.com", sourceArn: ctx.arn(logStreamName),
    account: ctx.account,
  } as const;
  const tolerantly = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
    }
  };
  await tolerantly(ctx.call(logs.CreateLogStream, { logGroupName, logStreamName }, options));
  const logEvents = [{ timestamp: at, message }];
  await tolerantly(ctx.call(logs.PutLogEvents, { logGroupName, logStreamName, logEvents }, options));
});
