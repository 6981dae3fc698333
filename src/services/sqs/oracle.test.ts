/** Random work on a queue, step by step against a plain model of what SQS promises. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { Ids } from "../../kernel/ids.ts";
import { createQueue } from "./queue-fixture.ts";

const seeds = ["one", "two", "three"];
const steps = 250;
const timeoutSeconds = 20;

/** What the model knows of a message. */
interface Entry {
  readonly body: string;
  readonly group: string;
  visibleAt: number;
  received: boolean;
  /** The handle that is good, while there is one. */
  held?: Message;
}

/** Kept in the order of sending. */
class Model {
  entries: Entry[] = [];
  now = 0;

  visible(): Entry[] {
    return this.entries.filter((entry) => entry.visibleAt <= this.now);
  }

  inFlight(): Entry[] {
    return this.entries.filter((entry) => entry.received && entry.visibleAt > this.now);
  }

  /** Whether nothing of the group that was sent earlier is still hidden, and nothing of it is in flight. */
  isNext(entry: Entry, takenNow: ReadonlySet<Entry>): boolean {
    const group = this.entries.filter((other) => other.group === entry.group);
    const inFlight = this.inFlight().filter((other) => other.group === entry.group);
    if (inFlight.some((other) => !takenNow.has(other))) return false;
    return group.slice(0, group.indexOf(entry)).every((other) => takenNow.has(other));
  }
}

for (const seed of seeds) {
  for (const fifo of [false, true]) {
    test(`a ${fifo ? "FIFO" : "standard"} queue keeps its promises under random work (${seed})`, async () => {
      await using region = await startRegion();
      const chance = new Ids(seed);
      const model = new Model();
      const queue = await createQueue(
        region, fifo ? "q.fifo" : "q", { VisibilityTimeout: String(timeoutSeconds) },
      );
      let sent = 0;

      const send = async () => {
        const body = `m${sent}`;
        const group = `g${chance.below(4)}`;
        const delaySeconds = fifo ? 0 : chance.below(3) * 7;
        await queue.send(body, fifo
          ? { MessageGroupId: group, MessageDeduplicationId: `d${sent}` } : { DelaySeconds: delaySeconds });
        model.entries.push({ body, group, visibleAt: model.now + delaySeconds, received: false });
        sent += 1;
      };
      const receive = async () => {
        const count = 1 + chance.below(10);
        const received = await queue.receive({ MaxNumberOfMessages: count });
        const taken = new Set<Entry>();
        const available = model.visible();
        for (const message of received) {
          const entry = model.entries.find(({ body }) => body === message.Body);
          assert.ok(
            entry && entry.visibleAt <= model.now && !taken.has(entry), `${message.Body} was not to be had`,
          );
          if (fifo) assert.ok(model.isNext(entry, taken), `${message.Body} came before its turn`);
          taken.add(entry);
          entry.held = message;
        }
        if (fifo) {
          const more = available.find((entry) => !taken.has(entry) && model.isNext(entry, taken));
          assert.ok(received.length === count || !more, `${more?.body} was withheld`);
        } else {
          assert.equal(received.length, Math.min(count, available.length));
        }
        for (const entry of taken) {
          entry.received = true;
          entry.visibleAt = model.now + timeoutSeconds;
        }
      };
      const remove = async () => {
        const held = fifo ? model.inFlight() : model.entries.filter((entry) => entry.held);
        const entry = held[chance.below(Math.max(held.length, 1))];
        if (!entry) return;
        await queue.delete(entry.held);
        model.entries = model.entries.filter((other) => other !== entry);
      };
      const hide = async () => {
        const held = model.inFlight();
        const entry = held[chance.below(Math.max(held.length, 1))];
        if (!entry) return;
        const seconds = chance.below(3) * 15;
        await queue.hide(entry.held, seconds);
        entry.visibleAt = model.now + seconds;
      };
      const pass = async () => {
        const seconds = 1 + chance.below(15);
        await region.clock.advance({ seconds });
        model.now += seconds;
      };

      const kinds = [send, send, send, receive, receive, remove, remove, hide, pass];
      for (let step = 0; step < steps; step += 1) {
        await kinds[chance.below(kinds.length)]?.();
        if (step % 10 > 0) continue;
        const inFlight = model.inFlight().length;
        const visible = model.visible().length;
        assert.deepEqual(
          await queue.counts(), [visible, inFlight, model.entries.length - visible - inFlight],
        );
      }
      // What was not deleted is delivered in the end, in a FIFO queue in the order of its group.
      await region.clock.advance({ minutes: 10 });
      const rest: (string | undefined)[] = [];
      for (let batch = await queue.receive(); batch.length > 0; batch = await queue.receive()) {
        for (const message of batch) {
          rest.push(message.Body);
          await queue.delete(message);
        }
      }
      assert.deepEqual(rest.toSorted(), model.entries.map(({ body }) => body).toSorted());
      for (const { group } of fifo ? model.entries : []) {
        const order = model.entries.filter((entry) => entry.group === group).map(({ body }) => body);
        assert.deepEqual(rest.filter((body) => order.includes(body ?? "")), order);
      }
    });
  }
}
