/** A topic: how it comes and goes, and what it is set to. */

import * as sns from "../../generated/sns.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { forgetArchive } from "./archive.ts";
import { readDataProtectionPolicy } from "./data-protection.ts";
import { invalidParameter, invalidToken } from "./errors.ts";
import { forgetSent } from "./fifo.ts";
import { subscriptions, turns } from "./subscription-table.ts";
import { readTags } from "./tags.ts";
import { agrees, applyChanges, readChanges, shownAttributes, type Attributes } from "./topic-attributes.ts";
import { isFifo, onTopic, readArn, requireTopic, topics, type Topic } from "./topic-table.ts";

export const pageSize = 100;

/** @evidence SNS API Reference, CreateTopic, Name; recorded refusals of names */
function requireName(name: string, { FifoTopic = "false" }: Attributes): void {
  if (FifoTopic === "true") {
    if (/^[A-Za-z0-9_-]{1,251}\.fifo$/.test(name)) return;
    throw invalidParameter(
      "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII " +
        "letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    );
  }
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalidParameter("Topic Name");
  if (FifoTopic !== "false") {
    throw invalidParameter(`FifoTopic: Invalid value [${FifoTopic}]. Must be true or false.`);
  }
}

/**
 * A topic that exists is answered, if it has what is asked for.
 *
 * @evidence SNS, recorded: topics with other attributes and tags
 */
export const CreateTopic = operation(sns.CreateTopic, {
  resource: (input, ctx) => ctx.arn(input.Name),
  run(input, ctx) {
    const { FifoTopic, ...requested } = input.Attributes ?? {};
    requireName(input.Name, input.Attributes ?? {});
    const fifo = FifoTopic === "true";
    const unknown = (name: string): Error => invalidParameter(`Attributes Reason: Unknown attribute ${name}`);
    const changes = readChanges(ctx, requested, fifo, unknown);
    const tags = readTags(input.Tags ?? []);
    const arn = ctx.arn(input.Name);
    const existing = ctx.db(topics).get(input.Name);
    if (existing) {
      if (!agrees(existing, changes)) {
        throw invalidParameter("Attributes Reason: Topic already exists with different attributes");
      }
      const has = ctx.tags(arn).get();
      if (Object.entries(tags).some(([key, value]) => has[key] !== value)) {
        throw invalidParameter("Tags Reason: Topic already exists with different tags");
      }
      return { TopicArn: arn };
    }
    const draft: Topic = {
      name: input.Name,
      id: ctx.ids.hex(16),
      attributes: {},
      subscriptionsDeleted: 0,
      createdAt: ctx.clock.now(),
    };
    const protection = input.DataProtectionPolicy;
    if (protection) {
      ctx.authorize({ action: "sns:PutDataProtectionPolicy", resource: arn });
    }
    ctx.db(topics).put({
      ...applyChanges(draft, changes),
      ...(protection && { dataProtection: readDataProtectionPolicy(draft, protection) }),
    });
    if (Object.keys(tags).length > 0) {
      ctx.authorize({ action: "sns:TagResource", resource: arn });
      ctx.tags(arn).set(tags);
    }
    return { TopicArn: arn };
  },
});

/** @evidence SNS, recorded: a topic that is not there is deleted all the same */
export const DeleteTopic = operation(sns.DeleteTopic, {
  ...onTopic,
  run(input, ctx) {
    const name = readArn(ctx, input.TopicArn, "TopicArn").resource;
    const topic = ctx.db(topics).get(name);
    if (topic) deleteTopic(ctx, topic);
  },
});

function deleteTopic(ctx: Context, topic: Topic): void {
  ctx.db(topics).delete(topic.name);
  ctx.tags(ctx.arn(topic.name)).clear();
  for (const { id } of [...ctx.db(subscriptions).list({ prefix: [topic.name] })]) {
    ctx.db(subscriptions).delete([topic.name, id]);
    ctx.db(turns).delete(id);
  }
  if (!isFifo(topic)) return;
  forgetSent(ctx, topic);
  forgetArchive(ctx, topic);
}

export const GetTopicAttributes = operation(sns.GetTopicAttributes, {
  ...onTopic,
  run(input, ctx) {
    return { Attributes: shownAttributes(ctx, requireTopic(ctx, input.TopicArn)) };
  },
});

/** @evidence SNS, recorded: names that there are not, FifoTopic among them */
export const SetTopicAttributes = operation(sns.SetTopicAttributes, {
  ...onTopic,
  run(input, ctx) {
    const topic = requireTopic(ctx, input.TopicArn);
    const requested = { [input.AttributeName]: input.AttributeValue ?? "" };
    const changes = readChanges(ctx, requested, isFifo(topic), () => invalidParameter("AttributeName"));
    ctx.db(topics).put(applyChanges(topic, changes));
  },
});

export const ListTopics = operation(sns.ListTopics, {
  /** @evidence recorded denials: "SNS:ListTopics on resource: arn:aws:sns:us-east-1:…:*" */
  resource: (_input, ctx) => ctx.arn("*"),
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(topics),
      key: (topic) => topic.name,
      limit: pageSize,
      token: input.NextToken,
      scope: "sns.ListTopics",
      invalid: invalidToken,
    });
    return { Topics: items.map((topic) => ({ TopicArn: ctx.arn(topic.name) })), NextToken: next };
  },
});
