/**
 * Logs under load, beside the other benchmarks: how fast events come in, how long queries over many of them
 * take, and how much memory the server has meanwhile.
 * `node dist/bench/logs.js [megabytes]`
 */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
  GetQueryResultsCommand, StartQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { cpuMicroseconds } from "./cpu.ts";
import { json, requestBytes } from "./operations.ts";

const megabytes = Number(process.argv[2] ?? 1_024);
const streamsCount = 8;
const eventsABatch = 3_400;

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

function residentMegabytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
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

async function ingest(port: number, server: ChildProcess): Promise<void> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
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
      prepared.push(...requestBytes({
        name: "", service: "logs", floorShare: 0, headers: json("1.1", "Logs_20140328.PutLogEvents"),
        bodies: [JSON.stringify({ logGroupName: "bench", logStreamName: `s${index}`, logEvents: events })],
      }, port, credentials));
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
      `${residentMegabytes(server)} MB resident`,
  );
}

async function query(logs: CloudWatchLogsClient, server: ChildProcess, queryString: string): Promise<void> {
  const before = performance.now();
  const now = Math.ceil(Date.now() / 1_000);
  const { queryId } = await logs.send(new StartQueryCommand({
    logGroupName: "bench", startTime: now - 86_400, endTime: now + 86_400, queryString,
  }));
  let most = 0;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    most = Math.max(most, residentMegabytes(server));
    const { status, results, statistics } = await logs.send(new GetQueryResultsCommand({ queryId }));
    if (status === "Scheduled" || status === "Running") continue;
    const seconds = (performance.now() - before) / 1_000;
    console.log(
      `${status} in ${seconds.toFixed(1)} s, ${statistics?.recordsScanned} events, ` +
        `${results?.length} results, ` +
        `at most ${most} MB resident: ${queryString}`,
    );
    return;
  }
}

const port = await freePort();
const server = await startServer(port);
try {
  const logs = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${port}`, region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await logs.send(new CreateLogGroupCommand({ logGroupName: "bench" }));
  for (let index = 0; index < streamsCount; index++) {
    await logs.send(new CreateLogStreamCommand({ logGroupName: "bench", logStreamName: `s${index}` }));
  }
  await ingest(port, server);
  await query(logs, server, "filter @message like /ERROR/ | limit 20");
  await query(
    logs, server, "filter status = 500 | stats count(*), avg(duration), pct(duration, 99) by bin(1h)"
  );
  await query(logs, server, "fields @timestamp, path | sort duration desc | limit 100");
  await query(logs, server, "pattern @message");
  const before = performance.now();
  const { events } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: "bench", filterPattern: "{ $.status = 500 }", limit: 1_000 }),
  );
  console.log(`filter: ${events?.length} events in ${((performance.now() - before) / 1_000).toFixed(2)} s`);
} finally {
  server.kill("SIGINT");
}
