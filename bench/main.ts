/**
 * The benchmark: this region, the floor, and its peers, under the same load in one run. Ratios count.
 * `npm run bench -- [--seconds N] [--no-moto] [--dynamodb-local JAR] [--fsync] [--one-core] [name …]`
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import {
  CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import type { Credentials } from "../src/kernel/auth/signing.ts";
import { freeStarted, giveAllCores, keepToOtherCores, started } from "./cores.ts";
import { cpuMicroseconds, cpuOfDescendants } from "./cpu.ts";
import { measureEventRules } from "./event-rules.ts";
import { measureFanOut } from "./fan-out.ts";
import { itemOperations } from "./item-operations.ts";
import { invokeOperation } from "./lambda-operations.ts";
import { measure, type Load, type Measured } from "./load.ts";
import { median, showFailures, showShares, summary, type Round } from "./report.ts";
import { measureLargeObjects } from "./large-objects.ts";
import { startPeers, type Peer } from "./peers.ts";
import { getOperation, putOperation, withBucket } from "./s3-operations.ts";
import { answers, freePort, startNode, type Target } from "./servers.ts";
import { publishOperation } from "./topic-operations.ts";
import { callerIdentity, json, requestBytes, type BenchOperation } from "./operations.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const { values: chosen, positionals: names } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    "no-moto": { type: "boolean", default: false },
    "dynamodb-local": { type: "string" },
    fsync: { type: "boolean", default: false },
    "one-core": { type: "boolean", default: false },
  },
});
const seconds = Number(chosen.seconds);
const connections = 32;
/** V8 compiles what is hot in the meantime. */
const warmUp = { requestsMax: 24_000, seconds: 60 };
/** The region and the floor take turns, so that whatever else the machine does hits both. */
const rounds = 5;
const deletesOfRegion = 48_000;
const deletesOfPeer = 300;
const services = ["sns", "sqs", "kms", "sts", "s3", "dynamodb", "lambda"];

/** A user with its own key and a policy, so that signatures and IAM are at work. */
async function prepareUser(port: number): Promise<Credentials> {
  const iam = new IAMClient(clientOptions(port));
  await iam.send(new CreateUserCommand({ UserName: "bench" }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName: "bench",
      PolicyName: "bench",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: services.map((service) => `${service}:*`), Resource: "*" },
        ],
      }),
    }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bench" }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

function clientOptions(port: number) {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
}

async function sendOperation(port: number): Promise<BenchOperation> {
  const sqs = new SQSClient(clientOptions(port));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "bench" }));
  return {
    name: "sqs SendMessage",
    service: "sqs",
    floorShare: 0.4,
    headers: json("1.0", "AmazonSQS.SendMessage"),
    bodies: [JSON.stringify({ QueueUrl, MessageBody: "a message of the usual size ".repeat(8) })],
  };
}

async function receiveOperation(port: number): Promise<BenchOperation> {
  const sqs = new SQSClient(clientOptions(port));
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: "bench-receive", Attributes: { VisibilityTimeout: "0" } }),
  );
  await fill(sqs, QueueUrl ?? "", 100);
  return {
    name: "sqs ReceiveMessage",
    service: "sqs",
    floorShare: 0.4,
    headers: json("1.0", "AmazonSQS.ReceiveMessage"),
    bodies: [JSON.stringify({ QueueUrl })],
  };
}

async function fill(sqs: SQSClient, QueueUrl: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({
      Id: String(index),
      MessageBody: `message ${sent + index}`,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

/** Each message is deleted once: as many receipt handles as the run may use. */
async function deleteOperation(port: number, count: number): Promise<BenchOperation> {
  const sqs = new SQSClient(clientOptions(port));
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: "bench-delete", Attributes: { VisibilityTimeout: "3600" } }),
  );
  await fill(sqs, QueueUrl ?? "", count);
  const handles: string[] = [];
  while (handles.length < count) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    handles.push(...Messages.map((message) => message.ReceiptHandle ?? ""));
  }
  return {
    name: "sqs DeleteMessage",
    service: "sqs",
    floorShare: 0.4,
    headers: json("1.0", "AmazonSQS.DeleteMessage"),
    bodies: handles.map((ReceiptHandle) => JSON.stringify({ QueueUrl, ReceiptHandle })),
  };
}

async function encryptOperation(port: number): Promise<BenchOperation> {
  const kms = new KMSClient(clientOptions(port));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return {
    name: "kms Encrypt",
    service: "kms",
    floorShare: 0.3,
    headers: json("1.1", "TrentService.Encrypt"),
    bodies: [
      JSON.stringify({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.alloc(64, 7).toString("base64") }),
    ],
  };
}

const operations: Readonly<Record<string, (port: number, deletes: number) => Promise<BenchOperation>>> = {
  identity: () => Promise.resolve(callerIdentity),
  send: sendOperation,
  publish: (port) => publishOperation(clientOptions(port)),
  receive: receiveOperation,
  delete: deleteOperation,
  encrypt: encryptOperation,
  ...itemOperations,
  invoke: (port) => invokeOperation(clientOptions(port)),
  "put-object": (port) => putOperation(clientOptions(port)),
  "get-object": (port) => getOperation(clientOptions(port)),
};

function operationOf(name: string, port: number, deletes: number): Promise<BenchOperation> {
  const make = operations[name];
  if (!make) throw new Error(`no benchmark is named ${name}`);
  return make(port, deletes);
}

async function firstAnswer(
  port: number,
  bytes: Buffer,
): Promise<{ status: number; type: string; body: Buffer }> {
  const text = bytes.toString("utf8");
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [method = "POST", path = "/"] = head.split(" ", 2);
  const headers = Object.fromEntries(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(": ", 2) as [string, string]),
  );
  delete headers["host"];
  delete headers["content-length"];
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body !== "" && { body }),
  });
  return {
    status: answer.status,
    type: answer.headers.get("content-type") ?? "",
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

async function timed({ child }: Target, load: Load): Promise<Round> {
  const before = cpuMicroseconds(child.pid);
  const othersBefore = cpuOfDescendants(child.pid);
  const measured = await measure(load);
  const after = cpuMicroseconds(child.pid);
  const known = before !== undefined && after !== undefined;
  return {
    ...measured,
    cpuMicroseconds: known ? (after - before) / measured.count : undefined,
    othersMicroseconds: (cpuOfDescendants(child.pid) - othersBefore) / measured.count,
  };
}

interface Subject {
  readonly target: Target;
  readonly credentials: Credentials;
}

/** The region and the floor in turns. */
async function measureRegion(name: string, region: Subject): Promise<Measured> {
  const { port } = region.target;
  const operation = await operationOf(name, port, deletesOfRegion);
  console.log(operation.name);
  const requests = requestBytes(operation, port, region.credentials);
  const answer = await firstAnswer(port, requests[0] ?? Buffer.alloc(0));
  if (answer.status !== 200) console.log(answer.body.toString());
  const floor = await startFloor(region.credentials, answer);
  const floorLoad = {
    port: floor.port, requests: requestBytes(operation, floor.port, region.credentials), connections,
  };
  // A handle can be used once: half of them warm up, and each round has its own.
  const slice = Math.floor(requests.length / 2 / rounds);
  const load = (round: number): Load => {
    if (name !== "delete") return { port, connections, requests, seconds: seconds / rounds };
    const own = requests.slice(-slice * (round + 1), requests.length - slice * round);
    return { port, connections, requests: own, requestsMax: slice, seconds: 60 };
  };

  await measure({ ...floorLoad, ...warmUp });
  await measure({ port, connections, requests, ...warmUp });
  if (operation.runsPrograms && !chosen["one-core"]) freeStarted(region.target.child.pid);
  const ours: Round[] = [];
  const floors: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await timed(region.target, load(round)));
    floors.push(await timed(floor, { ...floorLoad, seconds: seconds / rounds }));
  }
  console.log(summary("floor", floors));
  console.log(summary("us-local-1", ours));
  showFailures(ours);
  showShares(floors, ours, operation.floorShare);
  const perSecond = median(ours.map((run) => run.perSecond));
  if (name !== "delete") {
    const half = { seconds, rate: perSecond / 2 };
    console.log(summary("at half load", [await timed(region.target, { ...load(0), ...half })]));
    console.log(summary("floor at that load", [await timed(floor, { ...floorLoad, ...half })]));
  }
  floor.child.kill();
  return { ...(ours[0] ?? (await measure(load(0)))), perSecond };
}

function startFloor(
  credentials: Credentials,
  answer: { status: number; type: string; body: Buffer },
): Promise<Target> {
  return startNode(join(here, "floor.js"), [
    credentials.secretAccessKey,
    String(answer.status),
    answer.type,
    answer.body.toString("base64"),
  ]);
}

async function measurePeer(name: string, peer: Peer, ours: Measured): Promise<void> {
  const { port } = peer;
  const operation = await operationOf(name, port, deletesOfPeer);
  const requests = requestBytes(operation, port, { accessKeyId: "test", secretAccessKey: "test" });
  const load = { port, requests, connections, seconds: Math.min(seconds, 2) };
  const measured = await timed(peer, load);
  console.log(summary(peer.name, [measured]));
  showFailures([measured]);
  console.log(`  ${(ours.perSecond / measured.perSecond).toFixed(1)} x ${peer.name}`);
}

async function startRegion(mayUseAllCores = false): Promise<Target> {
  const port = await freePort();
  const command = join(here, "..", "bin", "us-local-1.js");
  const durability = chosen.fsync ? "fsync" : "relaxed";
  const options = ["start", "--ephemeral", "--port", String(port), "--durability", durability];
  const child = started(process.execPath, [command, ...options], mayUseAllCores);
  child.stdout?.resume();
  await answers(`http://127.0.0.1:${port}/_localstack/health`, () => false);
  return { port, child };
}

/** One client, one body at a time: the cores are everybody's. */
async function measureLarge(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const bare = await startNode(join(here, "file-server.js"), [folder], true);
  const region = await startRegion(true);
  try {
    const { s3, bucket } = await withBucket(clientOptions(region.port));
    await measureLargeObjects(s3, bucket, `http://127.0.0.1:${bare.port}/`);
  } finally {
    bare.child.kill();
    region.child.kill();
    rmSync(folder, { recursive: true });
  }
}

const known = [...Object.keys(operations), "fan-out", "large", "rules"];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark named ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}
keepToOtherCores();
// Threads that collect together on one core only wait for each other, and requests for them.
setFlagsFromString("--no-parallel-scavenge");
const target = await startRegion();
const peers = await startPeers(!chosen["no-moto"], chosen["dynamodb-local"]);
const region: Subject = { target, credentials: await prepareUser(target.port) };
for (const name of Object.keys(operations)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const measured = await measureRegion(name, region);
  for (const peer of peers) if (peer.takes(name)) await measurePeer(name, peer, measured);
}
if (names.length === 0 || names.includes("fan-out")) {
  const { port, child } = target;
  // Messages are signed beside the event loop.
  giveAllCores(child.pid);
  await measureFanOut(
    { port, pid: child.pid, credentials: region.credentials, connections }, await sendOperation(port));
}
if (names.length === 0 || names.includes("large")) await measureLarge();
if (names.length === 0 || names.includes("rules")) measureEventRules();
const resident = spawnSync("ps", ["-o", "rss=", "-p", String(target.child.pid)], { encoding: "utf8" }).stdout;
console.log(`memory of the region's process: ${(Number(resident) / 1024).toFixed(0)} MB`);
target.child.kill();
for (const { child } of peers) child.kill();
process.exit(0);
