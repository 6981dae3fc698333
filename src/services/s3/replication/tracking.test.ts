import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand, type Statistic } from "@aws-sdk/client-cloudwatch";
import { DeleteRoleCommand, DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteBucketReplicationCommand, DeleteObjectCommand, PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand, PutObjectCommand, PutObjectTaggingCommand, type ReplicationRule,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, testEpoch, type TestRegion } from "../../../../test/region.ts";
import { ReplicationStage, source, target } from "../../../../test/s3-replication.ts";
import { pendingReplications } from "./table.ts";

const QueueArn = "arn:aws:sqs:us-east-1:000000000000:events";
const Key = "docs/key";
const minuteMilliseconds = 60_000;

type Destination = Partial<ReplicationRule["Destination"]>;

function ruleWith(destination: Destination): Partial<ReplicationRule> {
  return { Destination: { Bucket: `arn:aws:s3:::${target}`, ...destination } };
}

const measured = ruleWith({ Metrics: { Status: "Enabled" } });
const timed = ruleWith({
  ReplicationTime: { Status: "Enabled", Time: { Minutes: 15 } },
  Metrics: { Status: "Enabled", EventThreshold: { Minutes: 15 } },
});

interface EventRecord {
  readonly eventName: string;
  readonly replicationEventData?: Readonly<Record<string, string>>;
}

/** The source tells a queue of its replication. */
async function listening(region: TestRegion): Promise<() => Promise<EventRecord[]>> {
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "events" }));
  const statement = {
    Effect: "Allow", Action: "sqs:SendMessage", Resource: QueueArn,
    Principal: { Service: "s3.amazonaws.com" },
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return async () => {
    await region.clock.advance({ seconds: 0 });
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return Messages.flatMap(({ Body = "" }) =>
      (JSON.parse(Body) as { Records?: EventRecord[] }).Records ?? []);
  };
}

async function prepare(region: TestRegion) {
  const received = await listening(region);
  const stage = await ReplicationStage.prepare(region);
  const Configuration = { Id: "replication", QueueArn, Events: ["s3:Replication:*" as const] };
  const NotificationConfiguration = { QueueConfigurations: [Configuration] };
  await stage.here.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: source, NotificationConfiguration }),
  );
  await received();
  const put = (more: object = {}) =>
    stage.here.send(new PutObjectCommand({ Bucket: source, Key, Body: "x".repeat(100), ...more }));
  return { stage, received, put };
}

async function metric(
  region: TestRegion, MetricName: string, Stat: Statistic, at = "eu-west-1",
): Promise<number[]> {
  const Dimensions = [["SourceBucket", source], ["DestinationBucket", target], ["RuleId", "all"]].map(
    ([Name, Value]) => ({ Name, Value }),
  );
  const Metric = { Namespace: "AWS/S3", MetricName, Dimensions };
  const { MetricDataResults = [] } = await region.client(CloudWatchClient, { region: at }).send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 86_400_000), ScanBy: "TimestampAscending",
      MetricDataQueries: [{ Id: "m", MetricStat: { Metric, Period: 60, Stat } }],
    }),
  );
  return MetricDataResults[0]?.Values ?? [];
}

test("what is not replicated is told, with the reason, where the rule has metrics", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure();
  await stage.permit("s3:ListBucket");
  await put();
  assert.equal(await stage.status(Key), "FAILED");
  assert.deepEqual(await received(), []);
  await stage.configure(measured);
  const iam = region.client(IAMClient);
  await iam.send(new DeleteRolePolicyCommand({ RoleName: "replication", PolicyName: "p" }));
  await iam.send(new DeleteRoleCommand({ RoleName: "replication" }));
  const requestTime = new Date(region.clock.now()).toISOString();
  const { VersionId, ETag = "" } = await put();
  assert.equal(await stage.status(Key), "FAILED");
  const [record, ...others] = (await received()) as unknown as Record<string, never>[];
  assert.deepEqual(others, []);
  const { responseElements, s3, ...rest } = record as unknown as Record<string, Record<string, never>>;
  assert.deepEqual(Object.keys(responseElements ?? {}), ["x-amz-request-id", "x-amz-id-2"]);
  assert.deepEqual(rest, {
    eventVersion: "2.5",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: new Date(region.clock.now()).toISOString(),
    eventName: "Replication:OperationFailedReplication",
    userIdentity: { principalId: "s3.amazonaws.com" },
    requestParameters: { sourceIPAddress: "s3.amazonaws.com" },
    replicationEventData: {
      replicationRuleId: "all",
      destinationBucket: `arn:aws:s3:::${target}`,
      s3Operation: "OBJECT_PUT",
      requestTime,
      failureReason: "AssumeRoleNotPermitted",
    },
  });
  const { sequencer, ...object } = s3?.["object"] as unknown as Record<string, unknown>;
  assert.match(String(sequencer), /^[0-9A-F]{18}$/);
  assert.deepEqual(object, { key: Key, size: 100, eTag: ETag.replaceAll('"', ""), versionId: VersionId });
  assert.equal(s3?.["configurationId"], "replication");
  assert.deepEqual(await metric(region, "OperationsFailedReplication", "Sum", "us-east-1"), [1]);
  assert.deepEqual(await metric(region, "OperationsFailedReplication", "Sum"), []);
});

test("each failure has its reason", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure({ ...measured, DeleteMarkerReplication: { Status: "Enabled" } });
  const reasons = async () =>
    (await received()).map(({ replicationEventData: data = {} }) =>
      [data["s3Operation"], data["failureReason"]]);
  const all = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"];
  await stage.permit(...all, "s3:ReplicateDelete");
  await put();
  assert.deepEqual(await reasons(), [["OBJECT_PUT", "DstPutObjectNotPermitted"]]);
  await stage.permit("s3:ReplicateObject", "s3:GetObjectVersionAcl");
  await put();
  assert.deepEqual(await reasons(), [["OBJECT_PUT", "SrcGetObjectNotPermitted"]]);
  await stage.permit("s3:ReplicateObject", "s3:GetObjectVersionForReplication");
  await put();
  assert.deepEqual(await reasons(), [["OBJECT_PUT", "SrcGetAclNotPermitted"]]);
  await stage.permit(...all, "s3:ReplicateObject");
  const Tagging = { TagSet: [{ Key: "a", Value: "1" }] };
  await stage.here.send(new PutObjectTaggingCommand({ Bucket: source, Key, Tagging }));
  assert.deepEqual(await reasons(), [["OBJECT_TAGGING", "DstVersionNotFound"]]);
  await stage.here.send(new DeleteObjectCommand({ Bucket: source, Key }));
  assert.deepEqual(await reasons(), [["OBJECT_DELETE", "DstDelObjNotPermitted"]]);
  const VersioningConfiguration = { Status: "Suspended" as const };
  await stage.there.send(new PutBucketVersioningCommand({ Bucket: target, VersioningConfiguration }));
  await put();
  assert.deepEqual(await reasons(), [["OBJECT_PUT", "DstBucketUnversioned"]]);
  region.engine.lags.set({ "s3.replication": 1_000 });
  const { VersionId } = await put();
  await stage.here.send(new DeleteObjectCommand({ Bucket: source, Key, VersionId }));
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await reasons(), [["OBJECT_PUT", "SrcVersionNotFound"]]);
});

test("what is on its way is measured each minute, in the region of the destination", async () => {
  await using region = await startRegion();
  const { stage, put } = await prepare(region);
  await stage.configure(measured);
  region.engine.lags.set({ "s3.replication": 150_000 });
  await put();
  await put();
  await region.clock.advance({ minutes: 5 });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await metric(region, "OperationsPendingReplication", "Maximum"), [2, 2, 0]);
  assert.deepEqual(await metric(region, "BytesPendingReplication", "Maximum"), [200, 200, 0]);
  assert.deepEqual(await metric(region, "ReplicationLatency", "Maximum"), [60, 150, 0]);
  assert.deepEqual(await metric(region, "OperationsPendingReplication", "Maximum", "us-east-1"), []);
  assert.deepEqual(await metric(region, "OperationsFailedReplication", "Sum", "us-east-1"), []);
});

test("what is on its way is measured whole, however much it is, and others come in between", async (t) => {
  await using region = await startRegion();
  const { stage, put } = await prepare(region);
  await stage.configure(measured);
  region.engine.lags.set({ "s3.replication": 90_000 });
  await put();
  // As many objects as need three looks, without the work of storing them.
  const count = 1_001;
  region.engine.store.transact({ account: "000000000000", region: "us-east-1" }, (transaction) => {
    const rows = transaction.rows(pendingReplications);
    const one = rows.first();
    assert.ok(one);
    for (let index = 1; index < count; index += 1) rows.put({ ...one, versionId: `v${index}`, sizeBytes: 1 });
  });
  const pause = t.mock.method(region.engine.waits, "wait");
  await region.clock.advance({ minutes: 1 });
  const looks = pause.mock.calls.filter(({ arguments: [until] }) => until === region.clock.now());
  assert.equal(looks.length, 2, "between three looks");
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(await metric(region, "OperationsPendingReplication", "Maximum"), [count, count - 1]);
  assert.deepEqual(await metric(region, "BytesPendingReplication", "Maximum"), [count + 99, count - 1]);
});

test("a rule without metrics measures nothing", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure(ruleWith({ Metrics: { Status: "Disabled" } }));
  region.engine.lags.set({ "s3.replication": 16 * minuteMilliseconds });
  await put();
  await region.clock.advance({ minutes: 20 });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await metric(region, "OperationsPendingReplication", "Maximum"), []);
  assert.deepEqual(await metric(region, "ReplicationLatency", "Maximum"), []);
  assert.deepEqual(await received(), []);
});

test("Replication Time Control tells of what takes longer than a quarter of an hour", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure(timed);
  const told = async () =>
    (await received()).map(({ eventName, replicationEventData: data }) => [eventName, data]);
  await put();
  await region.clock.advance({ minutes: 20 });
  assert.deepEqual(await told(), []);

  region.engine.lags.set({ "s3.replication": 18 * minuteMilliseconds });
  const requestTime = new Date(region.clock.now()).toISOString();
  await put();
  const common = {
    replicationRuleId: "all", destinationBucket: `arn:aws:s3:::${target}`, s3Operation: "OBJECT_PUT",
    requestTime,
  };
  await region.clock.advance({ minutes: 14 });
  assert.deepEqual(await told(), []);
  await region.clock.advance({ minutes: 2 });
  const threshold = "15";
  assert.deepEqual(await told(), [["Replication:OperationMissedThreshold", { ...common, threshold }]]);
  assert.equal(await stage.status(Key), "PENDING");
  await region.clock.advance({ minutes: 3 });
  assert.deepEqual(await told(), [
    ["Replication:OperationReplicatedAfterThreshold", { ...common, threshold, replicationTime: "18" }],
  ]);
  assert.equal(await stage.status(Key), "COMPLETED");
  const latencies = await metric(region, "ReplicationLatency", "Maximum");
  assert.equal(Math.max(...latencies), 18 * 60);
});

test("what no rule with metrics covers any more is told to be tracked no more", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure(timed);
  region.engine.lags.set({ "s3.replication": minuteMilliseconds });
  const names = async () => (await received()).map(({ eventName }) => eventName);
  await put();
  await stage.configure();
  await region.clock.advance({ minutes: 20 });
  assert.deepEqual(await names(), ["Replication:OperationNotTracked"]);
  assert.equal(await stage.status(Key), "COMPLETED");
  await stage.configure(timed);
  await put();
  await stage.here.send(new DeleteBucketReplicationCommand({ Bucket: source }));
  await region.clock.advance({ minutes: 20 });
  assert.deepEqual(await names(), ["Replication:OperationNotTracked"]);
  assert.equal(await stage.status(Key), "FAILED");
});

test("while the destination is busy it is tried again", async () => {
  await using region = await startRegion();
  const { stage, received, put } = await prepare(region);
  await stage.configure(timed);
  region.engine.lags.set({ "s3.replication": 1_000 });
  await put();
  const message = "Please reduce your request rate.";
  region.engine.faults.add({ service: "s3", code: "SlowDown", message, status: 503, remaining: 3 });
  await region.clock.advance({ seconds: 2 });
  region.engine.faults.clear();
  assert.equal(await stage.status(Key), "PENDING");
  await region.clock.advance({ minutes: 1 });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await received(), []);
});
