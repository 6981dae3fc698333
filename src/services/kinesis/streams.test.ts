import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddTagsToStreamCommand, CreateStreamCommand, DecreaseStreamRetentionPeriodCommand, DeleteStreamCommand,
  DescribeLimitsCommand, DescribeStreamCommand, DescribeStreamSummaryCommand, EnableEnhancedMonitoringCommand,
  DisableEnhancedMonitoringCommand, IncreaseStreamRetentionPeriodCommand, KinesisClient, ListStreamsCommand,
  ListTagsForResourceCommand, ListTagsForStreamCommand, PutRecordCommand, PutResourcePolicyCommand,
  GetResourcePolicyCommand, RemoveTagsFromStreamCommand, TagResourceCommand, UpdateAccountSettingsCommand,
  UpdateMaxRecordSizeCommand, UpdateStreamModeCommand, UpdateStreamWarmThroughputCommand,
} from "@aws-sdk/client-kinesis";
import { startRegion } from "../../../test/region.ts";
import { refusal, StreamFixture } from "./stream-fixture.ts";

const account = "000000000000";

test("a stream is CREATING, then ACTIVE with shards that cover all hash keys, and goes", async () => {
  await using region = await startRegion();
  const client = region.client(KinesisClient);
  const StreamName = "stream";
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 3 }));
  const describe = async () =>
    (await client.send(new DescribeStreamCommand({ StreamName }))).StreamDescription;
  assert.deepEqual([(await describe())?.StreamStatus, (await describe())?.Shards], ["CREATING", []]);
  const put = () => client.send(new PutRecordCommand({
    StreamName, Data: Buffer.from("x"), PartitionKey: "k",
  }));
  assert.equal(
    await refusal(put()),
    `ResourceNotFoundException: Stream stream under account ${account} not found.`,
  );
  await region.clock.advance({ seconds: 1 });
  const shown = await describe();
  assert.deepEqual(shown?.Shards?.map(({ ShardId, HashKeyRange }) => [ShardId, HashKeyRange]), [
    ["shardId-000000000000", {
      StartingHashKey: "0", EndingHashKey: "113427455640312821154458202477256070484",
    }],
    ["shardId-000000000001", {
      StartingHashKey: "113427455640312821154458202477256070485",
      EndingHashKey: "226854911280625642308916404954512140969",
    }],
    ["shardId-000000000002", {
      StartingHashKey: "226854911280625642308916404954512140970",
      EndingHashKey: "340282366920938463463374607431768211455",
    }],
  ]);
  assert.deepEqual(
    [shown?.StreamARN, shown?.RetentionPeriodHours, shown?.EncryptionType, shown?.StreamModeDetails],
    [`arn:aws:kinesis:us-east-1:${account}:stream/stream`, 24, "NONE", { StreamMode: "PROVISIONED" }],
  );
  assert.equal(
    await refusal(client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))),
    `ResourceInUseException: Stream stream under account ${account} already exists.`,
  );
  await client.send(new DeleteStreamCommand({ StreamName }));
  assert.equal((await describe())?.StreamStatus, "DELETING");
  await put();
  await region.clock.advance({ seconds: 1 });
  assert.equal(
    await refusal(describe()),
    `ResourceNotFoundException: Stream stream under account ${account} not found.`,
  );
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await new StreamFixture(region).texts(), []);
});

test("a stream of which nothing is said is on-demand, with four shards", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, {});
  assert.equal((await stream.shards()).length, 4);
  const summary = async () => (await stream.client.send(
    new DescribeStreamSummaryCommand({ StreamName: "stream" }))).StreamDescriptionSummary;
  assert.deepEqual(
    [(await summary())?.OpenShardCount, (await summary())?.StreamModeDetails?.StreamMode], [4, "ON_DEMAND"],
  );
  const StreamARN = (await summary())?.StreamARN;
  const update = (StreamMode: "PROVISIONED" | "ON_DEMAND") => stream.client.send(
    new UpdateStreamModeCommand({ StreamARN, StreamModeDetails: { StreamMode } }));
  await update("PROVISIONED");
  assert.equal(await stream.status(), "UPDATING");
  await region.clock.advance({ seconds: 1 });
  assert.equal((await summary())?.StreamModeDetails?.StreamMode, "PROVISIONED");
  await update("ON_DEMAND");
  await region.clock.advance({ seconds: 1 });
  assert.match(await refusal(update("PROVISIONED")), /^LimitExceededException: Stream stream /);
  await region.clock.advance({ hours: 24 });
  await update("PROVISIONED");
});

test("warm throughput takes an account with a commitment", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, {});
  const StreamARN = `arn:aws:kinesis:us-east-1:${account}:stream/stream`;
  const warm = () => stream.client.send(
    new UpdateStreamWarmThroughputCommand({ StreamARN, WarmThroughputMiBps: 8 }));
  assert.match(await refusal(warm()), /^ValidationException: Warm throughput requires /);
  await stream.client.send(new UpdateAccountSettingsCommand({
    MinimumThroughputBillingCommitment: { Status: "ENABLED" },
  }));
  await warm();
  await region.clock.advance({ seconds: 1 });
  assert.equal((await stream.shards({ ShardFilter: { Type: "AT_LATEST" } })).length, 8);
});

test("retention is 24 hours to a year, and shortened it forgets", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const { client, name: StreamName } = stream;
  const increase = (RetentionPeriodHours: number) =>
    client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
  const decrease = (RetentionPeriodHours: number) =>
    client.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
  assert.equal(
    await refusal(increase(8_761)),
    "InvalidArgumentException: Maximum allowed retention period is 8760 hours. Requested retention period " +
      "(8761 hours) is too long.",
  );
  assert.equal(
    await refusal(decrease(23)),
    "InvalidArgumentException: Minimum allowed retention period is 24 hours. Requested retention period " +
      "(23 hours) is too short.",
  );
  await increase(8_760);
  await stream.put("old");
  await region.clock.advance({ hours: 8_759 });
  assert.deepEqual(await stream.texts(), ["old"]);
  assert.match(
    await refusal(increase(48)), /can not be shorter than existing retention period \(8760 hours\)/,
  );
  await decrease(24);
  assert.deepEqual(await stream.texts(), []);
  await increase(8_760);
  assert.deepEqual(await stream.texts(), []);
  await stream.put("new");
  await region.clock.advance({ hours: 8_761 });
  assert.deepEqual(await stream.texts(), []);
});

test("pages of streams go on where they ended, by name or by token", async () => {
  await using region = await startRegion();
  const client = region.client(KinesisClient);
  for (const StreamName of ["c", "a", "b"]) {
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  }
  const first = await client.send(new ListStreamsCommand({ Limit: 2 }));
  assert.deepEqual([first.StreamNames, first.HasMoreStreams], [["a", "b"], true]);
  const second = await client.send(new ListStreamsCommand({ NextToken: first.NextToken }));
  assert.deepEqual([second.StreamNames, second.HasMoreStreams], [["c"], false]);
  const named = await client.send(new ListStreamsCommand({ ExclusiveStartStreamName: "a" }));
  assert.deepEqual(named.StreamNames, ["b", "c"]);
  assert.deepEqual(named.StreamSummaries?.[0]?.StreamStatus, "CREATING");
});

test("tags by either API are the same", async () => {
  await using region = await startRegion();
  const { client, name: StreamName } = await StreamFixture.create(region, {
    ShardCount: 1, Tags: { made: "so" },
  });
  const ResourceARN = `arn:aws:kinesis:us-east-1:${account}:stream/stream`;
  await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { a: "1" } }));
  await client.send(new TagResourceCommand({ ResourceARN, Tags: { b: "2" } }));
  const listed = await client.send(new ListTagsForStreamCommand({ StreamName, Limit: 2 }));
  assert.deepEqual(listed.Tags, [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }]);
  assert.equal(listed.HasMoreTags, true);
  await client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["a", "made"] }));
  const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
  assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_unused, index) => [`k${index}`, ""]));
  assert.match(
    await refusal(client.send(new AddTagsToStreamCommand({ StreamName, Tags: many }))),
    /because a given stream cannot have more than 50 tags associated with it\.$/,
  );
});

test("what is measured of shards is set by name, or all at once", async () => {
  await using region = await startRegion();
  const { client, name: StreamName } = await StreamFixture.create(region);
  const enabled = await client.send(
    new EnableEnhancedMonitoringCommand({ StreamName, ShardLevelMetrics: ["ALL"] }));
  assert.deepEqual([enabled.CurrentShardLevelMetrics, enabled.DesiredShardLevelMetrics?.length], [[], 7]);
  const left = await client.send(new DisableEnhancedMonitoringCommand({
    StreamName, ShardLevelMetrics: ["IncomingBytes", "OutgoingBytes"],
  }));
  assert.equal(left.DesiredShardLevelMetrics?.length, 5);
});

test("records are as large as the stream says, up to 10 MiB", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const mebibyte = 1_048_576;
  await stream.put("x".repeat(mebibyte));
  await region.clock.advance({ seconds: 2 });
  assert.match(await refusal(stream.put("x".repeat(mebibyte + 1))), /^InvalidArgumentException: /);
  const StreamARN = `arn:aws:kinesis:us-east-1:${account}:stream/stream`;
  await stream.client.send(new UpdateMaxRecordSizeCommand({ StreamARN, MaxRecordSizeInKiB: 10_240 }));
  await stream.put("y".repeat(10 * mebibyte));
  const iterator = await stream.iterator({ ShardIteratorType: "TRIM_HORIZON" });
  const page = await stream.read(iterator);
  assert.deepEqual(page.Records?.map(({ Data }) => Data?.length), [mebibyte]);
  const next = await stream.read(page.NextShardIterator ?? "");
  assert.deepEqual(next.Records?.map(({ Data }) => Data?.length), [10 * mebibyte]);
});

test("an account's limits count its shards", async () => {
  await using region = await startRegion();
  const { client } = await StreamFixture.create(region, { ShardCount: 3 });
  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.deepEqual(
    [limits.ShardLimit, limits.OpenShardCount, limits.OnDemandStreamCount, limits.OnDemandStreamCountLimit],
    [20_000, 3, 0, 50],
  );
  assert.equal(
    await refusal(client.send(new CreateStreamCommand({ StreamName: "other", ShardCount: 19_998 }))),
    "LimitExceededException: This request would exceed the shard limit for the account " +
      `${account} in us-east-1. Current shard count for the account: 3. Limit: 20000. Number of additional ` +
      "shards that would have resulted from this request: 19998. Refer to the AWS Service Limits page " +
      "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how " +
      "to request higher limits.",
  );
});

test("a policy lets another account write by the stream's ARN", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const StreamARN = `arn:aws:kinesis:us-east-1:${account}:stream/stream`;
  const other = region.client(KinesisClient, { credentials: region.root("111122223333") });
  const put = () => other.send(
    new PutRecordCommand({ StreamARN, Data: Buffer.from("from afar"), PartitionKey: "k" }));
  assert.match(await refusal(put()), /^AccessDeniedException: /);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "kinesis:PutRecord", Resource: StreamARN,
    }],
  });
  await stream.client.send(new PutResourcePolicyCommand({ ResourceARN: StreamARN, Policy }));
  await put();
  assert.deepEqual(await stream.texts(), ["from afar"]);
  const shown = await stream.client.send(new GetResourcePolicyCommand({ ResourceARN: StreamARN }));
  assert.match(shown.Policy ?? "", /kinesis:PutRecord/);
});
