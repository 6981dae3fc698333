import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FilterLogEventsCommand, StartLiveTailCommand, type StartLiveTailCommandInput,
  type StartLiveTailResponseStream,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";

async function tail(app: LogsFixture, more: Partial<StartLiveTailCommandInput> = {}) {
  const {
    responseStream,
  } = await app.logs.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn], ...more }));
  const events = (responseStream as AsyncIterable<StartLiveTailResponseStream>)[Symbol.asyncIterator]();
  return {
    next: async () => (await events.next()).value as StartLiveTailResponseStream,
    close: () => events.return?.(),
  };
}

test("logs-live-tail: an event that was just put arrives", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", "ERROR before");
  const session = await tail(app, { logEventFilterPattern: "ERROR" });
  const { sessionStart } = await session.next();
  assert.deepEqual(sessionStart?.logGroupIdentifiers, [arn]);
  assert.equal(sessionStart?.logEventFilterPattern, "ERROR");
  assert.deepEqual((await session.next()).sessionUpdate, {
    sessionMetadata: { sampled: false }, sessionResults: [],
  });
  await app.put("s", "fine", "ERROR now");
  assert.deepEqual((await session.next()).sessionUpdate?.sessionResults, [{
    logStreamName: "s", logGroupIdentifier: "000000000000:app", message: "ERROR now",
    timestamp: testEpoch + 1, ingestionTime: testEpoch,
  }]);
  await session.close();
});

test("only the streams that were asked for are tailed, and no more than 500 events an update", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("a-1");
  await app.stream("b-1");
  const session = await tail(app, { logStreamNamePrefixes: ["a-"] });
  await session.next();
  await session.next();
  await app.put("b-1", "no");
  await app.put("a-1", ...Array.from({ length: 501 }, (_, index) => `${index}`));
  let update = (await session.next()).sessionUpdate;
  while (update?.sessionResults?.length === 0) update = (await session.next()).sessionUpdate;
  assert.equal(update?.sessionResults?.length, 500);
  assert.equal(update?.sessionMetadata?.sampled, true);
  await session.close();
});

/**
 * As the aws CLI's version 2 follows: all pages from the time of the newest event on, of which what was shown
 * is left out, and again after a while.
 */
async function* followed({ logs, group }: LogsFixture): AsyncGenerator<string | undefined> {
  const shown = new Set<string | undefined>();
  let startTime = testEpoch - 600_000;
  let newest = startTime;
  for (let nextToken: string | undefined; ;) {
    const page = await logs.send(new FilterLogEventsCommand({
      logGroupName: group, interleaved: true, startTime, nextToken, limit: 2,
    }));
    for (const { eventId, timestamp = 0, message } of page.events ?? []) {
      newest = Math.max(newest, timestamp);
      if (!shown.has(eventId)) yield message;
      shown.add(eventId);
    }
    nextToken = page.nextToken;
    if (nextToken !== undefined) continue;
    startTime = newest;
    yield undefined;
  }
}

test("logs-cli-tail: what `aws logs tail --follow` asks for shows each event once", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("a");
  await app.stream("b");
  await app.put("a", "a0", "a1", "a2");
  const events = followed(app);
  const untilNow = async (): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for (;;) {
      const { value } = await events.next() as { value: string | undefined };
      if (value === undefined) return found;
      found.push(value);
    }
  };
  assert.deepEqual(await untilNow(), ["a0", "a1", "a2"]);
  assert.deepEqual(await untilNow(), []);
  await app.put("b", [2, "b0"], [3, "b1"]);
  assert.deepEqual(await untilNow(), ["b0", "b1"]);
  await app.put("a", [3, "same time"]);
  assert.deepEqual(await untilNow(), ["same time"]);
  assert.deepEqual(await untilNow(), []);
});

test("what cannot be tailed is refused", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  assert.equal(
    await refusal(
      tail(app, { logGroupIdentifiers: ["app"] })
    ), "InvalidParameterException: Invalid log group ARN: app",
  );
  assert.equal(
    await refusal(tail(app, { logGroupIdentifiers: [`${arn}x`] })),
    "ResourceNotFoundException: The specified log group does not exist.",
  );
  assert.equal(
    await refusal(
      tail(app, { logEventFilterPattern: "{" })
    ), "InvalidParameterException: Invalid filter pattern",
  );
});
