import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, DeleteSubscriptionFilterCommand, DescribeDestinationsCommand,
  DescribeSubscriptionFiltersCommand, PutDestinationCommand, PutDestinationPolicyCommand,
  PutSubscriptionFilterCommand, type PutSubscriptionFilterCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateRoleCommand, DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient,
} from "@aws-sdk/client-kinesis";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch, type TestCredentials, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const partner = "111111111111";

async function makeStream(region: TestRegion, credentials?: TestCredentials) {
  const kinesis = region.client(KinesisClient, { ...(credentials && { credentials }) });
  await kinesis.send(new CreateStreamCommand({ StreamName: "stream", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  return {
    messages: async (): Promise<Record<string, unknown>[]> => {
      await region.settled();
      const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({
        StreamName: "stream", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON",
      }));
      const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      return Records.map(
        ({ Data }) => JSON.parse(gunzipSync(Data ?? "").toString()) as Record<string, unknown>
      );
    },
  };
}

async function makeRole(region: TestRegion, allows = true, credentials?: TestCredentials): Promise<string> {
  const iam = region.client(IAMClient, { ...(credentials && { credentials }) });
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "to-kinesis",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "logs.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    }),
  }));
  if (allows) {
    await iam.send(new PutRolePolicyCommand({
      RoleName: "to-kinesis", PolicyName: "put",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kinesis:PutRecord", Resource: "*" }],
      }),
    }));
  }
  return Role?.Arn ?? "";
}

function subscribe(app: LogsFixture, more: Partial<PutSubscriptionFilterCommandInput>) {
  return app.logs.send(new PutSubscriptionFilterCommand({
    logGroupName: app.group, filterName: "errors", filterPattern: "ERROR", destinationArn: "", ...more,
  }));
}

const streamArn = (account: string) => `arn:aws:kinesis:us-east-1:${account}:stream/stream`;

test("what a filter selects by account and Region is all that it sends", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const stream = await makeStream(region);
  const to = { destinationArn: streamArn("000000000000"), roleArn: await makeRole(region) };
  const sent = async (fieldSelectionCriteria: string): Promise<boolean> => {
    const before = (await stream.messages()).length;
    await subscribe(app, { ...to, fieldSelectionCriteria });
    await app.put("s", "ERROR");
    return (await stream.messages()).length === before + 2;
  };
  assert.equal(await sent("@aws.region = \"us-east-1\""), true);
  assert.equal(await sent("@aws.region NOT IN [\"cn-north-1\", 'us-east-1']"), false);
  assert.equal(await sent("@aws.region IN [\"us-east-1\"] AND @aws.account != \"000000000000\""), false);
  const either = "(@aws.region = 'x' OR @aws.account = '000000000000') and @aws.region != 'x'";
  assert.equal(await sent(either), true);
  for (const criteria of ["@aws.region", "@aws.zone = 'a'", "@aws.region = a", "(@aws.region = 'a'", "= 'a'",
    "@aws.region = 'a' x", "@aws.region IN []", "@aws.region = 'a' OR", `${"(".repeat(100)}`]) {
    assert.equal(await refusal(subscribe(app, { ...to, fieldSelectionCriteria: criteria })),
      `InvalidParameterException: Invalid field selection criteria: ${criteria}`);
  }
  assert.equal(await refusal(subscribe(app, { ...to, emitSystemFields: ["@aws.zone"] })),
    "InvalidParameterException: Invalid system field: @aws.zone");
});

test("logs-subscription-destinations: what matches arrives in a Kinesis stream, packed", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const stream = await makeStream(region);
  const roleArn = await makeRole(region);
  await subscribe(app, { destinationArn: streamArn("000000000000"), roleArn });
  await app.put("s", [2_000, "ERROR one"], [2_001, "fine"], [2_002, "ERROR two"]);
  const [control, data, ...others] = await stream.messages();
  assert.equal(control?.["messageType"], "CONTROL_MESSAGE");
  assert.equal(others.length, 0);
  const { logEvents, ...facts } = data as { logEvents: { id: string }[] };
  assert.deepEqual(facts, {
    messageType: "DATA_MESSAGE", owner: "000000000000", logGroup: "app", logStream: "s",
    subscriptionFilters: ["errors"],
  });
  assert.deepEqual(logEvents.map(({ id, ...event }) => ({ ...event, id: /^\d{56}$/.test(id) })), [
    { id: true, timestamp: testEpoch + 2_000, message: "ERROR one" },
    { id: true, timestamp: testEpoch + 2_002, message: "ERROR two" },
  ]);
  const { subscriptionFilters } = await app.logs.send(
    new DescribeSubscriptionFiltersCommand({ logGroupName: "app" }),
  );
  assert.deepEqual(subscriptionFilters, [{
    filterName: "errors", logGroupName: "app", filterPattern: "ERROR", destinationArn: streamArn(
      "000000000000"
    ),
    roleArn, distribution: "ByLogStream", applyOnTransformedLogs: false, creationTime: testEpoch + 1_000,
  }]);
  await subscribe(app, { destinationArn: streamArn("000000000000"), roleArn, filterName: "second" });
  assert.equal(
    await refusal(
      subscribe(app, { destinationArn: streamArn("000000000000"), roleArn, filterName: "third" })
    ),
    "LimitExceededException: Resource limit exceeded.",
  );
  await app.logs.send(new DeleteSubscriptionFilterCommand({ logGroupName: "app", filterName: "errors" }));
  await app.logs.send(new DeleteSubscriptionFilterCommand({ logGroupName: "app", filterName: "second" }));
  const before = (await stream.messages()).length;
  await app.put("s", [3_000, "ERROR three"]);
  assert.equal((await stream.messages()).length, before);
});

test("what is forwarded, and what cannot be, is measured by filter", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await makeStream(region);
  const to = { destinationArn: streamArn("000000000000"), roleArn: await makeRole(region) };
  await subscribe(app, to);
  const measured = async (): Promise<Record<string, number>> => {
    const { MetricDataResults = [] } = await region.client(CloudWatchClient).send(new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 600_000),
      MetricDataQueries: [{
        Id: "all", Label: "${PROP('MetricName')}", Expression: "SEARCH('{AWS/Logs,LogGroupName," +
          "DestinationType,FilterName} LogGroupName=\"app\" FilterName=\"errors\" Kinesis', 'Sum', 600)",
      }],
    }));
    const found = MetricDataResults.map(({ Label = "", Values = [] }) => [Label, Values[0] ?? 0] as const);
    return Object.fromEntries(found);
  };
  await app.put("s", "ERROR 1", "fine", "ERROR 2");
  await region.settled();
  const { ForwardedBytes = 0, ...rest } = await measured();
  assert.deepEqual(rest, { ForwardedLogEvents: 2 });
  assert.ok(ForwardedBytes > 100);
  await region.client(IAMClient).send(new DeleteRolePolicyCommand({
    RoleName: "to-kinesis", PolicyName: "put",
  }));
  await app.put("s", "ERROR 3");
  await region.settled();
  assert.deepEqual(await measured(), { ForwardedBytes, ForwardedLogEvents: 2, DeliveryErrors: 1 });
});

test("fields that a pattern names go along", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const stream = await makeStream(region);
  const roleArn = await makeRole(region);
  await subscribe(
    app, { destinationArn: streamArn("000000000000"), roleArn, filterPattern: "[level, what]" }
  );
  await app.put("s", [2_000, "WARN disk"]);
  const [, data] = await stream.messages() as { logEvents: { extractedFields: object }[] }[];
  assert.deepEqual(data?.logEvents[0]?.extractedFields, { level: "WARN", what: "disk" });
});

test("a destination must be there, and let the service in", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const roleArn = await makeRole(region, false);
  const undeliverable =
    "InvalidParameterException: Could not deliver test message to specified Kinesis stream. " +
    "Check if the given kinesis stream is in ACTIVE state. ";
  assert.equal(
    await refusal(subscribe(app, { destinationArn: streamArn("000000000000"), roleArn })), undeliverable
  );
  await makeStream(region);
  assert.equal(
    await refusal(subscribe(app, { destinationArn: streamArn("000000000000"), roleArn })), undeliverable
  );
  assert.equal(
    await refusal(subscribe(app, { destinationArn: streamArn("000000000000") })),
    "InvalidParameterException: destinationArn for vendor kinesis cannot be used without roleArn",
  );
  const lambda = "arn:aws:lambda:us-east-1:000000000000:function:f";
  assert.equal(
    await refusal(subscribe(app, { destinationArn: lambda, roleArn })),
    "InvalidParameterException: destinationArn for vendor lambda cannot be used with roleArn",
  );
  assert.equal(
    await refusal(subscribe(app, { destinationArn: lambda })),
    "InvalidParameterException: Could not execute the lambda function. Make sure you have given CloudWatch " +
      "Logs permission to execute your function.",
  );
  assert.match(
    await refusal(subscribe(app, { destinationArn: "nowhere" })), /^InvalidParameterException: Invalid/
  );
});

async function makeDestination(region: TestRegion): Promise<CloudWatchLogsClient> {
  const credentials = region.root(partner);
  const roleArn = await makeRole(region, true, credentials);
  const logs = region.client(CloudWatchLogsClient, { credentials });
  const { destination } = await logs.send(new PutDestinationCommand({
    destinationName: "shared", targetArn: streamArn(partner), roleArn,
  }));
  assert.equal(destination?.arn, `arn:aws:logs:us-east-1:${partner}:destination:shared`);
  return logs;
}

test("logs-cross-account-subscription: another account is reached through its destination", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const stream = await makeStream(region, region.root(partner));
  const logs = await makeDestination(region);
  const destinationArn = `arn:aws:logs:us-east-1:${partner}:destination:shared`;
  assert.equal(
    await refusal(subscribe(app, { destinationArn })),
    "AccessDeniedException: User with accountId: 000000000000 is not authorized to perform " +
      "PutSubscriptionFilter",
  );
  await logs.send(new PutDestinationPolicyCommand({
    destinationName: "shared",
    accessPolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "logs:PutSubscriptionFilter",
        Resource: destinationArn,
      }],
    }),
  }));
  await subscribe(app, { destinationArn });
  await app.put("s", [2_000, "ERROR here"]);
  const messages = await stream.messages();
  assert.deepEqual(messages.map(({ messageType }) => messageType), ["CONTROL_MESSAGE", "DATA_MESSAGE"]);
  assert.equal(messages[1]?.["owner"], "000000000000");
  const { destinations = [] } = await logs.send(new DescribeDestinationsCommand({}));
  assert.match(destinations[0]?.accessPolicy ?? "", /"AWS":"(arn:aws:iam::)?000000000000(:root)?"/);
});

test("logs-lambda-subscription-not-cross-account: a function of another account is refused", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const destinationArn = `arn:aws:lambda:us-east-1:${partner}:function:f`;
  assert.match(
    await refusal(subscribe(app, { destinationArn })),
    /^InvalidParameterException: destinationArn for vendor lambda cannot be in another account\./,
  );
});
