/**
 * A publish to a topic that ten queues subscribe to, against ten sends: both are asked for in turns, and a
 * publish is over when its messages have arrived in the queues.
 */

import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Credentials } from "../src/kernel/auth/signing.ts";
import { cpuMicroseconds } from "./cpu.ts";
import { measure } from "./load.ts";
import { requestBytes, type BenchOperation } from "./operations.ts";
import { publishOperation, queueCount, queueUrlOf } from "./topic-operations.ts";

export interface FanOutTarget {
  readonly port: number;
  readonly pid: number | undefined;
  readonly credentials: Credentials;
  readonly connections: number;
}

interface Cost {
  /** Of one request, with what it sets off: microseconds. */
  readonly cpu: number;
  readonly wall: number;
}

const rounds = 7;
const publishesARound = 1_000;
const warmUp = { publishes: 4_000, sends: 16_000 };
const sendsARound = 8_000;

async function arrived(sqs: SQSClient, port: number): Promise<number> {
  const counts = await Promise.all(Array.from({ length: queueCount }, async (_, index) => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
      QueueUrl: queueUrlOf(port, index), AttributeNames: ["ApproximateNumberOfMessages"],
    }));
    return Number(Attributes?.["ApproximateNumberOfMessages"]);
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** When a process does nothing more: when it last did something, on the clock of `performance`. */
async function atRest(pid: number | undefined): Promise<number> {
  let last = performance.now();
  for (let cpu = cpuMicroseconds(pid), quiet = 0; quiet < 6;) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    const now = cpuMicroseconds(pid);
    quiet = now === cpu ? quiet + 1 : 0;
    if (quiet === 0) last = performance.now();
    cpu = now;
  }
  return last;
}

/** Asks `count` times, and waits until nothing more is done about it. */
async function cost(target: FanOutTarget, operation: BenchOperation, count: number): Promise<Cost> {
  const { port, pid, connections, credentials } = target;
  const requests = requestBytes(operation, port, credentials);
  await atRest(pid);
  const cpuBefore = cpuMicroseconds(pid) ?? NaN;
  const before = performance.now();
  const measured = await measure({ port, requests, connections, requestsMax: count, seconds: 60 });
  if (measured.failures > 0) throw new Error(measured.firstFailure);
  const end = await atRest(pid);
  return {
    cpu: ((cpuMicroseconds(pid) ?? NaN) - cpuBefore) / measured.count,
    wall: ((end - before) * 1_000) / measured.count,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >>> 1] ?? NaN;
}

export async function measureFanOut(target: FanOutTarget, send: BenchOperation): Promise<void> {
  const options = {
    endpoint: `http://127.0.0.1:${target.port}`, region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const publish = await publishOperation(options);
  const sqs = new SQSClient(options);
  const publishing = (count = publishesARound) => cost(target, publish, count);
  const sending = (count = sendsARound) => cost(target, send, count);
  const publishes: Cost[] = [];
  const sends: Cost[] = [];
  const before = await arrived(sqs, target.port);
  // V8 compiles what is hot in the meantime.
  await publishing(warmUp.publishes);
  await sending(warmUp.sends);
  for (let round = 0; round < rounds; round += 1) {
    publishes.push(await publishing());
    sends.push(await sending());
  }
  const published = warmUp.publishes + rounds * publishesARound;
  const missing = published * queueCount - ((await arrived(sqs, target.port)) - before);
  if (missing > 0) throw new Error(`${missing} messages have not arrived`);
  const show = (pick: (cost: Cost) => number): string => {
    const one = median(publishes.map(pick));
    const ten = median(sends.map(pick)) * queueCount;
    const ratios = publishes.map((each, index) => pick(each) / (queueCount * pick(sends[index] ?? each)));
    const ratio = median(ratios);
    return `${one.toFixed(0)} µs, ${queueCount} sends ${ten.toFixed(0)} µs: ${ratio.toFixed(2)} of them`;
  };
  console.log(`publish to ${queueCount} queues`);
  console.log(`  CPU   ${show(({ cpu }) => cpu)} (goal: less than 1)`);
  console.log(`  wall  ${show(({ wall }) => wall)}`);
}
