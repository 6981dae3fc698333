import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient, CreateDeliveryCommand, PutDeliveryDestinationCommand, PutDeliverySourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { waitingRecords } from "./delivery-tables.ts";
import { writeFile } from "./vending.ts";

const Bucket = "vended";

test("files of a delivery are no larger than one write holds, and together have every record", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const statement = {
    Effect: "Allow", Principal: { Service: "delivery.logs.amazonaws.com" }, Action: "s3:PutObject",
    Resource: "arn:aws:s3:::vended/*",
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const resourceArn = "arn:aws:events:us-east-1:000000000000:event-bus/orders";
  await logs.send(new PutDeliverySourceCommand({ name: "source", resourceArn, logType: "TRACE_LOGS" }));
  const deliveryDestinationConfiguration = { destinationResourceArn: "arn:aws:s3:::vended" };
  const destination = await logs.send(
    new PutDeliveryDestinationCommand({ name: "files", deliveryDestinationConfiguration }));
  const { delivery: { id = "" } = {} } = await logs.send(new CreateDeliveryCommand({
    deliverySourceName: "source", deliveryDestinationArn: destination.deliveryDestination?.arn,
  }));
  const text = "x".repeat(1_000_000);
  region.engine.jobContext(writeFile.name, { account: "000000000000", region: "us-east-1" })
    .transaction((ctx) => {
      for (let order = 0; order < 20; order++) {
        ctx.db(waitingRecords).put({ delivery: id, order, text: `${order} ${text}` });
      }
      ctx.schedule(writeFile, { id, at: ctx.clock.now(), input: { id } });
    });
  await region.clock.advance({ seconds: 1 });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const files = await Promise.all(Contents.map(async ({ Key }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const lines = gunzipSync(await Body?.transformToByteArray() ?? "").toString().trimEnd().split("\n");
    return lines.map((line) => Number(line.split(" ")[0]));
  }));
  const counts = files.map((lines) => lines.length);
  assert.deepEqual(counts.sort(), [4, 8, 8]);
  const all = files.flat().sort((left, right) => left - right);
  assert.deepEqual(all, Array.from({ length: 20 }, (_, at) => at));
});

test("who makes a delivery must be allowed to for its source and for its destination", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  const resourceArn = "arn:aws:events:us-east-1:000000000000:event-bus/orders";
  await logs.send(new PutDeliverySourceCommand({ name: "source", resourceArn, logType: "TRACE_LOGS" }));
  const deliveryDestinationConfiguration = { destinationResourceArn: "arn:aws:s3:::vended" };
  const { deliveryDestination } = await logs.send(
    new PutDeliveryDestinationCommand({ name: "files", deliveryDestinationConfiguration }));
  const outcome = async (name: string, ...kinds: string[]): Promise<string> => {
    const Resource = kinds.map((kind) => `arn:aws:logs:us-east-1:000000000000:${kind}`);
    const Statement = [{ Effect: "Allow", Action: "logs:CreateDelivery", Resource }];
    const credentials = await region.user(name, { Version: "2012-10-17", Statement });
    return refusal(region.client(CloudWatchLogsClient, { credentials }).send(new CreateDeliveryCommand({
      deliverySourceName: "source", deliveryDestinationArn: deliveryDestination?.arn,
    })));
  };
  const [source, files] = ["delivery-source:source", "delivery-destination:files"];
  assert.match(await outcome("a", "delivery:*", source), /on resource: \S+:delivery-destination:files /);
  assert.match(await outcome("b", "delivery:*", files), /on resource: \S+:delivery-source:source /);
  assert.equal(await outcome("c", "delivery:*", source, files), "no refusal");
});
