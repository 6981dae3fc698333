import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import {
  GetQueryResultsCommand, StartQueryCommand, StopQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const epochSeconds = testEpoch / 1000;
const times = { logGroupName: "app", startTime: epochSeconds - 3600, endTime: epochSeconds + 3600 };
const streams = ["a", "b", "c"];
const eventsEach = 1_500;

/** Streams whose events alternate, in blocks that are too large to be unpacked by the way. */
async function crowded(region: TestRegion): Promise<LogsFixture> {
  const app = await createGroup(region, "app");
  for (const [index, name] of streams.entries()) {
    await app.stream(name);
    const events = Array.from({ length: eventsEach }, (_, number): [number, string] => {
      const at = number * streams.length + index;
      return [at, `${at} ${hash("sha256", `${at}`)} took ${at % 7} ms`];
    });
    await app.put(name, ...events);
  }
  return app;
}

test("searching many streams whose blocks overlap finds every event once, in order, over pages", async () => {
  await using region = await startRegion();
  const app = await crowded(region);
  const all = await app.filter("");
  assert.equal(all.length, eventsEach * streams.length);
  assert.deepEqual(all.map((message = "") => Number(message.split(" ")[0])), all.map((_, index) => index));
  const slow = await app.filter("\"took 6 ms\"");
  assert.equal(slow.length, all.filter((message = "") => message.endsWith("took 6 ms")).length);
});

test("a query that is stopped is over, has no results, and the next one has all of them", async () => {
  await using region = await startRegion();
  const app = await crowded(region);
  const start = async (queryString: string): Promise<string> =>
    (await app.logs.send(new StartQueryCommand({ ...times, queryString }))).queryId ?? "";
  const queryId = await start("stats count(*) by @message");
  await app.logs.send(new StopQueryCommand({ queryId }));
  await region.settled();
  const stopped = await app.logs.send(new GetQueryResultsCommand({ queryId }));
  assert.deepEqual([stopped.status, stopped.results], ["Cancelled", []]);

  const ids = await Promise.all(["stats count(*)", "stats count_distinct(@message)"].map(start));
  await region.settled();
  for (const id of ids) {
    const { results = [] } = await app.logs.send(new GetQueryResultsCommand({ queryId: id }));
    assert.equal(results[0]?.[0]?.value, String(eventsEach * streams.length));
  }
});

test("patterns: texts like one found before are counted with it, others for themselves", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const events = Array.from({ length: 60 }, (_, number) => {
    if (number % 3 === 0) return `GET /i/${number} from 10.0.0.${number} took 12:30:${10 + (number % 50)}`;
    if (number % 3 === 1) return `user "u-${number}x" (id=${number}) signed in (again) [${number}]`;
    return `ERROR no room left`;
  });
  await app.put("s", ...events);
  const { queryId } = await app.logs.send(
    new StartQueryCommand({ ...times, queryString: "pattern @message" }));
  await region.settled();
  const { results = [] } = await app.logs.send(new GetQueryResultsCommand({ queryId }));
  const found = results.map((row) =>
    Object.fromEntries(row.map(({ field = "", value = "" }) => [field, value])));
  assert.deepEqual(
    found.map((row) => [row["@pattern"], row["@sampleCount"], row["@severityLabel"]]).sort(),
    [
      ["ERROR no room left", "20", "ERROR"],
      ["GET <Token-1> from <IPAddress-2> took <Time-3>", "20", "None"],
      ["user \"<Token-1>\" (id=<Number-2>) signed in (again) [<Number-3>]", "20", "None"],
    ],
  );
});
