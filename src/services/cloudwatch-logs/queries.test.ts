import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import {
  CloudWatchLogsClient, DescribeQueriesCommand, GetLogGroupFieldsCommand, GetLogRecordCommand,
  GetQueryResultsCommand, StartQueryCommand,
  StopQueryCommand, type GetQueryResultsCommandOutput, type StartQueryCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { withDataFolder } from "../../../test/data-folder.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const epochSeconds = testEpoch / 1000;
const times = { startTime: epochSeconds - 3600, endTime: epochSeconds + 3600 };

async function query(
  region: TestRegion, app: LogsFixture, queryString: string, more: Partial<StartQueryCommandInput> = {},
): Promise<GetQueryResultsCommandOutput> {
  const named = more.logGroupNames ? {} : { logGroupName: app.group };
  const { queryId } = await app.logs.send(
    new StartQueryCommand({ ...named, ...times, queryString, ...more })
  );
  await region.settled();
  return app.logs.send(new GetQueryResultsCommand({ queryId }));
}

const rowsOf = ({ results = [] }: GetQueryResultsCommandOutput) => results.map((row) =>
  Object.fromEntries(row.filter(({ field }) => field !== "@ptr").map(({ field, value }) => [field, value])));

test("a query runs over one or several groups, and says what it looked at", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const web = await createGroup(region, "web");
  await app.stream("s");
  await web.stream("t");
  await app.put("s", "{\"level\":\"ERROR\",\"ms\":10}", "{\"level\":\"INFO\",\"ms\":20}");
  await web.put("t", "{\"level\":\"ERROR\",\"ms\":30}", [10_000_000, "{\"level\":\"ERROR\",\"ms\":40}"]);
  const text = "filter level = 'ERROR' | stats avg(ms) as mean, count(*) by level";
  const both = await query(region, app, text, { logGroupNames: ["app", "web"] });
  assert.equal(both.status, "Complete");
  assert.deepEqual(rowsOf(both), [{ level: "ERROR", mean: "20", "count(*)": "2" }]);
  assert.deepEqual(both.statistics, {
    recordsMatched: 2, recordsScanned: 3, estimatedRecordsSkipped: 0, estimatedBytesSkipped: 0,
    bytesScanned: 152, logGroupsScanned: 2,
  });
  const raw = await query(region, app, "fields @message | sort @timestamp asc | limit 1");
  assert.deepEqual(rowsOf(raw), [{ "@message": "{\"level\":\"ERROR\",\"ms\":10}" }]);
  const limited = await query(region, app, "fields ms", { limit: 1 });
  assert.deepEqual(rowsOf(limited), [{ ms: "20" }]);
});

test("whatever regular expression a query has, it ends, and nobody waits for it", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", ...Array.from({ length: 20 }, () => `${"a".repeat(10_000)} b${"a".repeat(10_000)}!`));
  const waits = monitorEventLoopDelay({ resolution: 5 });
  waits.enable();
  for (const expression of ["(a+)+$", "(.*)(.*)(.*)x$", "(a|a)*c", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
    const like = await query(region, app, `filter @message like /${expression}/ | stats count(*)`);
    assert.deepEqual([like.status, rowsOf(like)], ["Complete", [{ "count(*)": "0" }]], expression);
    const taken = await query(region, app, `parse @message /(?<x>${expression})/ | stats count(x) as n`);
    assert.deepEqual([taken.status, rowsOf(taken)], ["Complete", [{ n: "0" }]], expression);
  }
  const looking = await query(region, app, "filter @message like /(?=(a+)+$)b/");
  assert.equal(looking.status, "Timeout");
  waits.disable();
  assert.ok(waits.max < 1_000_000_000, `${waits.max} ns`);
});

test("a result's pointer names its event", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", [0, "{\"a\":{\"b\":1}}"], [0, "other"]);
  const { results = [] } = await query(region, app, "filter a.b = 1");
  const pointer = results[0]?.find(({ field }) => field === "@ptr")?.value;
  const { logRecord } = await app.logs.send(new GetLogRecordCommand({ logRecordPointer: pointer }));
  assert.deepEqual(logRecord, {
    "@timestamp": String(testEpoch), "@ingestionTime": String(testEpoch), "@log": "000000000000:app",
    "@logStream": "s", "@message": "{\"a\":{\"b\":1}}", "a.b": "1",
  });
  assert.match(
    await refusal(
      app.logs.send(new GetLogRecordCommand({ logRecordPointer: "nothing" }))
    ), /^InvalidParameterException/,
  );
  const { logGroupFields = [] } = await app.logs.send(new GetLogGroupFieldsCommand({ logGroupName: "app" }));
  assert.deepEqual(logGroupFields.map(({ name, percent }) => [name, percent]), [
    [
      "@timestamp", 100,
    ], ["@message", 100], ["@logStream", 100], ["@log", 100], ["@ingestionTime", 100], ["a.b", 50],
  ]);
});

test("queries are listed, stopped, and forgotten after a week", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const { queryId } = await app.logs.send(
    new StartQueryCommand({ logGroupName: "app", ...times, queryString: "fields @message" }),
  );
  await region.settled();
  const { queries = [] } = await app.logs.send(new DescribeQueriesCommand({ logGroupName: "app" }));
  assert.equal(queries[0]?.queryId, queryId);
  assert.equal(queries[0]?.status, "Complete");
  assert.equal(
    await refusal(app.logs.send(new StopQueryCommand({ queryId }))),
    `InvalidParameterException: Query with id ${queryId} has already ended with status Complete`,
  );
  await region.clock.advance({ days: 7 });
  assert.equal(
    await refusal(app.logs.send(new GetQueryResultsCommand({ queryId }))),
    `ResourceNotFoundException: Query ${queryId} could not be found.`,
  );
});

test("what cannot be asked is refused", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const start = (more: Partial<StartQueryCommandInput>) =>
    refusal(app.logs.send(new StartQueryCommand({ ...times, queryString: "fields a", ...more })));
  assert.equal(
    await start({ logGroupName: "app", queryString: "fields a |\n nonsense" }),
    "MalformedQueryException: unexpected symbol found nonsense at line 2 and position 2",
  );
  assert.equal(
    await start({ logGroupName: "web" }),
    "ResourceNotFoundException: Log group 'web' does not exist for account ID '000000000000'",
  );
  assert.match(await start({}), /^InvalidParameterException: Exactly one of/);
  assert.match(await start({ logGroupName: "app", queryLanguage: "SQL" }), /^NotImplemented: Queries in SQL/);
});

test("a query that is under way when the region stops begins anew when it is started again", async () => {
  using folder = withDataFolder();
  let queryId: string | undefined;
  const status = async ({ logs }: Pick<LogsFixture, "logs">) =>
    (await logs.send(new GetQueryResultsCommand({ queryId }))).status;
  {
    await using region = await startRegion({ dataDir: folder.path });
    const app = await createGroup(region, "app");
    await app.stream("s");
    const texts = Array.from({ length: 10_000 }, (_, at) => `request ${at} of user ${at % 37} served`);
    for (let batch = 0; batch < 5; batch++) await app.put("s", ...texts);
    ({ queryId } = await app.logs.send(new StartQueryCommand({
      ...times, logGroupName: "app",
      queryString: "parse @message '* of user * served' as request, user | stats count() by user",
    })));
    while (await status(app) === "Scheduled");
    assert.equal(await status(app), "Running");
  }
  await using region = await startRegion({ dataDir: folder.path });
  await region.settled();
  assert.equal(await status({ logs: region.client(CloudWatchLogsClient) }), "Complete");
});
