import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogStreamCommand, DescribeLogGroupsCommand,
  DescribeLogStreamsCommand, FilterLogEventsCommand, GetLogEventsCommand,
  PutLogEventsCommand, PutRetentionPolicyCommand, TagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const dayMilliseconds = 86_400_000;

test("logs-send-with-sdk: what was put comes back in the order of its times", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("one");
  await app.stream("two");
  await app.put("one", [10, "b"], [30, "d"]);
  await app.put("two", [20, "c"], [40, "e"]);
  await app.put("one", [5, "a"], [50, "f"]);
  assert.deepEqual(await app.messages("one"), ["a", "b", "d", "f"]);
  assert.deepEqual(await app.filter(), ["a", "b", "c", "d", "e", "f"]);
  const { events = [], searchedLogStreams } = await app.logs.send(
    new FilterLogEventsCommand({ logGroupName: "app", limit: 1 }),
  );
  assert.deepEqual(searchedLogStreams, []);
  assert.equal(events[0]?.logStreamName, "one");
  assert.equal(events[0]?.timestamp, testEpoch + 5);
  assert.equal(events[0]?.ingestionTime, testEpoch);
  assert.match(events[0]?.eventId ?? "", /^\d{56}$/);
});

test("a stream is read in both directions, and ends with the token it was asked with", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const empty = await app.get("s");
  await app.put("s", "0", "1", "2", "3", "4", "5", "6");
  assert.deepEqual(await app.messages("s", { nextToken: empty.nextForwardToken }), [..."0123456"]);
  assert.deepEqual(await app.messages("s", { limit: 3 }), ["4", "5", "6"]);
  const first = await app.get("s", { limit: 3, startFromHead: true });
  assert.match(first.nextForwardToken ?? "", /^f\/\d{56}\/s$/);
  assert.match(first.nextBackwardToken ?? "", /^b\/\d{56}\/s$/);
  const next = (token: string | undefined) => app.get("s", { limit: 3, nextToken: token });
  const shown = (page: typeof first) => (page.events ?? []).map(({ message }) => message).join("");
  const second = await next(first.nextForwardToken);
  const third = await next(second.nextForwardToken);
  const fourth = await next(third.nextForwardToken);
  assert.deepEqual([first, second, third, fourth].map(shown), ["012", "345", "6", ""]);
  assert.equal(fourth.nextForwardToken, third.nextForwardToken);
  const back = await next(fourth.nextBackwardToken);
  const before = await next(back.nextBackwardToken);
  const begin = await next(before.nextBackwardToken);
  const nothing = await next(begin.nextBackwardToken);
  assert.deepEqual([back, before, begin, nothing].map(shown), ["456", "123", "0", ""]);
  assert.equal(nothing.nextBackwardToken, begin.nextBackwardToken);
  assert.equal(shown(await next(nothing.nextForwardToken)), "012");
  await app.put("s", [100, "7"]);
  assert.equal(shown(await next(fourth.nextForwardToken)), "7");
  assert.equal(
    await refusal(app.get("s", { nextToken: "f/1/s" })),
    "InvalidParameterException: The specified nextToken is invalid.",
  );
});

test("the start is inclusive; the end is for reading exclusive, for filtering inclusive", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", "0", "1", "2", "3");
  const times = { startTime: testEpoch + 1, endTime: testEpoch + 3 };
  assert.deepEqual(await app.messages("s", times), ["1", "2"]);
  assert.deepEqual(await app.filter("", times), ["1", "2", "3"]);
});

test("a batch is in order, spans a day, and is no larger than 1 MiB with 26 bytes an event", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const invalid = (text: string) => `InvalidParameterException: ${text}`;
  assert.equal(
    await refusal(app.put("s", [2, "b"], [1, "a"])),
    invalid("Log events in a single PutLogEvents request must be in chronological order."),
  );
  assert.equal(
    await refusal(app.put("s", [-dayMilliseconds - 1, "a"], [0, "b"])),
    invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours."),
  );
  await app.put("s", [-dayMilliseconds, "a"], [0, "b"]);
  const half = "x".repeat(524_288 - 26);
  await app.put("s", half, half);
  assert.equal(
    await refusal(
      app.put("s", half, `${half}x`)
    ), invalid("Upload too large: 1048577 bytes exceeds limit of 1048576"),
  );
  assert.equal(
    await refusal(app.put("s", "x".repeat(1_048_551))),
    invalid("Log event too large: 1048577 bytes exceeds limit of 1048576"),
  );
  const many = Array.from({ length: 10_000 }, (_, index) => `${index}`);
  await app.put("s", ...many);
  assert.match(
    await refusal(app.put("s", ...many, "one more")), /^InvalidParameterException: 1 validation error /
  );
  assert.equal(await refusal(app.put("t", "x")),
    "ResourceNotFoundException: The specified log stream does not exist.");
});

test("what is too old, expired or too new is left out, and said", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const hour = 3_600_000;
  const old = await app.put("s", [-14 * dayMilliseconds - 1, "old"], [-14 * dayMilliseconds, "just"]);
  assert.deepEqual(old.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 });
  const fresh = await app.put(
    "s", [0, "now"], [2 * hour, "soon"], [2 * hour + 1, "later"], [3 * hour, "late"]
  );
  assert.deepEqual(fresh.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 2 });
  await app.logs.send(new PutRetentionPolicyCommand({ logGroupName: "app", retentionInDays: 1 }));
  const expired = await app.put("s", [-dayMilliseconds - 1, "expired"], [-dayMilliseconds, "kept"]);
  assert.deepEqual(expired.rejectedLogEventsInfo, { expiredLogEventEndIndex: 1 });
  const none = await app.put("s", [-15 * dayMilliseconds, "ancient"]);
  assert.deepEqual(none.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 });
  assert.deepEqual(await app.messages("s"), ["kept", "now", "soon"]);
});

test("any sequence token is taken, and one is given out", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const put = (sequenceToken?: string) => app.logs.send(new PutLogEventsCommand({
    logGroupName: "app", logStreamName: "s", logEvents: [
      { timestamp: testEpoch, message: "x" },
    ], sequenceToken,
  }));
  const { nextSequenceToken } = await put("made up");
  assert.match(nextSequenceToken ?? "", /^49\d{54}$/);
  await put(nextSequenceToken);
  await put(nextSequenceToken);
  assert.equal((await app.messages("s")).length, 3);
});

test("logs-expiration-policy: by default events stay; later they go by the clock", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const described = async () =>
    (await app.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "app" }))).logGroups?.[0];
  await app.stream("s");
  await app.put("s", [0, "early"], [dayMilliseconds / 24, "late"]);
  assert.equal((await described())?.retentionInDays, undefined);
  await region.clock.advance({ days: 400 });
  assert.deepEqual(await app.messages("s"), ["early", "late"]);
  await app.put("s", [400 * dayMilliseconds, "new"]);

  await app.logs.send(new PutRetentionPolicyCommand({ logGroupName: "app", retentionInDays: 30 }));
  assert.equal((await described())?.retentionInDays, 30);
  assert.deepEqual(await app.messages("s"), ["new"]);
  await region.clock.advance({ hours: 1 });
  assert.equal((await described())?.storedBytes, 29);
  await region.clock.advance({ days: 29, hours: 23 });
  assert.deepEqual(await app.messages("s"), ["new"]);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(await app.messages("s"), []);
  await region.clock.advance({ hours: 2 });
  assert.equal((await described())?.storedBytes, 0);

  const wrong = app.logs.send(new PutRetentionPolicyCommand({ logGroupName: "app", retentionInDays: 31 }));
  assert.match(
    await refusal(wrong), /^InvalidParameterException: 1 validation error detected: Value '31' at/
  );
});

test("many small puts are joined, and read as they were put", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.stream("t");
  const expected: string[] = [];
  for (let index = 0; index < 300; index++) {
    const at = (index * 7919) % 300;
    await app.put(index % 3 === 0 ? "t" : "s", [at, `${at}`]);
    expected[at] = `${at}`;
  }
  assert.deepEqual(await app.filter(), expected);
  const backward: (string | undefined)[] = [];
  for (let nextToken: string | undefined; ;) {
    const page = await app.get("s", { limit: 7, ...(nextToken && { nextToken }) });
    if (page.events?.length === 0) break;
    backward.unshift(...(page.events ?? []).map(({ message }) => message));
    nextToken = page.nextBackwardToken;
  }
  assert.deepEqual(backward, await app.messages("s"));
  assert.equal(backward.length, 200);
});

test("logs-stream-instances: each instance has its stream, listed by name or by its last event", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  for (const name of ["i-3", "i-1", "i-2"]) await app.stream(name);
  await app.put("i-2", [10, "x"]);
  await app.put("i-1", [5, "x"], [20, "y"]);
  const names = async (more: object) => {
    const { logStreams = [] } = await app.logs.send(
      new DescribeLogStreamsCommand({ logGroupName: "app", ...more }),
    );
    return logStreams.map((each) => each.logStreamName);
  };
  assert.deepEqual(await names({}), ["i-1", "i-2", "i-3"]);
  assert.deepEqual(await names({ orderBy: "LastEventTime", descending: true }), ["i-1", "i-2", "i-3"]);
  assert.deepEqual(await names({ orderBy: "LastEventTime" }), ["i-3", "i-2", "i-1"]);
  assert.deepEqual(await names({ logStreamNamePrefix: "i-2" }), ["i-2"]);
  assert.equal(
    await refusal(names({ logStreamNamePrefix: "i", orderBy: "LastEventTime" })),
    "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.",
  );
  const { logStreams = [] } = await app.logs.send(
    new DescribeLogStreamsCommand(
      { logGroupIdentifier: "arn:aws:logs:us-east-1:000000000000:log-group:app" }
    ),
  );
  const { uploadSequenceToken: _, ...first } = logStreams[0] ?? {};
  assert.deepEqual(first, {
    logStreamName: "i-1",
    creationTime: testEpoch,
    firstEventTimestamp: testEpoch + 5,
    lastEventTimestamp: testEpoch + 20,
    lastIngestionTime: testEpoch,
    arn: "arn:aws:logs:us-east-1:000000000000:log-group:app:log-stream:i-1",
    storedBytes: 0,
  });
  await app.logs.send(new DeleteLogStreamCommand({ logGroupName: "app", logStreamName: "i-1" }));
  assert.deepEqual(await app.filter(), ["x"]);
  await region.clock.advance({ seconds: 1 });
  const { logGroups = [] } = await app.logs.send(new DescribeLogGroupsCommand({}));
  assert.equal(logGroups[0]?.storedBytes, 27);
});

test("logs-iam-permissions: who puts events needs the permission for that stream", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const allowing = (Resource: string) =>
    ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "logs:PutLogEvents", Resource }] });
  const events = {
    logGroupName: "app", logStreamName: "s", logEvents: [{ timestamp: testEpoch, message: "x" }],
  };
  const putAs = async (name: string, policy?: object) => {
    const logs = region.client(CloudWatchLogsClient, { credentials: await region.user(name, policy) });
    return refusal(logs.send(new PutLogEventsCommand(events)));
  };
  assert.equal(
    await putAs("nobody"),
    "AccessDeniedException: User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: " +
      "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:app:log-stream:s " +
      "because no identity-based policy allows the logs:PutLogEvents action",
  );
  assert.equal(
    await putAs("some", allowing("arn:aws:logs:us-east-1:000000000000:log-group:app:*")), "no refusal"
  );
  assert.deepEqual(await app.messages("s"), ["x"]);
});

test("policies may ask for the tags of a group, whatever is done with it and its streams", async () => {
  await using region = await startRegion();
  for (const [group, team] of [["green", "Green"], ["blue", "Blue"]] as const) {
    const { logs, stream } = await createGroup(region, group);
    await stream("s");
    const resourceArn = `arn:aws:logs:us-east-1:000000000000:log-group:${group}`;
    await logs.send(new TagResourceCommand({ resourceArn, tags: { Team: team } }));
  }
  const credentials = await region.user("member", {
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Action: "logs:*", Resource: "*",
      Condition: { StringEquals: { "aws:ResourceTag/Team": "Green" } },
    }],
  });
  const logs = region.client(CloudWatchLogsClient, { credentials });
  const outcomes = async (logGroupName: string): Promise<string[]> => {
    const all = [
      logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 })),
      logs.send(new FilterLogEventsCommand({ logGroupName })),
      logs.send(new DescribeLogStreamsCommand({ logGroupName })),
      logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: "s" })),
    ];
    return (await Promise.all(all.map((each) => refusal(each)))).map((text) => text.split(":")[0] ?? "");
  };
  assert.deepEqual(await outcomes("green"), Array(4).fill("no refusal"));
  assert.deepEqual(await outcomes("blue"), Array(4).fill("AccessDeniedException"));
});

test("logs-group-application: a group has any name, and its settings", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "any/name-x");
  await app.logs.send(new PutRetentionPolicyCommand({ logGroupName: "any/name-x", retentionInDays: 30 }));
  await app.stream("s");
  await app.put("s", "12345");
  const { logGroups } = await app.logs.send(new DescribeLogGroupsCommand({}));
  assert.deepEqual(logGroups, [{
    logGroupName: "any/name-x",
    creationTime: testEpoch,
    retentionInDays: 30,
    metricFilterCount: 0,
    arn: "arn:aws:logs:us-east-1:000000000000:log-group:any/name-x:*",
    logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:any/name-x",
    storedBytes: 31,
    logGroupClass: "STANDARD",
    deletionProtectionEnabled: false,
  }]);
  assert.equal(
    await refusal(app.logs.send(new CreateLogGroupCommand({ logGroupName: "any/name-x" }))),
    "ResourceAlreadyExistsException: The specified log group already exists",
  );
});
