import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateLogAnomalyDetectorCommand, DeleteLogAnomalyDetectorCommand, GetLogAnomalyDetectorCommand,
  ListAnomaliesCommand, UpdateAnomalyCommand, UpdateLogAnomalyDetectorCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { effort } from "../../../test/effort.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const app = await createGroup(region, "app");
await app.stream("s");
const { logs } = app;
const minute = 60_000;

/** As many events a minute as there are served requests, from a minute on. */
async function serve(fromMinute: number, minutes: number, each: number): Promise<void> {
  const events = Array.from({ length: minutes * each }, (_, index) =>
    [(fromMinute + Math.floor(index / each)) * minute + index % each,
      `INFO request ${index} served`] as const);
  await app.put("s", ...events);
}

async function find(anomalyDetectorArn: string) {
  const { anomalies = [] } = await logs.send(new ListAnomaliesCommand({ anomalyDetectorArn }));
  return anomalies;
}

test("a detector learns what is usual, and finds what is not, by the clock", async () => {
  await serve(-60, 60, 5);
  const { anomalyDetectorArn = "" } = await logs.send(new CreateLogAnomalyDetectorCommand({
    logGroupArnList: ["arn:aws:logs:us-east-1:000000000000:log-group:app"], detectorName: "watch",
    evaluationFrequency: "FIVE_MIN", anomalyVisibilityTime: 7,
  }));
  const status = async () =>
    (await logs.send(new GetLogAnomalyDetectorCommand({ anomalyDetectorArn }))).anomalyDetectorStatus;
  assert.equal(await status(), "INITIALIZING");
  await region.clock.advance({ minutes: 1 });
  assert.equal(await status(), "TRAINING");
  await serve(0, 15, 5);
  await region.clock.advance({ minutes: 14 });
  assert.equal(await status(), "ANALYZING");

  await serve(15, 5, 5);
  await region.clock.advance({ minutes: 5 });
  assert.deepEqual(await find(anomalyDetectorArn), []);

  await serve(20, 5, 40);
  await app.put("s", [22 * minute, "ERROR disk 7 is full"], [22 * minute + 1, "ERROR disk 8 is full"]);
  await region.clock.advance({ minutes: 5 });
  const anomalies = (await find(anomalyDetectorArn)).sort((left, right) =>
    String(left.priority).localeCompare(String(right.priority)));
  assert.deepEqual(
    anomalies.map(({ patternString, priority, description, active, state }) =>
      [patternString, priority, description, active, state]),
    [
      ["ERROR disk <Number-1> is full", "HIGH", "2 events of a pattern that was not seen before", true,
        "Active"],
      ["INFO request <Number-1> served", "LOW", "200 events, where 25 were expected", true, "Active"],
    ],
  );
  const [disk, flood] = anomalies;
  assert.deepEqual(disk?.logSamples?.map(({ message }) => message),
    ["ERROR disk 7 is full", "ERROR disk 8 is full"]);
  assert.equal(disk?.firstSeen, testEpoch + 22 * minute);
  assert.deepEqual(Object.values(flood?.histogram ?? {}), [200]);
  assert.match("ERROR disk 9 is full", new RegExp(disk?.patternRegex ?? "^$"));
  assert.deepEqual(disk?.patternTokens?.find(({ isDynamic }) => isDynamic), {
    tokenString: "<Number-1>", isDynamic: true, dynamicTokenPosition: 1, inferredTokenName: "Number",
  });
  const metrics = region.client(CloudWatchClient);
  const { Datapoints: [count] = [] } = await metrics.send(new GetMetricStatisticsCommand({
    Namespace: "AWS/Logs", MetricName: "AnomalyCount", Period: 3_600, Statistics: ["Sum"],
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 7_200_000),
    Dimensions: [
      { Name: "LogAnomalyDetector", Value: "watch" }, { Name: "LogAnomalyPriority", Value: "HIGH" },
    ],
  }));
  assert.equal(count?.Sum, 1);

  await serve(25, 5, 5);
  await region.clock.advance({ minutes: 5 });
  assert.deepEqual((await find(anomalyDetectorArn)).map(({ active }) => active), [false, false]);

  await suppress(anomalyDetectorArn, String(disk?.anomalyId), String(disk?.patternId));
  await region.clock.advance({ days: 8 });
  const later = (await find(anomalyDetectorArn)).find(({ anomalyId }) => anomalyId === disk?.anomalyId);
  assert.equal(later?.state, "Baseline");
});

async function suppress(anomalyDetectorArn: string, anomalyId: string, patternId: string): Promise<void> {
  const state = async () =>
    (await find(anomalyDetectorArn)).find((each) => each.anomalyId === anomalyId)?.state;
  await logs.send(new UpdateAnomalyCommand({
    anomalyDetectorArn, anomalyId, suppressionType: "LIMITED",
    suppressionPeriod: { value: 2, suppressionUnit: "MINUTES" },
  }));
  assert.equal(await state(), "Suppressed");
  const { anomalies } = await logs.send(
    new ListAnomaliesCommand({ anomalyDetectorArn, suppressionState: "UNSUPPRESSED" }));
  assert.equal(anomalies?.length, 1);
  await region.clock.advance({ minutes: 2 });
  assert.equal(await state(), "Active");
  await logs.send(new UpdateAnomalyCommand({ anomalyDetectorArn, patternId, suppressionType: "INFINITE" }));
  assert.equal(await state(), "Suppressed");
  await logs.send(new UpdateAnomalyCommand({ anomalyDetectorArn, patternId }));
  assert.equal(await state(), "Active");
  const update = (more: object) =>
    refusal(logs.send(new UpdateAnomalyCommand({ anomalyDetectorArn, ...more })));
  assert.equal(await update({}),
    "InvalidParameterException: Either anomalyId or patternId must be specified, but not both.");
  assert.equal(await update({ anomalyId, suppressionType: "LIMITED" }),
    "InvalidParameterException: suppressionPeriod must be given with the suppression type LIMITED.");
  assert.equal(await update({ patternId: "0".repeat(32) }),
    "ResourceNotFoundException: The specified pattern does not exist.");
}

test("a paused detector finds nothing until it goes on, and takes its anomalies with it", async () => {
  const group = await createGroup(region, "other");
  await group.stream("s");
  const { anomalyDetectorArn = "" } = await logs.send(new CreateLogAnomalyDetectorCommand({
    logGroupArnList: ["arn:aws:logs:us-east-1:000000000000:log-group:other"], evaluationFrequency: "ONE_MIN",
    filterPattern: "ERROR",
  }));
  await region.clock.advance({ minutes: 15 });
  await logs.send(new UpdateLogAnomalyDetectorCommand({ anomalyDetectorArn, enabled: false }));
  const now = region.clock.now() - testEpoch;
  await group.put("s", [now, "ERROR one"], [now, "INFO two words"]);
  await region.clock.advance({ minutes: 3 });
  assert.deepEqual(await find(anomalyDetectorArn), []);
  await logs.send(new UpdateLogAnomalyDetectorCommand({ anomalyDetectorArn, enabled: true }));
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual((await find(anomalyDetectorArn)).map(({ patternString }) => patternString), ["ERROR one"]);
  await logs.send(new DeleteLogAnomalyDetectorCommand({ anomalyDetectorArn }));
  assert.equal((await logs.send(new ListAnomaliesCommand({}))).anomalies?.length, 2);
});

test("an anomaly that is taken for usual is forgotten with its pattern", async () => {
  const group = await createGroup(region, "many-patterns");
  await group.stream("s");
  const { anomalyDetectorArn = "" } = await logs.send(new CreateLogAnomalyDetectorCommand({
    logGroupArnList: ["arn:aws:logs:us-east-1:000000000000:log-group:many-patterns"],
    evaluationFrequency: "ONE_MIN",
  }));
  await region.clock.advance({ minutes: 15 });
  const put = (...texts: string[]) => {
    const now = region.clock.now() - testEpoch;
    return group.put("s", ...texts.map((text) => [now, text] as const));
  };
  await put("seldom");
  await region.clock.advance({ minutes: 1 });
  const [seldom] = await find(anomalyDetectorArn);
  assert.equal(seldom?.patternString, "seldom");
  const { anomalyId } = seldom;
  await logs.send(new UpdateAnomalyCommand({ anomalyDetectorArn, anomalyId, baseline: true }));
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual((await find(anomalyDetectorArn)).map(({ state }) => state), ["Baseline"]);
  // As many as a detector knows: none is left of those that did not come.
  await put(...Array.from({ length: 2_000 }, (_, at) => `only-${at}`));
  await region.clock.advance({ minutes: 1 });
  assert.equal(await refusal(logs.send(new UpdateAnomalyCommand({ anomalyDetectorArn, anomalyId }))),
    "ResourceNotFoundException: The specified anomaly does not exist.");
});

test("a detector is of a group of its own account and region", async () => {
  for (const place of ["us-east-1:111111111111", "eu-west-1:000000000000"]) {
    const logGroupArnList = [`arn:aws:logs:${place}:log-group:app`];
    assert.equal(await refusal(logs.send(new CreateLogAnomalyDetectorCommand({ logGroupArnList }))),
      "ResourceNotFoundException: The specified log group does not exist.");
  }
});

test("others have their turn while a detector looks at many events", async () => {
  await using busy = await startRegion();
  const group = await createGroup(busy, "many");
  await group.stream("s");
  for (let from = 0; from < 50_000; from += 10_000) {
    await group.put("s", ...Array.from({ length: 10_000 }, (_, at) =>
      [-600_000 + from + at, `INFO request ${from + at} served in ${at} ms for user ${at % 37}`] as const));
  }
  await group.logs.send(new CreateLogAnomalyDetectorCommand({
    logGroupArnList: ["arn:aws:logs:us-east-1:000000000000:log-group:many"],
  }));
  const begun = effort();
  let longest = 0;
  let last = begun;
  let immediate = setImmediate(function look() {
    const now = effort();
    longest = Math.max(longest, now - last);
    last = now;
    immediate = setImmediate(look);
  });
  await busy.clock.advance({ minutes: 15 });
  clearImmediate(immediate);
  const all = effort() - begun;
  assert.ok(longest < all / 3, `one turn took ${longest} of ${all} seconds`);
});
