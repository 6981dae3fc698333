/** Clients of a region in the same process, in an environment that names another one. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion } from "./region.ts";

const library = pathToFileURL(resolve("dist", "src", "index.js")).href;

const program = `
  import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
  import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
  import { startRegion } from ${JSON.stringify(library)};
  const region = await startRegion();
  const { Functions } = await region.client(LambdaClient).send(new ListFunctionsCommand());
  const { Buckets } = await region.client(S3Client).send(new ListBucketsCommand());
  console.log(JSON.stringify([Functions, Buckets]));
  await region.stop();
`;

test("a long poll in process ends with its region", async () => {
  const region = await startRegion();
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "q" }));
  const asked = { QueueUrl, WaitTimeSeconds: 20 };
  const own = new AbortController();
  const polls = Array.from({ length: 20 }, () => sqs.send(new ReceiveMessageCommand(asked)));
  const abortable = sqs.send(new ReceiveMessageCommand(asked), { abortSignal: own.signal });
  await region.settled();
  await region.stop();
  for (const { Messages } of await Promise.all([...polls, abortable])) assert.equal(Messages, undefined);
});

test("a client of a region that has been stopped is told so; stopping it again does nothing", async () => {
  const region = await startRegion();
  const sqs = region.client(SQSClient);
  await Promise.all([region.stop(), region.stop()]);
  const asked = sqs.send(new CreateQueueCommand({ QueueName: "q" }));
  await assert.rejects(asked, { message: "The region of this client has been stopped." });
  assert.deepEqual(region.engine.defects, []);
  await region.stop();
});

test("a program without types is told of options that make no sense", async () => {
  await assert.rejects(startRegion({ dataDir: "" }), { name: "TypeError", message: /^dataDir is empty;/ });
  const durability = "never" as "fsync";
  await assert.rejects(startRegion({ durability }), {
    name: "TypeError", message: "durability is relaxed or fsync, not never.",
  });
});

test("clients of a region in process stay with it, whatever endpoint the environment names", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    env: { AWS_ENDPOINT_URL: "http://localhost:1", AWS_ENDPOINT_URL_S3: "http://localhost:1" },
  });
  assert.deepEqual(JSON.parse(stdout), [[], []]);
});
