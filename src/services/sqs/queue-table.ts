/** The row of a queue. */

import { table } from "../../store/types.ts";

export interface Queue {
  readonly name: string;
  /** 16 hexadecimal digits, its own even among queues of one name that followed each other. */
  readonly id: string;
  /**
   * Its messages are those of this generation: a purge begins a new one and leaves the old to be swept up.
   */
  readonly generation: string;
  /** What CreateQueue and SetQueueAttributes set, canonical, with their defaults. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Epoch milliseconds, as all below. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly purgedAt?: number;
  /** When messages are next looked through for those past their retention; undefined when none were sent. */
  readonly sweepAt?: number;
  /** So many messages are in flight that each receive has to count them. */
  readonly crowded?: boolean;
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export function redrivePolicyOf(queue: Queue): RedrivePolicy | undefined {
  const text = queue.attributes["RedrivePolicy"];
  return text === undefined ? undefined : (JSON.parse(text) as RedrivePolicy);
}

export const queues = table<Queue, "deadLetterTarget">("sqs.queues", {
  key: (queue) => queue.name,
  indexes: {
    deadLetterTarget: (queue) => {
      const target = redrivePolicyOf(queue)?.deadLetterTargetArn;
      return target === undefined ? undefined : [target, queue.name];
    },
  },
});

export function isFifo(queue: Queue): boolean {
  return queue.name.endsWith(".fifo");
}

/** An attribute that is a number of seconds or bytes. */
export function numberOf(queue: Queue, attribute: string): number {
  return Number(queue.attributes[attribute]);
}

/** What long polls of the queue wait for. */
export function topicOf(queue: Queue): string {
  return queue.id;
}
