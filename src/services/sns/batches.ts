/** Ten messages in one request. */

import * as sns from "../../generated/sns.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { messageBytesMax, publishLetter, readLetter, requireOrdering, withTopic } from "./publishing.ts";
import { onTopic } from "./topic-table.ts";

const entryCountMax = 10;

/** @evidence SNS, recorded: the texts, and that the first bad message refuses them all */
function requireEntries(entries: readonly { readonly Id: string }[]): void {
  if (entries.length === 0) {
    throw modelled(sns.EmptyBatchRequestException, "The batch request doesn't contain any entries.");
  }
  if (entries.length > entryCountMax) {
    throw modelled(
      sns.TooManyEntriesInBatchRequestException, "The batch request contains more entries than permissible.",
    );
  }
  if (entries.some(({ Id }) => !/^[A-Za-z0-9_-]{1,80}$/.test(Id))) {
    throw modelled(
      sns.InvalidBatchEntryIdException,
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw modelled(
      sns.BatchEntryIdsNotDistinctException, "Two or more batch entries in the request have the same Id.",
    );
  }
}

export const PublishBatch = operation(sns.PublishBatch, {
  ...onTopic,
  action: "sns:Publish",
  dataEvent: true,
  async body(input, ctx) {
    const entries = input.PublishBatchRequestEntries;
    return withTopic(ctx, input.TopicArn, "TopicArn", (within, topic, now) => {
      requireEntries(entries);
      let bytes = 0;
      const letters = entries.map((entry) => {
        requireOrdering(topic, entry);
        bytes += Buffer.byteLength(entry.Message);
        if (bytes > messageBytesMax) throw tooLong();
        const letter = readLetter(entry);
        bytes += letter.sizeBytes - Buffer.byteLength(entry.Message);
        if (bytes > messageBytesMax) throw tooLong();
        return { Id: entry.Id, letter };
      });
      const Successful: sns.PublishBatchResultEntry[] = [];
      const Failed: sns.BatchResultErrorEntry[] = [];
      for (const { Id, letter } of letters) {
        try {
          Successful.push({ Id, ...publishLetter(within, topic, letter, now) });
        } catch (error) {
          // What a data protection policy denies, the others go all the same.
          if (!(error instanceof AwsError) || error.status >= 500) throw error;
          Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
        }
      }
      return { Successful, Failed };
    });
  },
});

function tooLong(): Error {
  return modelled(
    sns.BatchRequestTooLongException, "The length of all the messages put together is more than the limit.",
  );
}
