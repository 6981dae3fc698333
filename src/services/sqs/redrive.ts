/** Which queue takes the messages that could not be processed, and which queues it takes them from. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { findQueueByArn, onQueue, queueUrl, requireQueue } from "./addresses.ts";
import { invalidAttribute, invalidParameterValue, invalidValue } from "./errors.ts";
import { isFifo, queues, type Queue, type RedrivePolicy } from "./queue-table.ts";

interface RedriveAllowPolicy {
  readonly redrivePermission: "allowAll" | "denyAll" | "byQueue";
  readonly sourceQueueArns?: readonly string[];
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The policy as GetQueueAttributes gives it out, with a number whether a number or text came in; undefined
 * where an empty value takes it away.
 *
 * @evidence SQS, recorded answers to redrive policies that are refused; NOTES.md
 */
export function canonicalRedrivePolicy(
  ctx: ReadContext, source: { readonly name: string; readonly fifo: boolean }, text: string,
): string | undefined {
  if (text === "") return undefined;
  const parsed = jsonObject(text);
  if (!parsed) throw invalidAttribute("RedrivePolicy", "Redrive policy is not a valid JSON map.");
  const refused = (reason: string) => invalidValue(text, "RedrivePolicy", reason);
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (!Object.hasOwn(parsed, name)) {
      throw refused(`Redrive policy does not contain mandatory attribute: ${name}.`);
    }
  }
  if (Object.keys(parsed).length > 2) {
    throw refused("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].");
  }
  const { maxReceiveCount, deadLetterTargetArn } = parsed;
  const count = ["string", "number"].includes(typeof maxReceiveCount) ? Number(maxReceiveCount) : NaN;
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw refused(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, ` +
        "valid values are from 1 to 1000 both inclusive.",
    );
  }
  const target = typeof deadLetterTargetArn === "string" ? parseArn(deadLetterTargetArn) : undefined;
  if (target?.service !== "sqs" || typeof deadLetterTargetArn !== "string") {
    throw refused("Invalid value for deadLetterTargetArn.");
  }
  if (target.account !== ctx.account) throw refused("Dead-letter target owner should be same as the source.");
  const queue = findQueueByArn(ctx, deadLetterTargetArn);
  // A queue may name itself, and CreateQueue checks the policy before the queue is there.
  if (!queue && target.resource !== source.name) throw refused("Dead letter target does not exist.");
  if (queue && isFifo(queue) !== source.fifo) {
    throw refused("Dead-letter queue must be same type of queue as the source.");
  }
  if (queue && !takesFrom(queue, ctx.arn(source.name))) {
    throw refused("The redrive allow policy of the dead-letter queue does not permit this source queue.");
  }
  return JSON.stringify({ deadLetterTargetArn, maxReceiveCount: count } satisfies RedrivePolicy);
}

function takesFrom(target: Queue, sourceArn: string): boolean {
  const text = target.attributes["RedriveAllowPolicy"];
  if (text === undefined) return true;
  const policy = JSON.parse(text) as RedriveAllowPolicy;
  if (policy.redrivePermission !== "byQueue") return policy.redrivePermission === "allowAll";
  return policy.sourceQueueArns?.includes(sourceArn) ?? false;
}

const cannotCreate = "Amazon SQS can't create the redrive allow policy";

/** @evidence SQS, recorded answers to redrive allow policies that are refused */
export function canonicalRedriveAllowPolicy(text: string): string | undefined {
  if (text === "") return undefined;
  const parsed = jsonObject(text);
  const unsupported = () => invalidAttribute(
    "RedriveAllowPolicy", `${cannotCreate}, as it’s in an unsupported format.`,
  );
  const refused = (reason: string) => invalidValue(text, "RedriveAllowPolicy", `${cannotCreate}. ${reason}`);
  if (!parsed) throw unsupported();
  const { redrivePermission: permission, sourceQueueArns: sources, ...others } = parsed;
  if (Object.keys(others).length > 0) throw unsupported();
  if (permission !== "allowAll" && permission !== "denyAll" && permission !== "byQueue") throw unsupported();
  if (sources !== undefined && !(Array.isArray(sources) && sources.every((arn) => typeof arn === "string"))) {
    throw unsupported();
  }
  if (permission !== "byQueue") {
    if (sources === undefined) return text;
    throw refused(
      "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
    );
  }
  if (sources === undefined || sources.length === 0) {
    throw refused(
      "When you specify the byQueue permission type, " +
        "you must also specify one or more sourceQueueArns values.",
    );
  }
  if (sources.length > 10) throw refused("The maximum number of source queue ARNs you can specify is 10.");
  return text;
}

export function isDeadLetterQueue(ctx: ReadContext, queue: Queue): boolean {
  return ctx.db(queues).by("deadLetterTarget").count({ prefix: [ctx.arn(queue.name)], limit: 1 }) > 0;
}

export function pageSizeOf(asked: number | undefined): number {
  if (asked !== undefined && (asked < 1 || asked > 1000)) {
    throw invalidValue(asked, "MaxResults", "MaxResults must be an integer between 1 and 1000.");
  }
  return asked ?? 1000;
}

export function invalidToken(): Error {
  return invalidParameterValue("Invalid or expired next token.");
}

export const ListDeadLetterSourceQueues = operation(sqs.ListDeadLetterSourceQueues, {
  ...onQueue,
  run(input, ctx) {
    const limit = pageSizeOf(input.MaxResults);
    const target = ctx.arn(requireQueue(ctx, input.QueueUrl).name);
    const { items, next } = page({
      rows: ctx.db(queues).by("deadLetterTarget"),
      range: { prefix: [target] },
      key: (queue) => [target, queue.name],
      limit,
      token: input.NextToken,
      scope: `sqs.ListDeadLetterSourceQueues ${target}`,
      invalid: invalidToken,
    });
    return {
      queueUrls: items.map((queue) => queueUrl(ctx, queue.name)),
      // Only who asks for pages is told of a next one.
      NextToken: input.MaxResults === undefined ? undefined : next,
    };
  },
});
