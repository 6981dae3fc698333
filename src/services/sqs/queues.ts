/** A queue: how it comes and goes, what it is set to, and how it is found. */

import * as sqs from "../../generated/sqs.ts";
import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { findQueue, onQueue, queueUrl, requireOwner, requireQueue } from "./addresses.ts";
import {
  applyAttributes, attributeNames, canonicalAttributes, computedNames, firstDifference, requireName,
  shownAttributes,
} from "./attributes.ts";
import {
  invalidParameterValue, purgeQueueInProgress, queueDeletedRecently, queueDoesNotExist, queueNameExists,
  unknownAttribute,
} from "./errors.ts";
import { countMessages } from "./message-table.ts";
import { setTags } from "./queue-tags.ts";
import { isFifo, queues, topicOf, type Queue } from "./queue-table.ts";
import { invalidToken, pageSizeOf } from "./redrive.ts";
import { dropGeneration, expireMessages, expireSome, replanSweep } from "./retention.ts";

/** The name of a deleted queue stays taken for a while. */
interface Deletion {
  readonly name: string;
  readonly at: number;
}

const deletions = table<Deletion>("sqs.deletions", { key: (row) => row.name });

const minuteMilliseconds = 60_000;

/**
 * Creating a queue that exists succeeds when the attributes named in the request agree with it, so that two
 * deployments of one stack do not fight. Tags are not compared.
 *
 * @evidence SQS API Reference, CreateQueue, QueueNameExists and QueueDeletedRecently
 */
export const CreateQueue = operation(sqs.CreateQueue, {
  resource: (input, ctx) => ctx.arn(input.QueueName),
  run(input, ctx) {
    const requested = input.Attributes ?? {};
    const { fifo } = requireName(input.QueueName, requested);
    const existing = findQueue(ctx, input.QueueName);
    const subject = { name: input.QueueName, fifo, current: existing?.attributes };
    const canonical = canonicalAttributes(ctx, subject, requested);
    if (existing) {
      const differing = firstDifference(existing.attributes, canonical);
      if (differing !== undefined) throw queueNameExists(differing);
      return { QueueUrl: queueUrl(ctx, existing.name) };
    }

    const now = ctx.clock.now();
    const deletion = ctx.db(deletions).get(input.QueueName);
    if (deletion && deletion.at + minuteMilliseconds > now) throw queueDeletedRecently();
    const attributes = applyAttributes(subject, canonical);
    const queue = ctx.db(queues).put({
      name: input.QueueName,
      id: ctx.ids.hex(16),
      generation: ctx.ids.hex(16),
      attributes,
      createdAt: now,
      modifiedAt: now,
    });
    if (input.tags && Object.keys(input.tags).length > 0) {
      ctx.authorize({ action: "sqs:TagQueue", resource: ctx.arn(queue.name) });
      setTags(ctx, queue.name, input.tags);
    }
    return { QueueUrl: queueUrl(ctx, queue.name) };
  },
});

const accountForm = /^\d{12}$/;

export const GetQueueUrl = operation(sqs.GetQueueUrl, {
  resource: (input, ctx) => ctx.arn(input.QueueName),
  owner: ({ QueueOwnerAWSAccountId: account }) =>
    (account !== undefined && accountForm.test(account) ? { account } : undefined),
  run(input, ctx) {
    if (input.QueueName === "") {
      throw invalidParameterValue(
        "Value for parameter QueueName is invalid. Reason: Must specify a queue name.",
      );
    }
    const account = input.QueueOwnerAWSAccountId;
    const queue = findQueue(ctx, input.QueueName);
    if (!queue || (account !== undefined && !accountForm.test(account))) throw queueDoesNotExist();
    return { QueueUrl: queueUrl(ctx, queue.name) };
  },
});

/**
 * What is asked for is a queue without a name.
 *
 * @evidence SQS API Reference, ListQueues: only who gives MaxResults gets a NextToken; at most 1000 otherwise
 * @evidence SQS, recorded: `sqs:listqueues on resource: arn:aws:sqs:us-east-1:123456789012: because no …`
 */
export const ListQueues = operation(sqs.ListQueues, {
  resource: (_input, ctx) => ctx.arn(""),
  run(input, ctx) {
    const limit = pageSizeOf(input.MaxResults);
    const prefix = input.QueueNamePrefix ?? "";
    const { items, next } = page({
      rows: ctx.db(queues),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (queue) => queue.name,
      limit,
      token: input.NextToken,
      scope: `sqs.ListQueues ${prefix}`,
      invalid: invalidToken,
    });
    if (items.length === 0) return {};
    return {
      QueueUrls: items.map((queue) => queueUrl(ctx, queue.name)),
      NextToken: input.MaxResults === undefined ? undefined : next,
    };
  },
});

const sweepRows = 500;

function computedAttributes(ctx: Context, queue: Queue): [string, string][] {
  while (expireSome(ctx, queue, sweepRows) === sweepRows);
  const { visible, inFlight, delayed } = countMessages(ctx, queue);
  const values = [
    ctx.arn(queue.name), visible, inFlight, delayed,
    Math.floor(queue.createdAt / 1000), Math.floor(queue.modifiedAt / 1000),
  ];
  return computedNames.map((name, index) => [name, String(values[index])]);
}

/** Without names nothing is shown. The counts are exact here, where AWS's are approximate. */
export const GetQueueAttributes = operation(sqs.GetQueueAttributes, {
  ...onQueue,
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    const names = new Set<string>(input.AttributeNames);
    for (const name of names) if (!attributeNames.has(name)) throw unknownAttribute(name);
    const wanted = (name: string): boolean => names.has("All") || names.has(name);
    const computed = computedNames.some(wanted) ? computedAttributes(ctx, queue) : [];
    const shown = [...computed, ...shownAttributes(queue.attributes, ctx)].filter(([name]) => wanted(name));
    return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
  },
});

export const SetQueueAttributes = operation(sqs.SetQueueAttributes, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    const subject = { name: queue.name, fifo: isFifo(queue), current: queue.attributes };
    const attributes = applyAttributes(subject, canonicalAttributes(ctx, subject, input.Attributes));
    const changed = ctx.db(queues).put({ ...queue, attributes, modifiedAt: ctx.clock.now() });
    if (input.Attributes["MessageRetentionPeriod"] !== undefined) replanSweep(ctx, changed);
  },
});

/** The queue is gone at once; its messages are swept up behind it. */
function deleteQueue(ctx: Context, queue: Queue): void {
  const now = ctx.clock.now();
  ctx.db(queues).delete(queue.name);
  ctx.tags(ctx.arn(queue.name)).clear();
  ctx.unschedule(expireMessages, queue.id);
  dropGeneration(ctx, { generation: queue.generation, queueId: queue.id });
  ctx.db(deletions).put({ name: queue.name, at: now });
  ctx.schedule(
    forgetDeletion, { at: now + minuteMilliseconds, id: queue.name, input: { name: queue.name, at: now } },
  );
}

export const forgetDeletion = job<Deletion>("sqs.forgetDeletion", ({ name, at }, ctx) => {
  if (ctx.db(deletions).get(name)?.at === at) ctx.db(deletions).delete(name);
});

export const DeleteQueue = operation(sqs.DeleteQueue, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    deleteQueue(ctx, queue);
    // Who still waits for a message learns that there is no queue any more.
    ctx.wake(topicOf(queue));
  },
});

/** @evidence SQS API Reference, PurgeQueue; AWS takes up to 60 seconds for what happens at once here */
export const PurgeQueue = operation(sqs.PurgeQueue, {
  ...onQueue,
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    const now = ctx.clock.now();
    if (queue.purgedAt !== undefined && queue.purgedAt + minuteMilliseconds > now) {
      throw purgeQueueInProgress(queue.name);
    }
    const { sweepAt: _sweepAt, crowded: _crowded, ...rest } = queue;
    ctx.unschedule(expireMessages, queue.id);
    ctx.db(queues).put({ ...rest, generation: ctx.ids.hex(16), purgedAt: now });
    dropGeneration(ctx, { generation: queue.generation });
  },
});
