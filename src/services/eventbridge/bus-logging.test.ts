import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient, CreateDeliveryCommand, CreateLogGroupCommand, DeleteDeliveryCommand,
  DeleteDeliveryDestinationCommand, DeleteDeliverySourceCommand, DescribeConfigurationTemplatesCommand,
  DescribeDeliveriesCommand, FilterLogEventsCommand, GetDeliveryCommand, GetDeliveryDestinationPolicyCommand,
  PutDeliveryDestinationCommand, PutDeliveryDestinationPolicyCommand, PutDeliverySourceCommand,
  UpdateDeliveryConfigurationCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateEventBusCommand, EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateDeliveryStreamCommand, FirehoseClient, ListTagsForDeliveryStreamCommand, UntagDeliveryStreamCommand,
} from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { allow, trust } from "../../../test/policies.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { createInbox } from "./events-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const events = region.client(EventBridgeClient);
const logs = region.client(CloudWatchLogsClient);
const s3 = region.client(S3Client);
const bus = "arn:aws:events:us-east-1:000000000000:event-bus/orders";
const ruleArn = "arn:aws:events:us-east-1:000000000000:rule/orders/r";

await events.send(new CreateEventBusCommand({ Name: "orders",
  LogConfig: { Level: "TRACE", IncludeDetail: "FULL" } }));
await events.send(new CreateEventBusCommand({ Name: "quiet",
  LogConfig: { Level: "ERROR", IncludeDetail: "NONE" } }));
await logs.send(new CreateLogGroupCommand({ logGroupName: "/aws/vendedlogs/orders" }));
const inbox = await createInbox(region, "open");
const shut = await createInbox(region, "shut", { open: false });

async function destination(name: string, destinationResourceArn: string, outputFormat?: "json" | "plain") {
  const { deliveryDestination } = await logs.send(new PutDeliveryDestinationCommand({
    name, deliveryDestinationConfiguration: { destinationResourceArn }, outputFormat,
  }));
  return deliveryDestination?.arn ?? "";
}

async function source(name: string, logType: string, resourceArn = bus): Promise<string> {
  const { deliverySource } = await logs.send(new PutDeliverySourceCommand({ name, resourceArn, logType }));
  return deliverySource?.name ?? "";
}

const put = (EventBusName: string, Source = "shop") => events.send(new PutEventsCommand({
  Entries: [{ Source, DetailType: "order", Detail: "{\"id\":7}", EventBusName }],
}));

interface LogRecord {
  readonly message_type: string;
  readonly log_level: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly error?: { readonly error_code: string };
}

async function records(logGroupName = "/aws/vendedlogs/orders"): Promise<LogRecord[]> {
  await region.clock.advance({ milliseconds: 1 });
  const found = await logs.send(new FilterLogEventsCommand({ logGroupName }));
  return (found.events ?? []).map(({ message = "" }) => JSON.parse(message) as LogRecord);
}

test("what a bus does with an event is delivered to a log group, by the level of the bus", async () => {
  await events.send(new PutRuleCommand({
    Name: "r", EventBusName: "orders", EventPattern: "{\"source\":[\"shop\"]}",
  }));
  await events.send(new PutTargetsCommand({
    Rule: "r", EventBusName: "orders", Targets: [{ Id: "1", Arn: inbox.arn }, { Id: "2", Arn: shut.arn }],
  }));
  const group = await destination("group",
    "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders");
  for (const type of ["ERROR", "INFO", "TRACE"]) {
    await logs.send(new CreateDeliveryCommand({
      deliverySourceName: await source(`orders-${type}`, `${type}_LOGS`), deliveryDestinationArn: group,
    }));
  }
  await put("orders");
  const all = await records();
  const types = all.map(({ message_type }) => message_type).sort();
  assert.deepEqual(types, [
    "EVENT_INGEST_SUCCESS", "EVENT_RECEIPT", "INVOCATION_ATTEMPT_PERMANENT_FAILURE",
      "INVOCATION_ATTEMPT_START",
    "INVOCATION_ATTEMPT_START", "INVOCATION_ATTEMPT_SUCCESS", "INVOCATION_FAILURE", "INVOCATION_START",
    "INVOCATION_START", "INVOCATION_SUCCESS", "RULE_MATCH", "RULE_MATCH_START",
  ]);
  const of = (type: string) => all.find(({ message_type }) => message_type === type);
  assert.equal(of("EVENT_RECEIPT")?.details["event_detail"], "{\"id\":7}");
  assert.equal(of("RULE_MATCH")?.details["rule_arn"], ruleArn);
  const failed = of("INVOCATION_FAILURE");
  assert.equal(failed?.log_level, "ERROR");
  assert.equal(failed?.details["target_arn"], shut.arn);
  assert.equal(failed?.error?.error_code, "NO_PERMISSIONS");
  const before = all.length;
  await put("orders", "other");
  assert.deepEqual((await records()).slice(before).map(({ message_type }) => message_type).sort(), [
    "EVENT_INGEST_SUCCESS", "EVENT_RECEIPT", "NO_STANDARD_RULES_MATCHED", "RULE_MATCH_START",
  ]);
});

test("a bus with the level ERROR logs failures alone, without what its events hold", async () => {
  await logs.send(new CreateLogGroupCommand({ logGroupName: "quiet" }));
  await events.send(new PutRuleCommand({
    Name: "q", EventBusName: "quiet", EventPattern: "{\"source\":[\"shop\"]}",
  }));
  await events.send(new PutTargetsCommand({
    Rule: "q", EventBusName: "quiet", Targets: [{ Id: "2", Arn: shut.arn }],
  }));
  const group = await destination("quiet", "arn:aws:logs:us-east-1:000000000000:log-group:quiet");
  const quiet = bus.replace("orders", "quiet");
  for (const type of ["ERROR", "INFO"]) {
    await logs.send(new CreateDeliveryCommand({
      deliverySourceName: await source(`quiet-${type}`, `${type}_LOGS`, quiet), deliveryDestinationArn: group,
    }));
  }
  await put("quiet");
  const found = await records("quiet");
  assert.deepEqual(found.map(({ message_type }) => message_type).sort(),
    ["INVOCATION_ATTEMPT_PERMANENT_FAILURE", "INVOCATION_FAILURE"]);
  assert.equal(found[0]?.details["target_input"], undefined);
});

test("files of a delivery to S3 come every five minutes, with the fields that it names", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "vended" }));
  await s3.send(new PutBucketPolicyCommand({
    Bucket: "vended", Policy: JSON.stringify({
      Version: "2012-10-17", Statement: [{
        Effect: "Allow", Principal: { Service: "delivery.logs.amazonaws.com" }, Action: "s3:PutObject",
        Resource: "arn:aws:s3:::vended/*",
      }],
    }),
  }));
  const { delivery } = await logs.send(new CreateDeliveryCommand({
    deliverySourceName: "orders-INFO", deliveryDestinationArn: await destination("files",
      "arn:aws:s3:::vended/in", "plain"),
    recordFields: ["resource_arn", "message_timestamp_ms", "message_type", "log_level"],
  }));
  const id = delivery?.id ?? "";
  await logs.send(new UpdateDeliveryConfigurationCommand({
    id, fieldDelimiter: "|", s3DeliveryConfiguration: { suffixPath: "{region}/{yyyy}",
      enableHiveCompatiblePath: true },
  }));
  const at = region.clock.now();
  await put("orders", "other");
  await region.settled();
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: "vended" }))).KeyCount, 0);
  await region.clock.advance({ minutes: 5 });
  const { Contents: [file] = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "vended" }));
  assert.match(file?.Key ?? "",
    /^in\/aws-region=us-east-1\/year=2026\/000000000000_us-east-1_event-bus_orders_.*\.log\.gz$/);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "vended", Key: file?.Key }));
  const text = gunzipSync(await Body?.transformToByteArray() ?? "").toString();
  assert.equal(text, ["EVENT_RECEIPT", "NO_STANDARD_RULES_MATCHED"].map((step) =>
    `${bus}|${at}|${step}|INFO\n`).join(""));
  await logs.send(new DeleteDeliveryCommand({ id }));
  assert.equal(await refusal(logs.send(new GetDeliveryCommand({ id }))),
    `ResourceNotFoundException: Delivery ${id} does not exist.`);
});

test("sources, destinations and deliveries are kept apart and checked", async () => {
  const { deliveries = [] } = await logs.send(new DescribeDeliveriesCommand({}));
  assert.equal(deliveries.length, 5);
  assert.equal(deliveries[0]?.deliveryDestinationType, "CWL");
  const { configurationTemplates = [] } = await logs.send(
    new DescribeConfigurationTemplatesCommand({ service: "events", deliveryDestinationTypes: ["S3"] }));
  assert.deepEqual(configurationTemplates.map(({ logType }) => logType),
    ["ERROR_LOGS", "INFO_LOGS", "TRACE_LOGS"]);
  const deliveryDestinationPolicy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}";
  const named = { deliveryDestinationName: "group" };
  await logs.send(new PutDeliveryDestinationPolicyCommand({ ...named, deliveryDestinationPolicy }));
  const { policy } = await logs.send(new GetDeliveryDestinationPolicyCommand(named));
  assert.deepEqual(policy, { deliveryDestinationPolicy });
  const refused = async (work: Promise<unknown>) => refusal(work);
  assert.equal(await refused(source("x", "ACCESS_LOGS")),
    "ValidationException: The logType ACCESS_LOGS is not supported for this resource.");
  assert.match(await refused(source("x", "ERROR_LOGS", "arn:aws:cloudfront::000000000000:distribution/E1")),
    /^NotImplemented/);
  assert.equal(await refused(source("again", "ERROR_LOGS")),
    "ConflictException: Delivery source orders-ERROR is for this resource and log type.");
  assert.equal(await refused(logs.send(new DeleteDeliverySourceCommand({ name: "orders-INFO" }))),
    "ConflictException: Delivery source orders-INFO has a delivery.");
  assert.equal(await refused(logs.send(new DeleteDeliveryDestinationCommand({ name: "group" }))),
    "ConflictException: Delivery destination group has a delivery.");
  const create = (more: object) => refused(logs.send(new CreateDeliveryCommand({
    deliverySourceName: "orders-INFO",
      deliveryDestinationArn: `${"arn:aws:logs:us-east-1:000000000000:"}delivery-destination:files`,
    ...more,
  })));
  assert.equal(await create({ recordFields: ["nothing"] }),
    "ValidationException: The field nothing is not supported for this log type.");
  assert.equal(await create({ recordFields: ["event_id"] }),
    "ValidationException: The field resource_arn is mandatory.");
  assert.equal(await create({ deliverySourceName: "none" }),
    "ResourceNotFoundException: Delivery source none does not exist.");
  assert.match(await refused(destination("traces", "arn:aws:xray:us-east-1:000000000000:*")),
    /^NotImplemented/);
});

test("a delivery stream that logs go to is tagged, and written to under the linked role", async () => {
  const firehose = region.client(FirehoseClient);
  const iam = region.client(IAMClient);
  await iam.send(new CreateRoleCommand({
    RoleName: "firehose", AssumeRolePolicyDocument: trust("firehose.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "firehose", PolicyName: "p", PolicyDocument: JSON.stringify(allow("s3:*")),
  }));
  await s3.send(new CreateBucketCommand({ Bucket: "streamed" }));
  const { DeliveryStreamARN = "" } = await firehose.send(new CreateDeliveryStreamCommand({
    DeliveryStreamName: "logs", ExtendedS3DestinationConfiguration: {
      RoleARN: "arn:aws:iam::000000000000:role/firehose", BucketARN: "arn:aws:s3:::streamed",
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
    },
  }));
  await region.clock.advance({ seconds: 2 });
  await logs.send(new CreateDeliveryCommand({
    deliverySourceName: "orders-INFO", deliveryDestinationArn: await destination("fh", DeliveryStreamARN),
  }));
  const tags = () => firehose.send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: "logs" }));
  assert.deepEqual((await tags()).Tags, [{ Key: "LogDeliveryEnabled", Value: "true" }]);
  const stored = async (): Promise<string[]> => {
    await region.clock.advance({ seconds: 61 });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "streamed" }));
    const texts = await Promise.all(Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "streamed", Key }));
      return await Body?.transformToString() ?? "";
    }));
    return texts.join("").trimEnd().split("\n");
  };
  await put("orders", "other");
  const steps = (await stored()).map((line) => (JSON.parse(line) as LogRecord).message_type);
  assert.deepEqual(steps, ["EVENT_RECEIPT", "NO_STANDARD_RULES_MATCHED"]);
  await firehose.send(new UntagDeliveryStreamCommand({
    DeliveryStreamName: "logs", TagKeys: ["LogDeliveryEnabled"],
  }));
  await put("orders", "other");
  assert.equal((await stored()).length, 2);
});
