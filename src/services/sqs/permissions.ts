/** The queue's policy as AddPermission and RemovePermission write it. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { findQueue, onQueue, requireOwner, requireQueue } from "./addresses.ts";
import { statementCountMax } from "./attributes.ts";
import { invalidParameterValue, invalidValue, missingParameter, overLimit } from "./errors.ts";
import { queues, type Queue } from "./queue-table.ts";

interface PolicyText {
  Version: string;
  Id?: string;
  Statement: object | object[];
}

/** @evidence SQS API Reference, AddPermission, ActionName */
const grantable = new Set([
  "*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
  "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue",
]);
const ownersAlone = new Set([
  "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks",
  "ListQueues", "ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue",
  "UntagQueue",
]);

function requireGrantable(actions: readonly string[]): void {
  if (actions.length === 0) throw missingParameter("ActionName");
  for (const action of actions) {
    if (grantable.has(action)) continue;
    throw invalidValue(
      `SQS:${action}`, "ActionName",
      ownersAlone.has(action) ? "Only the queue owner is allowed to invoke this action."
        : "Please refer to the appropriate WSDL for a list of valid actions.",
    );
  }
}

/** A list of one is written as its only member. */
function single<T>(values: readonly T[]): T | readonly T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

function statementsOf(policy: PolicyText): object[] {
  return Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
}

function labelOf(statement: object): unknown {
  return "Sid" in statement ? statement.Sid : undefined;
}

function policyOf(ctx: ReadContext, queue: Queue): PolicyText {
  const text = queue.attributes["Policy"];
  if (text !== undefined) return JSON.parse(text) as PolicyText;
  return { Version: "2008-10-17", Id: `${ctx.arn(queue.name)}/SQSDefaultPolicy`, Statement: [] };
}

function putPolicy(ctx: Context, queue: Queue, policy: PolicyText | undefined): void {
  const { Policy: _before, ...others } = queue.attributes;
  const attributes = policy ? { ...others, Policy: JSON.stringify(policy) } : others;
  ctx.db(queues).put({ ...queue, attributes, modifiedAt: ctx.clock.now() });
}

/** @evidence SQS, recorded: the policy that AddPermission makes, and its refusals */
export const AddPermission = operation(sqs.AddPermission, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    requireGrantable(input.Actions);
    if (input.AWSAccountIds.length === 0) throw missingParameter("AWSAccountIds");
    if (input.Label === "") throw missingParameter("Label");
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(input.Label)) {
      throw invalidParameterValue(
        `Value ${input.Label} for parameter Label is invalid. Reason: ` +
          "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    }
    const stranger = input.AWSAccountIds.find((id) => !/^\d{12}$/.test(id));
    if (stranger !== undefined) throw invalidValue(`[${stranger}]`, "PrincipalId", "Unable to verify.");

    const policy = policyOf(ctx, queue);
    const statements = statementsOf(policy);
    if (statements.some((statement) => labelOf(statement) === input.Label)) {
      throw invalidValue(input.Label, "Label", "Already exists.");
    }
    statements.push({
      Sid: input.Label,
      Effect: "Allow",
      Principal: { AWS: single(input.AWSAccountIds.map((id) => `arn:aws:iam::${id}:root`)) },
      Action: single(input.Actions.map((action) => `SQS:${action}`)),
      Resource: ctx.arn(queue.name),
    });
    if (statements.length > statementCountMax) {
      throw overLimit(`${statements.length} Statements were found, maximum allowed is ${statementCountMax}.`);
    }
    putPolicy(ctx, queue, { ...policy, Statement: statements });
  },
});

export const RemovePermission = operation(sqs.RemovePermission, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    const policy = policyOf(ctx, queue);
    const kept = statementsOf(policy).filter((statement) => labelOf(statement) !== input.Label);
    if (kept.length === statementsOf(policy).length) {
      throw invalidValue(input.Label, "Label", "can't find label.");
    }
    putPolicy(ctx, queue, kept.length === 0 ? undefined : { ...policy, Statement: kept });
  },
});

/** What the kernel asks when someone wants to use a queue. */
export function queuePolicy(arn: string, ctx: ReadContext): string | undefined {
  const name = parseArn(arn)?.resource;
  return name === undefined ? undefined : findQueue(ctx, name)?.attributes["Policy"];
}
