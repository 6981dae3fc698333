/**
 * Logs under load, beside the other benchmarks: how fast events come in, how long queries over many of them
 * take, how much memory the server has meanwhile, and how long others wait.
 * `node dist/bench/logs.js [megabytes]`
 */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
  GetQueryResultsCommand, PutMetricFilterCommand, PutSubscriptionFilterCommand, StartQueryCommand,
  StopQueryCommand, type MetricTransformation,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { cpuMicroseconds } from "./cpu.ts";
import { callerIdentity, json, requestBytes } from "./operations.ts";

const megabytes = Number(process.argv[2] ?? 1_024);
const streamsCount = 8;
const eventsABatch = 3_400;
const testKey = { accessKeyId: "test", secretAccessKey: "test" };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

async function startServer(port: number): Promise<ChildProcess> {
  const main = fileURLToPath(new URL("../src/cli/main.js", import.meta.url));
  const child = spawn(process.execPath, [main, "start", "--ephemeral", "--port", String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout) await once(child.stdout, "data");
  return child;
}

/** What is mapped from the store's file is the system's, to be taken back whenever it likes. */
function ownMegabytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** A batch of requests' logs, about 300 bytes each. */
function batch(
  start: number, seed: number
): { events: { timestamp: number; message: string }[]; bytes: number } {
  let bytes = 0;
  const events = Array.from({ length: eventsABatch }, (_, index) => {
    const number = seed * eventsABatch + index;
    const message = JSON.stringify({
      level: number % 50 === 0 ? "ERROR" : "INFO",
      requestId: `${(number * 2_654_435_761) >>> 0}-${number}`,
      path: `/items/${number % 1_000}`,
      status: number % 50 === 0 ? 500 : 200,
      duration: (number * 7_919) % 1_000,
      message: "the request was handled by the service and its answer was sent ".repeat(2),
    });
    bytes += message.length + 26;
    return { timestamp: start + index, message };
  });
  return { events, bytes };
}

async function post(url: string, bytes: Buffer): Promise<void> {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const headers = Object.fromEntries(text.slice(0, end).split("\r\n").slice(1).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }).filter(([name]) => name !== "content-length" && name !== "host"));
  const answer = await fetch(url, { method: "POST", headers, body: new Uint8Array(bytes.subarray(end + 4)) });
  if (answer.status !== 200) throw new Error(await answer.text());
  await answer.arrayBuffer();
}

function putEvents(port: number, logGroupName: string, logStreamName: string, logEvents: unknown): Buffer[] {
  return requestBytes({
    name: "", service: "logs", floorShare: 0, headers: json("1.1", "Logs_20140328.PutLogEvents"),
    bodies: [JSON.stringify({ logGroupName, logStreamName, logEvents })],
  }, port, testKey);
}

async function ingest(port: number, server: ChildProcess): Promise<void> {
  const start = Date.now() - 12 * 3_600_000;
  let bytes = 0;
  let seconds = 0;
  let cpu = 0;
  for (let seed = 0; bytes < megabytes * 1_048_576;) {
    const prepared: Buffer[] = [];
    let size = 0;
    for (let index = 0; index < streamsCount; index++, seed++) {
      const { events, bytes: each } = batch(start + seed * eventsABatch, seed);
      size += each;
      prepared.push(...putEvents(port, "bench", `s${index}`, events));
    }
    const before = performance.now();
    const cpuBefore = cpuMicroseconds(server.pid) ?? 0;
    await Promise.all(prepared.map((each) => post(`http://127.0.0.1:${port}/`, each)));
    seconds += (performance.now() - before) / 1_000;
    cpu += (cpuMicroseconds(server.pid) ?? 0) - cpuBefore;
    bytes += size;
  }
  const stored = bytes / 1_048_576;
  console.log(
    `ingest: ${stored.toFixed(0)} MB in ${seconds.toFixed(1)} s: ${(stored / seconds).toFixed(1)} MB/s, ` +
      `${(stored / (cpu / 1e6)).toFixed(1)} MB a second of the server's CPU, ` +
      `own memory ${ownMegabytes(server)} MB`,
  );
}

interface Finished {
  readonly status: string | undefined;
  readonly scanned: number;
  readonly results: number;
}

async function finished(logs: CloudWatchLogsClient, queryId: string | undefined): Promise<Finished> {
  for (;;) {
    await pause(50);
    const { status, results = [], statistics } = await logs.send(new GetQueryResultsCommand({ queryId }));
    if (status === "Scheduled" || status === "Running") continue;
    return { status, scanned: statistics?.recordsScanned ?? 0, results: results.length };
  }
}

async function start(logs: CloudWatchLogsClient, queryString: string): Promise<string | undefined> {
  const now = Math.ceil(Date.now() / 1_000);
  const { queryId } = await logs.send(new StartQueryCommand({
    logGroupName: "bench", startTime: now - 86_400, endTime: now + 86_400, queryString,
  }));
  return queryId;
}

/** Asks the region something small over and over, and notes how long it waits, until it is told to stop. */
async function watchOthers(port: number, server: ChildProcess, stop: AbortSignal): Promise<Watched> {
  const [request = Buffer.alloc(0)] = requestBytes(callerIdentity, port, testKey);
  const waits: number[] = [];
  let most = ownMegabytes(server);
  while (!stop.aborted) {
    const before = performance.now();
    await post(`http://127.0.0.1:${port}/`, request);
    waits.push(performance.now() - before);
    if (waits.length % 10 === 0) most = Math.max(most, ownMegabytes(server));
    await pause(3);
  }
  return { waits: waits.toSorted((left, right) => left - right), megabytesMost: most };
}

interface Watched {
  /** Milliseconds, the shortest first. */
  readonly waits: readonly number[];
  /** Of the server's own memory. */
  readonly megabytesMost: number;
}

async function watching<T>(port: number, server: ChildProcess, work: () => Promise<T>): Promise<[T, string]> {
  const control = new AbortController();
  const watched = watchOthers(port, server, control.signal);
  const cpuBefore = cpuMicroseconds(server.pid) ?? 0;
  const before = performance.now();
  const result = await work();
  const seconds = (performance.now() - before) / 1_000;
  const cpu = ((cpuMicroseconds(server.pid) ?? 0) - cpuBefore) / 1e6;
  control.abort();
  const { waits, megabytesMost } = await watched;
  const at = (share: number): string => (waits[Math.floor(share * (waits.length - 1))] ?? NaN).toFixed(1);
  return [
    result,
    `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU, own memory ${megabytesMost} MB at most, ` +
      `others waited ${at(0.5)} ms (p50), ${at(0.99)} (p99), ${at(1)} (most)`,
  ];
}

const queries = [
  "filter @message like /ERROR/ | limit 20",
  "filter status = 500 | stats count(*), avg(duration), pct(duration, 99) by bin(1h)",
  "stats count(*), max(duration) by path | sort path | limit 100",
  "fields @timestamp, path | sort duration desc | limit 100",
  "parse @message '\"path\":\"*\"' as where | stats count(*) by where | limit 10",
  "dedup path | limit 1000",
  "dedup requestId | limit 1000",
  "stats count_distinct(requestId)",
  "stats count_distinct(requestId), pct(duration, 99) by path | limit 100",
  "pattern @message",
];

/** What is stopped is to stop at once, and not to go on behind its answer. */
async function stopped(logs: CloudWatchLogsClient, server: ChildProcess): Promise<void> {
  const queryId = await start(logs, "pattern @message");
  await pause(200);
  await logs.send(new StopQueryCommand({ queryId }));
  await pause(100);
  const before = cpuMicroseconds(server.pid) ?? 0;
  await pause(1_000);
  const cpu = ((cpuMicroseconds(server.pid) ?? 0) - before) / 1e3;
  console.log(`stopped: ${cpu.toFixed(0)} ms of CPU in the second after`);
}

const batchesAFilter = 24;

/** One put after the other into a group. @returns microseconds of the server's CPU for an event */
async function costOfEvent(port: number, server: ChildProcess, group: string): Promise<number> {
  const start = Date.now() - 3_600_000;
  let cpu = 0;
  for (let seed = 0; seed < batchesAFilter; seed++) {
    const { events } = batch(start + seed * eventsABatch, seed);
    const [request = Buffer.alloc(0)] = putEvents(port, group, "s", events);
    const before = cpuMicroseconds(server.pid) ?? 0;
    await post(`http://127.0.0.1:${port}/`, request);
    // What is sent on is sent behind the answer.
    await pause(100);
    if (seed >= batchesAFilter / 3) cpu += (cpuMicroseconds(server.pid) ?? 0) - before;
  }
  return cpu / (batchesAFilter - Math.ceil(batchesAFilter / 3)) / eventsABatch;
}

const counted: MetricTransformation = { metricNamespace: "bench", metricName: "n", metricValue: "1" };
const measured: MetricTransformation = {
  metricNamespace: "bench", metricName: "ms", metricValue: "$.duration",
};
const metricFilters: readonly (readonly [pattern: string, transformation: MetricTransformation])[] = [
  ["ERROR", counted],
  ["%status.:5\\d\\d%", counted],
  ["{ $.status = 500 }", counted],
  ["{ $.duration >= 0 }", measured],
  ["{ $.duration >= 0 }", { ...measured, dimensions: { path: "$.path" } }],
];

/** A stream, and a role that may put records into it. */
async function destination(port: number): Promise<{ destinationArn: string; roleArn: string }> {
  const options = { endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials: testKey };
  const [iam, kinesis] = [new IAMClient(options), new KinesisClient(options)];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "logs.amazonaws.com" }, Action: "sts:AssumeRole",
  }] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "bench", AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kinesis:*", Resource: "*" }],
  });
  await iam.send(new PutRolePolicyCommand({ RoleName: "bench", PolicyName: "p", PolicyDocument }));
  await kinesis.send(new CreateStreamCommand({ StreamName: "bench", ShardCount: 4 }));
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 60 }, { StreamName: "bench" });
  return {
    destinationArn: "arn:aws:kinesis:us-east-1:000000000000:stream/bench", roleArn: Role?.Arn ?? "",
  };
}

/** What a filter adds to the cost of an event. */
async function filters(logs: CloudWatchLogsClient, port: number, server: ChildProcess): Promise<void> {
  let groups = 0;
  const group = async (): Promise<string> => {
    const logGroupName = `filtered-${groups++}`;
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
    return logGroupName;
  };
  const plain = await costOfEvent(port, server, await group());
  console.log(`an event without filters: ${plain.toFixed(2)} µs of CPU`);
  for (const [filterPattern, transformation] of metricFilters) {
    const logGroupName = await group();
    await logs.send(new PutMetricFilterCommand({
      logGroupName, filterName: "f", filterPattern, metricTransformations: [transformation],
    }));
    const cost = await costOfEvent(port, server, logGroupName);
    const by = transformation.dimensions ? ", by path" : "";
    console.log(`  metric filter ${filterPattern}, ${transformation.metricValue}${by}: ` +
      `${(cost - plain).toFixed(2)} µs more`);
  }
  const target = await destination(port);
  for (const filterPattern of ["ERROR", "{ $.status = 500 }", ""]) {
    const logGroupName = await group();
    await logs.send(new PutSubscriptionFilterCommand({
      logGroupName, filterName: "f", filterPattern, ...target,
    }));
    const cost = await costOfEvent(port, server, logGroupName);
    const name = filterPattern || "of everything";
    console.log(`  subscription filter ${name}: ${(cost - plain).toFixed(2)} µs more`);
  }
}

const port = await freePort();
const server = await startServer(port);
try {
  const logs = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${port}`, region: "us-east-1",
    credentials: testKey,
  });
  await logs.send(new CreateLogGroupCommand({ logGroupName: "bench" }));
  for (let index = 0; index < streamsCount; index++) {
    await logs.send(new CreateLogStreamCommand({ logGroupName: "bench", logStreamName: `s${index}` }));
  }
  await filters(logs, port, server);
  const [, idle] = await watching(port, server, () => pause(1_000));
  console.log(`at rest: ${idle}`);
  await ingest(port, server);
  for (const queryString of queries) {
    const [{ status, scanned, results }, costs] = await watching(port, server, async () =>
      finished(logs, await start(logs, queryString)));
    console.log(`${queryString}\n  ${status}: ${scanned} events, ${results} results, ${costs}`);
  }
  await stopped(logs, server);
  const [found, costs] = await watching(port, server, () => logs.send(
    new FilterLogEventsCommand({ logGroupName: "bench", filterPattern: "{ $.status = 500 }", limit: 1_000 }),
  ));
  console.log(`FilterLogEvents: ${found.events?.length} events, ${costs}`);
  const [rare, rareCosts] = await watching(port, server, () => logs.send(
    new FilterLogEventsCommand({ logGroupName: "bench", filterPattern: "nowhere" }),
  ));
  console.log(`FilterLogEvents, nothing found in one call: ${rare.events?.length} events, ${rareCosts}`);
} finally {
  server.kill("SIGINT");
}
