import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchLogsClient, CreateScheduledQueryCommand, DeleteScheduledQueryCommand, GetScheduledQueryCommand,
  GetScheduledQueryHistoryCommand, ListScheduledQueriesCommand, UpdateScheduledQueryCommand,
  type CreateScheduledQueryCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";
import { GetQueryResults, StartQuery } from "./queries.ts";

const region = await startRegion();
after(() => region.stop());
const logs = region.client(CloudWatchLogsClient);
const s3 = region.client(S3Client);
const iam = region.client(IAMClient);
const app = await createGroup(region, "app");
await app.stream("s");
await s3.send(new CreateBucketCommand({ Bucket: "results" }));
const role = "arn:aws:iam::000000000000:role/asking";
await iam.send(new CreateRoleCommand({
  RoleName: "asking",
  AssumeRolePolicyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "logs.amazonaws.com" }, Action: "sts:AssumeRole" }],
  }),
}));

async function allow(...actions: string[]): Promise<void> {
  await iam.send(new PutRolePolicyCommand({
    RoleName: "asking", PolicyName: "p", PolicyDocument: JSON.stringify({
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
    }),
  }));
}

const query: CreateScheduledQueryCommandInput = {
  name: "errors", queryLanguage: "CWLI", queryString: "filter @message like 'ERROR' | stats count(*) as c",
  logGroupIdentifiers: ["app"], scheduleExpression: "rate(1 hour)", executionRoleArn: role,
  startTimeOffset: 3_600,
  destinationConfiguration: {
    s3Configuration: { destinationIdentifier: "s3://results/daily/", roleArn: role },
  },
};

async function history() {
  const { triggerHistory = [] } = await logs.send(new GetScheduledQueryHistoryCommand({
    identifier: "errors", startTime: testEpoch / 1000, endTime: testEpoch / 1000 + 86_400,
  }));
  return triggerHistory;
}

test("a scheduled query runs when it is due, under its role, and its results are in S3", async () => {
  await allow("logs:StartQuery", "logs:GetQueryResults", "s3:PutObject");
  const { scheduledQueryArn, state } = await logs.send(new CreateScheduledQueryCommand(query));
  assert.equal(state, "ENABLED");
  await app.put("s", [60_000, "ERROR a"], [61_000, "ERROR b"], [62_000, "fine"]);
  await region.clock.advance({ minutes: 59 });
  assert.deepEqual(await history(), []);
  await region.clock.advance({ minutes: 1, seconds: 5 });
  const [run] = await history();
  assert.equal(run?.executionStatus, "Complete");
  assert.equal(run?.triggeredTimestamp, testEpoch + 3_600_000);
  const [destination] = run?.destinations ?? [];
  const uri = `s3://results/daily/errors/2026/01/01/${run?.queryId ?? ""}.json`;
  assert.deepEqual(destination, {
    destinationType: "S3", destinationIdentifier: "s3://results/daily/", status: "COMPLETE",
    processedIdentifier: uri,
  });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "results",
    Key: uri.slice("s3://results/".length) }));
  const { results } = JSON.parse(await Body?.transformToString() ?? "") as { results: unknown };
  assert.deepEqual(results, [[{ field: "c", value: "2" }]]);
  const shown = await logs.send(new GetScheduledQueryCommand({ identifier: scheduledQueryArn }));
  assert.equal(shown.lastExecutionStatus, "Complete");
  assert.equal(shown.lastTriggeredTime, testEpoch + 3_600_000);
});

test("what the role may not do is in the history", async () => {
  await allow("logs:StartQuery", "logs:GetQueryResults");
  await region.clock.advance({ hours: 1 });
  const [noBucket] = await history();
  assert.equal(noBucket?.destinations?.[0]?.status, "CLIENT_ERROR");
  await allow("s3:PutObject");
  await region.clock.advance({ hours: 1 });
  const [denied] = await history();
  assert.equal(denied?.executionStatus, "Failed");
  assert.match(denied?.errorMessage ?? "", /is not authorized to perform: logs:StartQuery/);
  await logs.send(new UpdateScheduledQueryCommand({ ...query, identifier: "errors", state: "DISABLED" }));
  const before = (await history()).length;
  await region.clock.advance({ hours: 2 });
  assert.equal((await history()).length, before);
  const { scheduledQueries = [] } = await logs.send(new ListScheduledQueriesCommand({ state: "DISABLED" }));
  assert.deepEqual(scheduledQueries.map(({ name }) => name), ["errors"]);
  await logs.send(new DeleteScheduledQueryCommand({ identifier: "errors" }));
  assert.equal(await refusal(logs.send(new GetScheduledQueryCommand({ identifier: "errors" }))),
    "ResourceNotFoundException: The specified scheduled query does not exist.");
});

test("the region's own failures lose no run", async (t) => {
  await allow("logs:StartQuery", "logs:GetQueryResults", "s3:PutObject");
  await logs.send(new CreateScheduledQueryCommand(query));
  const { mock } = t.mock.method(StartQuery as unknown as { run: () => unknown }, "run", () => {
    throw new Error("down");
  }, { times: 1 });
  await region.clock.advance({ hours: 1, seconds: 10 });
  assert.equal(mock.callCount(), 1);
  assert.ok(region.engine.defects.splice(0).length > 0);
  assert.deepEqual((await history()).map(({ executionStatus }) => executionStatus), ["Complete"]);
  await logs.send(new DeleteScheduledQueryCommand({ identifier: "errors" }));
});

test("a run whose results can't be read for an hour has failed", async (t) => {
  await logs.send(new CreateScheduledQueryCommand(query));
  t.mock.method(GetQueryResults as unknown as { run: () => unknown }, "run", () => {
    throw new Error("down");
  });
  const first = async () => (await history()).at(-1);
  await region.clock.advance({ hours: 1, minutes: 30 });
  assert.equal((await first())?.executionStatus, "Running");
  await region.clock.advance({ hours: 1 });
  assert.equal((await first())?.executionStatus, "Failed");
  assert.ok(region.engine.defects.splice(0).length > 0);
  await logs.send(new DeleteScheduledQueryCommand({ identifier: "errors" }));
});

test("roles are passed to CloudWatch Logs, and to nobody else", async () => {
  const create = async (service: string): Promise<string> => {
    const credentials = await region.user(service, {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow", Action: "logs:CreateScheduledQuery",
          Resource: "arn:aws:logs:us-east-1:000000000000:scheduled-query:*",
        },
        {
          Effect: "Allow", Action: "iam:PassRole", Resource: role,
          Condition: { StringEquals: { "iam:PassedToService": service } },
        },
      ],
    });
    const client = region.client(CloudWatchLogsClient, { credentials });
    return refusal(client.send(new CreateScheduledQueryCommand(query)));
  };
  assert.match(await create("lambda.amazonaws.com"), /^AccessDeniedException: .* iam:PassRole on resource: /);
  assert.equal(await create("logs.amazonaws.com"), "no refusal");
  await logs.send(new DeleteScheduledQueryCommand({ identifier: "errors" }));
});

test("a scheduled query that can't run is refused", async () => {
  const create = (more: Partial<CreateScheduledQueryCommandInput>) =>
    refusal(logs.send(new CreateScheduledQueryCommand({ ...query, name: "other", ...more })));
  assert.equal(await create({ queryString: "filter" }),
    "ValidationException: unexpected symbol found <EOF> at line 1 and position 7");
  assert.equal(await create({ scheduleExpression: "every hour" }),
    "ValidationException: Invalid scheduleExpression: every hour");
  assert.equal(await create({ timezone: "Mars/Base" }), "ValidationException: Invalid timezone: Mars/Base");
  assert.equal(await create({ startTimeOffset: 0 }),
    "ValidationException: startTimeOffset must be at least 1.");
  assert.equal(await create({ logGroupIdentifiers: undefined }),
    "ValidationException: logGroupIdentifiers must be specified.");
  assert.match(await create({ queryLanguage: "SQL" }), /^NotImplemented/);
});
