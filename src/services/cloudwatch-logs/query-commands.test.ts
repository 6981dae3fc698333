import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchLogsClient, CreateLookupTableCommand, DeleteLookupTableCommand, DescribeLookupTablesCommand,
  GetLookupTableCommand, GetQueryResultsCommand, PutDataProtectionPolicyCommand, PutIndexPolicyCommand,
  StartQueryCommand, TagResourceCommand, UpdateLookupTableCommand, type GetQueryResultsCommandOutput,
  type StartQueryCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const region = await startRegion();
after(() => region.stop());

const seconds = testEpoch / 1000;
const day = 86_400_000;

const api = await createGroup(region, "/api");
const lambda = await createGroup(region, "/aws/lambda/f");
const old = await createGroup(region, "history");
await api.stream("s");
await lambda.stream("s");
await old.stream("s");
await api.put("s", "{\"requestId\":\"1\",\"status\":500,\"user\":\"u1\"}",
  "{\"requestId\":\"2\",\"status\":200,\"user\":\"u2\"}",
  "{\"requestId\":\"3\",\"status\":503,\"user\":\"u9\"}");
await lambda.put("s", "{\"requestId\":\"1\",\"duration\":7,\"state\":\"FAILED\"}",
  "{\"requestId\":\"1\",\"duration\":8,\"state\":\"FAILED\"}",
    "{\"requestId\":\"2\",\"duration\":9,\"state\":\"OK\"}");

async function query(
  queryString: string, more: Partial<StartQueryCommandInput> = {}, { logs }: LogsFixture = api,
): Promise<GetQueryResultsCommandOutput> {
  const { queryId } = await logs.send(new StartQueryCommand({
    startTime: seconds - 3600, endTime: seconds + 3600, queryString,
    ...(/^SOURCE/.test(queryString) ? {} : { logGroupName: "/api" }), ...more,
  }));
  await region.settled();
  return logs.send(new GetQueryResultsCommand({ queryId }));
}

async function rows(queryString: string, more?: Partial<StartQueryCommandInput>): Promise<string[]> {
  const { results = [], status } = await query(queryString, more);
  assert.equal(status, "Complete");
  return results.map((row) => row.filter(({ field }) => field !== "@ptr")
    .map(({ field, value }) => `${field}=${value}`).join(" "));
}

test("join brings in the events of another group, inner or left", async () => {
  assert.deepEqual(
    await rows("filter status >= 500 | join type=inner left=api right=fn where api.requestId=fn.requestId " +
      "(SOURCE '/aws/lambda/f') | fields api.requestId, api.status, fn.duration | sort fn.duration desc"),
    ["api.requestId=1 api.status=500 fn.duration=8", "api.requestId=1 api.status=500 fn.duration=7"],
  );
  assert.deepEqual(
    await rows("join type=left left=a right=b where a.requestId=b.requestId (SOURCE '/aws/lambda/f' | " +
      "stats max(duration) as longest by requestId) | fields requestId, b.longest | sort requestId"),
    ["requestId=1 b.longest=8", "requestId=2 b.longest=9", "requestId=3"],
  );
});

test("a subquery says which values a field may have", async () => {
  assert.deepEqual(
    await rows("filter requestId in (SOURCE '/aws/lambda/f' | filter state = 'FAILED' | " +
      "stats count(*) as failures by requestId | filter failures > 1 | fields requestId) | fields " +
        "requestId, user"),
    ["requestId=1 user=u1"],
  );
  assert.deepEqual(
    await rows("filter requestId not in (SOURCE logGroups(namePrefix: ['/aws/lambda/']) | fields " +
      "requestId) " +
      "| fields requestId"), ["requestId=3"]);
  assert.equal(await refusal(query("filter a in (SOURCE 'none' | fields a)")),
    "ResourceNotFoundException: Log group 'none' does not exist for account ID '000000000000'");
});

test("SOURCE names groups, by name or by what their names begin with, and a time", async () => {
  assert.deepEqual(await rows("SOURCE '/api', '/aws/lambda/f' | stats count(*) as c"), ["c=6"]);
  assert.deepEqual(await rows("SOURCE logGroups(namePrefix: ['/a']) | stats count(*) as c by @log | sort " +
    "@log"), [
    "@log=000000000000:/api c=3", "@log=000000000000:/aws/lambda/f c=3",
  ]);
  assert.deepEqual(await rows("SOURCE logGroups(class: ['INFREQUENT_ACCESS']) | stats count(*) as c"),
    ["c=0"]);
  assert.deepEqual(await rows("SOURCE /api start=-2h end=-1h | stats count(*) as c"), ["c=0"]);
  assert.deepEqual(await rows("SOURCE /api start=-1h end=now | stats count(*) as c"), ["c=0"]);
  assert.deepEqual(await rows(`SOURCE "/api" START=${seconds} END=${seconds + 1} | stats count(*) as c`),
    ["c=3"]);
  assert.equal(await refusal(query("SOURCE '/api' | fields a", { logGroupName: "/api" })),
    "InvalidParameterException: A query with SOURCE can't be given log groups in another way.");
});

test("diff compares with the time before, or with the same time a day, a week or a month earlier",
  async () => {
  const hour = 3_600_000;
  await old.put("s", [-day, "user 1 logged in"]);
  await old.put("s", [-hour - 2, "user 2 logged in"], [-hour - 1, "user 3 logged in"],
    [0, "user 4 logged in"],
    [1, "disk full on a"], [2, "user 5 logged in"], [3, "user 6 logged in"]);
  const named = { logGroupName: "history", startTime: seconds - 1, endTime: seconds + 3_599 };
  const shown = " | display @pattern, @sampleCount, @baselineSampleCount, @differenceCount, " +
    "@differenceDescription";
  const users = "@pattern=user <Number-1> logged in @sampleCount=3";
  const disk = "@pattern=disk full on a @sampleCount=1 @baselineSampleCount=0 @differenceCount=1 " +
    "@differenceDescription=New";
  assert.deepEqual(await rows(`pattern @message | diff${shown}`,
    { ...named, startTime: seconds - 3_600 + 1 }), [
    `${users} @baselineSampleCount=2 @differenceCount=1 @differenceDescription=50% up`, disk,
  ]);
  assert.deepEqual(await rows(`pattern @message | diff previousDay${shown}`, named), [
    `${users} @baselineSampleCount=1 @differenceCount=2 @differenceDescription=200% up`, disk,
  ]);
  assert.deepEqual(await rows(`filter @message like 'disk' | diff previousWeek${shown}`, named), [disk]);
});

test("lookup brings in columns of a lookup table", async () => {
  const { logs } = api;
  const tableBody = "id,name,team\nu1,\"Ann, A.\",red\nu2,Ben,blue\n";
  const { lookupTableArn } = await logs.send(new CreateLookupTableCommand({ lookupTableName: "people",
    tableBody }));
  assert.equal(lookupTableArn, "arn:aws:logs:us-east-1:000000000000:lookup-table:people");
  assert.deepEqual(
    await rows("lookup people id as user OUTPUT name, team as crew | fields requestId, name, crew | sort " +
      "requestId"),
    ["requestId=1 name=Ann, A. crew=red", "requestId=2 name=Ben crew=blue", "requestId=3"],
  );
  const { lookupTables: [table] = [] } = await logs.send(new DescribeLookupTablesCommand({}));
  assert.deepEqual([table?.tableFields, table?.recordsCount, table?.sizeBytes],
    [["id", "name", "team"], 2, 42]);
  await logs.send(new TagResourceCommand({ resourceArn: lookupTableArn, tags: { a: "b" } }));
  assert.equal(await refusal(logs.send(new CreateLookupTableCommand({ lookupTableName: "people",
    tableBody }))),
    "ResourceAlreadyExistsException: The specified lookup table already exists");
  assert.equal(await refusal(query("lookup people nothing OUTPUT name")),
    "MalformedQueryException: Lookup table people has no field nothing");
  await logs.send(new UpdateLookupTableCommand({ lookupTableArn, tableBody: "id,name\nu9,Zoe" }));
  assert.deepEqual(await rows("lookup people id as user OUTPUT name | filter ispresent(name) | display " +
    "name"), ["name=Zoe"]);
  assert.equal((await logs.send(new GetLookupTableCommand({ lookupTableArn }))).tableBody, "id,name\nu9,Zoe");
  for (const wrong of ["a,a\n1,2", "a,b\n1", ",b\n1,2"]) {
    assert.match(await refusal(logs.send(new UpdateLookupTableCommand({ lookupTableArn, tableBody: wrong }))),
      /^InvalidParameterException/);
  }
  await logs.send(new DeleteLookupTableCommand({ lookupTableArn }));
  assert.equal(await refusal(query("lookup people id OUTPUT name")),
    "MalformedQueryException: Lookup table people does not exist");
});

test("filterIndex looks only at groups that have the index, and says what it skipped", async () => {
  const source = "SOURCE logGroups(namePrefix: ['/a']) | filterIndex requestId = '1' | stats count(*) as c";
  const none = await query(source);
  assert.equal(none.statistics?.recordsScanned, 0);
  assert.equal(none.statistics?.estimatedRecordsSkipped, 6);
  await api.logs.send(new PutIndexPolicyCommand({
    logGroupIdentifier: "/api", policyDocument: "{\"Fields\":[\"requestId\"]}",
  }));
  const some = await query(source);
  assert.deepEqual(some.results, [[{ field: "c", value: "1" }]]);
  assert.equal(some.statistics?.recordsScanned, 3);
  assert.equal(some.statistics?.estimatedRecordsSkipped, 3);
});

test("unmask shows what a data protection policy hides", async () => {
  const secret = await createGroup(region, "secret");
  await secret.stream("s");
  const identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress";
  await secret.logs.send(new PutDataProtectionPolicyCommand({
    logGroupIdentifier: "secret",
    policyDocument: JSON.stringify({
      Name: "p", Version: "2021-06-01", Statement: [
        { Sid: "a", DataIdentifier: [identifier], Operation: { Audit: { FindingsDestination: {} } } },
        { Sid: "d", DataIdentifier: [identifier], Operation: { Deidentify: { MaskConfig: {} } } },
      ],
    }),
  }));
  await secret.put("s", "mail to ann@example.com");
  assert.deepEqual(await rows("display @message", { logGroupName: "secret" }),
    ["@message=mail to ***************"]);
  assert.deepEqual(await rows("unmask @message | display @message", { logGroupName: "secret" }),
    ["@message=mail to ann@example.com"]);
  const asked = "fields @message, unmask(@message) | sort @timestamp desc | limit 20";
  assert.deepEqual(await rows(asked, { logGroupName: "secret" }),
    ["@message=mail to *************** unmask(@message)=mail to ann@example.com"]);
  assert.deepEqual(await rows("stats count(*) by toupper(unmask(@message)) as m", { logGroupName: "secret" }),
    ["m=MAIL TO ANN@EXAMPLE.COM count(*)=1"]);
  assert.deepEqual(await rows("filter unmask(@message) like /ann/", { logGroupName: "secret" }),
    ["@timestamp=2026-01-01 00:00:00.000 @message=mail to ***************"]);
  const Statement = [
    { Effect: "Allow", Action: "logs:*", Resource: "*" },
    { Effect: "Deny", Action: "logs:Unmask", Resource: "*" },
  ];
  const credentials = await region.user("reader", { Version: "2012-10-17", Statement });
  const reader = region.client(CloudWatchLogsClient, { credentials });
  for (const queryString of [asked, "unmask @message"]) {
    await assert.rejects(reader.send(new StartQueryCommand({
      queryString, logGroupName: "secret", startTime: 0, endTime: 2_000_000_000,
    })), /not authorized to perform: logs:Unmask on resource: /);
  }
});
