/** What no attempt could deliver. */

import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { Envelopes } from "./envelopes.ts";
import { meters } from "./metrics.ts";
import { toQueue } from "./senders.ts";
import type { Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

/**
 * The dead-letter queue gets what a queue would have got. One that is not there, or whose policy does not let
 * the topic in, gets nothing: the message is lost, as without one.
 *
 * @evidence SNS Developer Guide, "Amazon SNS dead-letter queues"; what arrives, recorded
 */
export async function deadLetter(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<void> {
  const text = subscription.attributes["RedrivePolicy"];
  if (text === undefined) return;
  const { deadLetterTargetArn } = JSON.parse(text) as { readonly deadLetterTargetArn: string };
  try {
    await toQueue(ctx, topic, subscription, envelopes, deadLetterTargetArn);
    ctx.metric(meters.redriven, [topic.name], 1);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    ctx.metric(meters.notRedriven, [topic.name], 1);
  }
}
