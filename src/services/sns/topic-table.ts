/** The row of a topic, and how requests name one: by ARN. */

import { parseArn, type Arn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Owner } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { invalidParameter, malformedArn, topicNotFound } from "./errors.ts";

export interface Topic {
  readonly name: string;
  /** Its own even among topics of one name that followed each other. */
  readonly id: string;
  /** As they were set; what is not here has its default. */
  readonly attributes: Readonly<Record<string, string>>;
  /** With unique ids instead of names; absent while it is the default. */
  readonly policy?: string;
  /** JSON text. */
  readonly dataProtection?: string;
  /** How many subscriptions have been deleted. */
  readonly subscriptionsDeleted: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const topics = table<Topic>("sns.topics", { key: (topic) => topic.name });

export function isFifo(topic: Pick<Topic, "name">): boolean {
  return topic.name.endsWith(".fifo");
}

/** @throws InvalidParameter where the text is no ARN, or one of another region */
export function readArn(ctx: ReadContext, text: string, parameter: string): Arn {
  const elements = text.split(":").length;
  if (elements < 6) throw malformedArn(parameter, elements);
  const arn = parseArn(text);
  if (arn?.service !== "sns" || arn.region !== ctx.region) throw invalidParameter(parameter);
  return arn;
}

export function requireTopic(ctx: ReadContext, arn: string, parameter = "TopicArn"): Topic {
  const topic = ctx.db(topics).get(readArn(ctx, arn, parameter).resource);
  if (!topic) throw topicNotFound();
  return topic;
}

export function ownerOf(arn: string | undefined): Owner | undefined {
  const account = arn === undefined ? undefined : parseArn(arn)?.account;
  return account === undefined || !/^\d{12}$/.test(account) ? undefined : { account };
}

/** The rules of operations that name one topic. */
export const onTopic = {
  owner: ({ TopicArn }: { readonly TopicArn: string }): Owner | undefined => ownerOf(TopicArn),
  resource: ({ TopicArn }: { readonly TopicArn: string }, ctx: ReadContext): string => {
    readArn(ctx, TopicArn, "TopicArn");
    return TopicArn;
  },
};
