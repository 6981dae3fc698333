/** Events that a bus could not take, for its key: they go to the bus's own dead-letter queue. */

import type { BodyContext } from "../../kernel/context.ts";
import { sendDeadLetter } from "../../delivery/dead-letter.ts";
import type { Failure } from "../../delivery/failure.ts";
import { busArn } from "./bus-table.ts";
import { eventText, type Event } from "./event.ts";

export interface BusDeadLetter {
  readonly bus: string;
  /** The ARN of the queue. */
  readonly queue: string;
  readonly event: Event;
  readonly failure: Failure;
}

/**
 * At once, without a job: what no key encrypts must not rest in a row.
 *
 * @evidence EventBridge User Guide, "Using dead-letter queues to capture encrypted event errors"; which
 *   attributes such a letter has is not said: those of a rule's that are known here
 */
export async function sendBusDeadLetters(ctx: BodyContext, letters: readonly BusDeadLetter[]): Promise<void> {
  for (const { bus, queue, event, failure } of letters) {
    await sendDeadLetter(ctx, {
      queue,
      body: eventText(event),
      attributes: { ERROR_CODE: failure.code, ERROR_MESSAGE: failure.message },
      actor: { principal: "events.amazonaws.com", sourceArn: busArn(ctx, bus) },
    });
  }
}
