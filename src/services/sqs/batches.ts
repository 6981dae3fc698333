/** Ten messages in one request, each with its own success or failure. */

import * as sqs from "../../generated/sqs.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { onMessages, requireQueue } from "./addresses.ts";
import { withKey } from "./encryption.ts";
import { missingParameter } from "./errors.ts";
import { changeVisibility, deleteMessage } from "./handling.ts";
import { topicOf } from "./queue-table.ts";
import { send } from "./sending.ts";

const entryCountMax = 10;

/** @evidence SQS Developer Guide, Quotas: 1 MiB a batch, whatever the queue's own maximum is */
const batchBytesMax = 1_048_576;

/** @evidence SQS, recorded: the texts, in the order in which the checks fire */
function requireEntries(entries: readonly { readonly Id: string }[], kind: string): void {
  if (entries.length === 0) {
    throw modelled(sqs.EmptyBatchRequest, `There should be at least one ${kind} in the request.`);
  }
  if (entries.length > entryCountMax) {
    throw modelled(
      sqs.TooManyEntriesInBatchRequest,
      `Maximum number of entries per request are ${entryCountMax}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id)) {
      throw modelled(
        sqs.InvalidBatchEntryId,
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
          "It can be at most 80 letters long.",
      );
    }
    if (seen.has(Id)) throw modelled(sqs.BatchEntryIdsNotDistinct, `Id ${Id} repeated.`);
    seen.add(Id);
  }
}

/** Only the wire's own numbers are added up here: whether they make a message is for each entry to say. */
function entrySizeBytes(entry: sqs.SendMessageBatchRequestEntry): number {
  let bytes = Buffer.byteLength(entry.MessageBody);
  for (const [name, value] of Object.entries(entry.MessageAttributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value.DataType);
    bytes += value.BinaryValue?.length ?? Buffer.byteLength(value.StringValue ?? "");
  }
  return bytes;
}

function requireSize(entries: readonly sqs.SendMessageBatchRequestEntry[]): void {
  const bytes = entries.reduce((sum, entry) => sum + entrySizeBytes(entry), 0);
  if (bytes > batchBytesMax) {
    throw modelled(
      sqs.BatchRequestTooLong,
      `Batch requests cannot be longer than ${batchBytesMax} bytes. You have sent ${bytes} bytes.`,
    );
  }
}

interface Outcome<Success> {
  Successful: Success[];
  Failed: sqs.BatchResultErrorEntry[];
}

/** Entry after entry within one transaction: a refusal comes before the entry has written anything. */
function each<Entry extends { readonly Id: string }, Success>(
  entries: readonly Entry[], work: (entry: Entry) => Success,
): Outcome<Success> {
  const outcome: Outcome<Success> = { Successful: [], Failed: [] };
  for (const entry of entries) {
    try {
      outcome.Successful.push(work(entry));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      outcome.Failed.push({
        Id: entry.Id,
        SenderFault: error.fault === "Sender",
        Code: error.queryCode ?? error.code,
        Message: error.message,
      });
    }
  }
  return outcome;
}

export const SendMessageBatch = operation(sqs.SendMessageBatch, {
  ...onMessages,
  action: "sqs:SendMessage",
  async body(input, ctx) {
    const { queue, outcome } = await withKey(ctx, input.QueueUrl, "send", (within, found) => {
      requireEntries(input.Entries, "SendMessageBatchRequestEntry");
      requireSize(input.Entries);
      const outcome = each(input.Entries, ({ Id, ...draft }) => ({ Id, ...send(within, found, draft) }));
      return { queue: found, outcome };
    });
    ctx.wake(topicOf(queue));
    ctx.wake(ctx.arn(queue.name));
    return outcome;
  },
});

export const DeleteMessageBatch = operation(sqs.DeleteMessageBatch, {
  ...onMessages,
  action: "sqs:DeleteMessage",
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    requireEntries(input.Entries, "DeleteMessageBatchRequestEntry");
    ctx.wake(topicOf(queue));
    return each(input.Entries, ({ Id, ReceiptHandle }) => {
      deleteMessage(ctx, queue, ReceiptHandle);
      return { Id };
    });
  },
});

export const ChangeMessageVisibilityBatch = operation(sqs.ChangeMessageVisibilityBatch, {
  ...onMessages,
  action: "sqs:ChangeMessageVisibility",
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    requireEntries(input.Entries, "ChangeMessageVisibilityBatchRequestEntry");
    ctx.wake(topicOf(queue));
    return each(input.Entries, ({ Id, ReceiptHandle, VisibilityTimeout }) => {
      if (VisibilityTimeout === undefined) throw missingParameter("VisibilityTimeout");
      changeVisibility(ctx, queue, ReceiptHandle, VisibilityTimeout);
      return { Id };
    });
  },
});
