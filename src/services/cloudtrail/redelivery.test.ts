import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GetTrailStatusCommand, StartLoggingCommand, StopLoggingCommand } from "@aws-sdk/client-cloudtrail";
import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { bucket, trailFixture, type TrailFixture } from "./trail-fixture.ts";

const policyFor = (Service: string): string => JSON.stringify({
  Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service }, Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/*`,
  }],
});

let region: TestRegion;
let it: TrailFixture;

before(async () => {
  region = await startRegion();
  it = await trailFixture(region, policyFor("cloudtrail.amazonaws.com"));
  await it.create("first", { S3KeyPrefix: "first", EnableLogFileValidation: true });
  await it.create("second", { S3KeyPrefix: "second" });
});
after(() => region.stop());

const letIn = (service: string): Promise<unknown> =>
  it.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyFor(service) }));
const error = async (Name: string): Promise<string | undefined> =>
  (await it.cloudtrail.send(new GetTrailStatusCommand({ Name }))).LatestDeliveryError;

/** Logs one call, which the bucket does not take. */
async function fail(Name: string): Promise<void> {
  await letIn("s3.amazonaws.com");
  await it.cloudtrail.send(new StartLoggingCommand({ Name }));
  await region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "again" }));
  await it.cloudtrail.send(new StopLoggingCommand({ Name }));
  // What happens in the second in which it stops is logged still.
  await region.clock.advance({ seconds: 2 });
  assert.equal(await error(Name), "AccessDenied");
}

test("what a bucket did not take is tried again, and counts as delivered then", async () => {
  await fail("first");
  await region.clock.advance({ minutes: 6 });
  assert.equal(await error("first"), "AccessDenied", "nor after five minutes");
  await letIn("cloudtrail.amazonaws.com");
  await region.clock.advance({ minutes: 3 });
  assert.deepEqual(await it.keys("first/"), []);
  await region.clock.advance({ minutes: 2 });
  assert.deepEqual(
    (await it.records("first/")).map(({ eventName }) => eventName),
    ["StartLogging", "CreateQueue", "StopLogging"],
  );
  assert.equal(await error("first"), undefined);
  await region.clock.advance({ minutes: 60 });
  const digests = (await it.keys("first/")).filter((key) => key.includes("CloudTrail-Digest"));
  const [log] = (await it.keys("first/")).filter((key) => key.includes("/CloudTrail/"));
  const { logFiles } = JSON.parse(await it.text(digests[0] ?? "")) as { logFiles: { s3Object: string }[] };
  assert.deepEqual(logFiles.map(({ s3Object }) => s3Object), [log]);
});

test("after 30 days it is given up", async () => {
  const known = (await it.keys("first/")).length;
  await fail("first");
  await region.clock.advance({ hours: 29.5 * 24 });
  await fail("second");
  await region.clock.advance({ hours: 24 });
  await letIn("cloudtrail.amazonaws.com");
  await region.clock.advance({ hours: 12 });
  assert.equal((await it.keys("first/")).length, known);
  assert.equal((await it.keys("second/")).length, 1);
});
