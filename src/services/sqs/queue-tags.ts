/** A queue's tags. */

import * as sqs from "../../generated/sqs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Tagging } from "../../kernel/service.ts";
import { onQueue, requireOwner, requireQueue } from "./addresses.ts";
import { invalidParameterValue, missingParameter } from "./errors.ts";

/** @evidence SQS Developer Guide, Quotas: 50 tags a queue, keys of 128 and values of 256 characters */
const tagCountMax = 50;

export function setTags(ctx: Context, queueName: string, tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key.length < 1 || key.length > 128) {
      throw invalidParameterValue("Tag keys must be between 1 and 128 characters in length.");
    }
    if (value.length > 256) {
      throw invalidParameterValue("Tag values must be between 0 and 256 characters in length.");
    }
    if (/^aws:/i.test(key)) {
      throw invalidParameterValue("Tag keys cannot start with 'aws:', which is reserved for AWS use.");
    }
  }
  const set = ctx.tags(ctx.arn(queueName));
  set.set(tags);
  if (Object.keys(set.get()).length > tagCountMax) {
    throw invalidParameterValue(`Too many tags added for queue ${queueName}.`);
  }
}

export const TagQueue = operation(sqs.TagQueue, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    if (Object.keys(input.Tags).length === 0) throw missingParameter("Tags");
    setTags(ctx, queue.name, input.Tags);
  },
});

export const UntagQueue = operation(sqs.UntagQueue, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const queue = requireQueue(ctx, input.QueueUrl);
    if (input.TagKeys.length === 0) throw missingParameter("TagKeys");
    ctx.tags(ctx.arn(queue.name)).remove(input.TagKeys);
  },
});

export const ListQueueTags = operation(sqs.ListQueueTags, {
  ...onQueue,
  run(input, ctx) {
    requireOwner(ctx, input.QueueUrl);
    const tags = ctx.tags(ctx.arn(requireQueue(ctx, input.QueueUrl).name)).get();
    return Object.keys(tags).length === 0 ? {} : { Tags: tags };
  },
});

function urlOf(arn: string): string | undefined {
  const parsed = parseArn(arn);
  return parsed && `https://sqs.${parsed.region}.amazonaws.com/${parsed.account}/${parsed.resource}`;
}

/** How the Resource Groups Tagging API tags queues. */
export const tagging: Tagging = {
  tag(arn, Tags) {
    const QueueUrl = urlOf(arn);
    return QueueUrl === undefined ? undefined : [sqs.TagQueue, { QueueUrl, Tags }];
  },
  untag(arn, TagKeys) {
    const QueueUrl = urlOf(arn);
    return QueueUrl === undefined ? undefined : [sqs.UntagQueue, { QueueUrl, TagKeys }];
  },
};
