import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion, testEpoch, type TestRegion } from "../../test/region.ts";
import { rootCaller } from "./auth/authenticate.ts";
import type { Caller } from "./auth/caller.ts";
import type { BusEvent } from "./bus.ts";
import type { Call } from "./trail-record.ts";
import { trailSegments } from "./trail.ts";

const origin = {
  sourceIp: "10.0.0.1",
  userAgent: "test",
  secureTransport: false,
  authenticationMethod: "AuthHeader",
} as const;

function call(region: TestRegion, eventId: string, at: number, more: Partial<Call> = {}): Call {
  const model = region.engine.model("kms");
  const operation = model.operations["CreateKey"];
  if (!operation) throw new Error("KMS has no CreateKey");
  return {
    at,
    requestId: "r",
    eventId,
    caller: rootCaller("000000000000"),
    origin,
    region: "us-east-1",
    model,
    operation,
    input: {},
    output: {},
    error: undefined,
    resources: [],
    account: "000000000000",
    ...more,
  };
}

function segments(region: TestRegion, account = "000000000000", awsRegion = "us-east-1"): string[] {
  return region.engine.store.read({ account, region: awsRegion }, (transaction) =>
    [...transaction.rows(trailSegments).list()].map(({ records }) =>
      records
        .split("\n")
        .map((text) => (JSON.parse(text) as { eventID: string }).eventID)
        .join(""),
    ),
  );
}

test("the calls of one commit are one row a cell, in the caller's account", async () => {
  await using region = await startRegion();
  const { recorder, store } = region.engine;
  recorder.record(call(region, "a", testEpoch));
  recorder.record(call(region, "b", testEpoch + 999));
  recorder.record(call(region, "c", testEpoch, { region: "eu-west-1" }));
  const account = "111122223333";
  recorder.record(call(region, "d", testEpoch, { caller: rootCaller(account), account }));
  assert.deepEqual(segments(region), []);
  await store.committed();
  assert.deepEqual(segments(region), ["ab"]);
  assert.deepEqual(segments(region, "000000000000", "eu-west-1"), ["c"]);
  assert.deepEqual(segments(region, "111122223333"), ["d"]);
});

test("calls that lie more than a second apart are rows apart, though one commit has both", async () => {
  await using region = await startRegion();
  const { recorder, store } = region.engine;
  recorder.record(call(region, "a", testEpoch));
  recorder.record(call(region, "b", testEpoch + 5_000));
  recorder.record(call(region, "c", testEpoch + 5_001));
  await store.committed();
  assert.deepEqual(segments(region), ["a", "bc"]);
});

test("who listens hears of calls as CloudTrail tells EventBridge", async () => {
  await using region = await startRegion();
  const heard: BusEvent[] = [];
  region.engine.bus.listen((event) => heard.push(event));
  region.engine.recorder.record(call(region, "a", testEpoch));
  assert.equal(heard[0]?.source, "aws.kms");
  assert.equal(heard[0]?.detailType, "AWS API Call via CloudTrail");
  assert.equal(heard[0]?.detail["eventName"], "CreateKey");
});

const user: Caller = {
  type: "IAMUser",
  account: "000000000000",
  arn: "arn:aws:iam::000000000000:user/alice",
  principalId: "AIDA",
  userName: "alice",
  accessKeyId: "AKIAEXAMPLE",
  tags: {},
  calledVia: [],
};

test("the last use of a key is right to the minute, its service and region at once", async () => {
  await using region = await startRegion();
  const { engine } = region;
  const used = (service: string, awsRegion: string, at: number) => {
    engine.recorder.used(user, service, awsRegion, at);
    return engine.lastUse("000000000000", "AKIAEXAMPLE");
  };
  assert.deepEqual(used("sqs", "us-east-1", 0), {
    id: "AKIAEXAMPLE",
    at: 0,
    service: "sqs",
    region: "us-east-1",
  });
  assert.equal(used("sqs", "us-east-1", 59_999)?.at, 0);
  assert.equal(used("sqs", "us-east-1", 60_000)?.at, 60_000);
  assert.deepEqual(used("kms", "us-east-1", 60_001), {
    id: "AKIAEXAMPLE",
    at: 60_001,
    service: "kms",
    region: "us-east-1",
  });
  assert.equal(used("kms", "eu-west-1", 60_002)?.region, "eu-west-1");
  assert.equal(engine.lastUse("000000000000", `${user.arn} sqs`)?.at, 60_000);
});

test("root's uses are not written down", async () => {
  await using region = await startRegion();
  region.engine.recorder.used(rootCaller("000000000000", "000000000000"), "sqs", "us-east-1", 0);
  assert.equal(region.engine.lastUse("000000000000", "arn:aws:iam::000000000000:root sqs"), undefined);
});
