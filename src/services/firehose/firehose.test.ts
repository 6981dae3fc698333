import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, inflateRawSync } from "node:zlib";
import {
  CreateDeliveryStreamCommand, DeleteDeliveryStreamCommand, DescribeDeliveryStreamCommand,
  ListDeliveryStreamsCommand, ListTagsForDeliveryStreamCommand, PutRecordBatchCommand,
  StartDeliveryStreamEncryptionCommand, TagDeliveryStreamCommand, UpdateDestinationCommand,
} from "@aws-sdk/client-firehose";
import {
  CreateStreamCommand, KinesisClient, PutRecordCommand, SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { DeleteObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startRegion } from "../../../test/region.ts";
import { BucketARN, Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";
import { framedSnappy, hadoopSnappy } from "./snappy.ts";

test("records are delivered when they are old enough, under the hour of the oldest", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create();
  await deliveries.put("one\n");
  await region.clock.advance({ seconds: 200 });
  await deliveries.put("two\n", "three\n");
  await region.clock.advance({ seconds: 99 });
  assert.deepEqual(await deliveries.texts(), []);
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await deliveries.texts(), [
    ["2026/01/01/00/stream-1-2026-01-01-00-00-01-UUID", "one\ntwo\nthree\n"],
  ]);
  await region.clock.advance({ hours: 1 });
  assert.equal((await deliveries.texts()).length, 1);
});

test("records are delivered when they are many enough", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 } });
  const megabyte = "x".repeat(500_000);
  await deliveries.put(megabyte, megabyte);
  assert.deepEqual(await deliveries.texts(), []);
  await deliveries.put(megabyte);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual((await deliveries.objects()).map(([, body]) => body.length), [1_000_000]);
  await region.clock.advance({ seconds: 900 });
  assert.deepEqual((await deliveries.objects()).map(([, body]) => body.length).sort(), [1_000_000, 500_000]);
});

test("prefixes say when, in which zone, and what went wrong", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({
    Prefix: "in/!{timestamp:yyyy/MMM/'d'dd/HH}/!{firehose:random-string}/",
    ErrorOutputPrefix: "out/!{firehose:error-output-type}/",
    CustomTimeZone: "America/New_York",
    FileExtension: ".log",
  });
  await deliveries.put("x");
  await region.clock.advance({ seconds: 300 });
  const [[key] = [""]] = await deliveries.texts();
  assert.match(key, /^in\/2025\/Dec\/d31\/19\/[a-z0-9]{11}\/stream-1-2025-12-31-19-00-01-UUID\.log$/);
});

test("objects are packed as they are asked to be", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({ CompressionFormat: "GZIP", Prefix: "gzip/" });
  await deliveries.put("one", "two");
  await region.clock.advance({ seconds: 300 });
  const [[key, body] = ["", Buffer.alloc(0)]] = await deliveries.objects();
  assert.equal(key, "gzip/2026/01/01/00/stream-1-2026-01-01-00-00-01-UUID.gz");
  assert.equal(gunzipSync(body).toString(), "onetwo");

  const describe = async () => (await deliveries.client.send(
    new DescribeDeliveryStreamCommand({ DeliveryStreamName: "stream" }))).DeliveryStreamDescription;
  const before = await describe();
  const update = (version: string | undefined) => deliveries.client.send(new UpdateDestinationCommand({
    DeliveryStreamName: "stream", CurrentDeliveryStreamVersionId: version,
    DestinationId: before?.Destinations?.[0]?.DestinationId,
    ExtendedS3DestinationUpdate: { CompressionFormat: "ZIP", Prefix: "zip/" },
  }));
  await update("1");
  assert.equal(
    await refusal(update("1")),
    "ConcurrentModificationException: Cannot update firehose: stream since the current version id: 2 and " +
      "specified version id: 1 do not match",
  );
  const after = await describe();
  assert.equal(after?.VersionId, "2");
  assert.equal(after.Destinations?.[0]?.ExtendedS3DestinationDescription?.Prefix, "zip/");
  assert.equal(after.Destinations[0].ExtendedS3DestinationDescription.BufferingHints?.SizeInMBs, 5);
  await deliveries.put("three");
  await region.clock.advance({ seconds: 300 });
  const zip = (await deliveries.objects()).find(([name]) => name.startsWith("zip/"));
  assert.match(zip?.[0] ?? "", /-2-2026-01-01-00-05-01-UUID\.zip$/);
  const bytes = zip?.[1] ?? Buffer.alloc(0);
  const start = 30 + bytes.readUInt16LE(26);
  assert.equal(inflateRawSync(bytes.subarray(start, start + bytes.readUInt32LE(18))).toString(), "three");
});

test("firehose acts under the role: what it may not is not done, and tried again", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region, ["s3:GetObject"]);
  assert.equal(
    await refusal(deliveries.create({ RoleARN: "arn:aws:iam::000000000000:role/nobody" })),
    "InvalidArgumentException: Firehose is unable to assume role arn:aws:iam::000000000000:role/nobody. " +
      "Please check the role provided.",
  );
  await deliveries.create();
  await deliveries.put("late");
  await region.clock.advance({ seconds: 600 });
  assert.deepEqual(await deliveries.texts(), []);
  await deliveries.allow(["s3:PutObject"]);
  await region.clock.advance({ seconds: 60 });
  assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["late"]);
});

test("records with the same keys go into one object, others into others", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({
    Prefix: "!{partitionKeyFromQuery:customer}/!{partitionKeyFromQuery:year}/",
    ErrorOutputPrefix: "failed/!{firehose:error-output-type}/",
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        {
          Type: "MetadataExtraction",
          Parameters: [
            {
              ParameterName: "MetadataExtractionQuery",
              ParameterValue: "{customer: .customer.name, year: .time | strftime(\"%Y\")}",
            },
            { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
          ],
        },
        { Type: "AppendDelimiterToRecord", Parameters: [
          { ParameterName: "Delimiter", ParameterValue: "\\n" },
        ] },
      ],
    },
  });
  const record = (name: string, time: number) => JSON.stringify({ customer: { name }, time });
  const [a, b, c] = [record("a", 0), record("b", 1_700_000_000), record("a", 1)];
  await deliveries.put(a, b, "no json", c);
  await region.clock.advance({ seconds: 60 });
  const objects = await deliveries.texts();
  assert.deepEqual(objects.filter(([key]) => !key.startsWith("failed/")), [
    ["a/1970/stream-1-2026-01-01-00-00-01-UUID", `${a}\n${c}\n`],
    ["b/2023/stream-1-2026-01-01-00-00-01-UUID", `${b}\n`],
  ]);
  const failed = objects.find(([key]) => key.startsWith("failed/processing-failed/"));
  const line = JSON.parse(failed?.[1] ?? "{}") as Record<string, unknown>;
  assert.equal(line["errorCode"], "DynamicPartitioning.MetadataExtractionFailed");
  assert.equal(Buffer.from(String(line["rawData"]), "base64").toString(), "no json");
});

test("firehose-sources-destinations: a Kinesis stream is a source, and S3 a destination", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  const kinesis = region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: "source", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  const send = (text: string, ExplicitHashKey?: string) => kinesis.send(new PutRecordCommand({
    StreamName: "source", PartitionKey: "k", Data: Buffer.from(text), ExplicitHashKey,
  }));
  await send("before;");
  await region.clock.advance({ seconds: 1 });
  await deliveries.create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 } }, {
    DeliveryStreamType: "KinesisStreamAsSource",
    KinesisStreamSourceConfiguration: {
      KinesisStreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/source", RoleARN,
    },
  });
  await send("one;");
  assert.equal(
    await refusal(deliveries.put("x")),
    "InvalidArgumentException: This operation is not permitted on KinesisStreamAsSource delivery stream " +
      "type.",
  );
  await kinesis.send(new SplitShardCommand({
    StreamName: "source", ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(2n ** 127n),
  }));
  await region.clock.advance({ seconds: 2 });
  await send("two;", "0");
  await send("three;", String(2n ** 128n - 1n));
  await region.clock.advance({ seconds: 70 });
  assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["one;two;three;"]);
});

test("objects are packed as Snappy, with frames or as Hadoop has it", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  const packed: Record<string, Buffer> = {};
  for (const CompressionFormat of ["Snappy", "HADOOP_SNAPPY"] as const) {
    await deliveries.create({ CompressionFormat, Prefix: `${CompressionFormat}/` });
    await deliveries.put("hello ", "hello ");
    await region.clock.advance({ seconds: 300 });
    const [key = "", body = Buffer.alloc(0)] = (await deliveries.objects()).at(0) ?? [];
    packed[key.replace(/^.*UUID/, "")] = body;
    const { s3, client } = deliveries;
    const { Contents: [object] = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "deliveries" }));
    await s3.send(new DeleteObjectCommand({ Bucket: "deliveries", Key: object?.Key }));
    await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: "stream" }));
    await region.clock.advance({ seconds: 2 });
  }
  assert.deepEqual(Object.keys(packed), [".snappy", ".hsnappy"]);
  const text = Buffer.from("hello hello ");
  assert.deepEqual(packed[".snappy"], framedSnappy(text));
  assert.deepEqual(packed[".hsnappy"], hadoopSnappy(text));
});

test("what is not there, not right or not built is refused", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  const account = "000000000000";
  assert.equal(
    await refusal(deliveries.put("x")),
    `ResourceNotFoundException: Firehose stream under account ${account} not found.`,
  );
  await deliveries.create({}, { Tags: [{ Key: "made", Value: "so" }] });
  assert.equal(
    await refusal(deliveries.create()),
    `ResourceInUseException: Firehose stream under accountId ${account} already exists`,
  );
  const other = { DeliveryStreamName: "other" };
  assert.match(
    await refusal(deliveries.create({ DataFormatConversionConfiguration: {} }, other)), /^NotImplemented: /,
  );
  assert.equal(
    await refusal(deliveries.create({}, { ...other, S3DestinationConfiguration: { BucketARN, RoleARN } })),
    "InvalidArgumentException: Exactly one destination configuration is supported for a Firehose",
  );
  const { client } = deliveries;
  const later = client.send(new UpdateDestinationCommand({
    DeliveryStreamName: "stream", CurrentDeliveryStreamVersionId: "1",
    DestinationId: "destinationId-000000000001",
    ExtendedS3DestinationUpdate: {
      DynamicPartitioningConfiguration: { Enabled: true }, Prefix: "!{partitionKeyFromLambda:a}/",
      ErrorOutputPrefix: "!{firehose:error-output-type}/",
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    },
  }));
  assert.equal(
    await refusal(later),
    "InvalidArgumentException: Dynamic Partitioning can only be enabled when a Firehose is created.",
  );
  const large = Array.from({ length: 5 }, () => ({ Data: Buffer.alloc(1_000_000) }));
  assert.match(
    await refusal(client.send(new PutRecordBatchCommand({ DeliveryStreamName: "stream", Records: large }))),
    /^InvalidArgumentException: Records size exceeds 4 MB limit/,
  );
  await client.send(new TagDeliveryStreamCommand({
    DeliveryStreamName: "stream", Tags: [{ Key: "a", Value: "1" }],
  }));
  const tags = await client.send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: "stream" }));
  assert.deepEqual(tags.Tags, [{ Key: "a", Value: "1" }, { Key: "made", Value: "so" }]);
  await client.send(new StartDeliveryStreamEncryptionCommand({ DeliveryStreamName: "stream" }));
  await deliveries.put("secret");
  await region.clock.advance({ seconds: 300 });
  assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["secret"]);
  await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: "stream" }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual((await client.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames, []);
});

test("a stream that is being created can't be deleted", async () => {
  await using region = await startRegion();
  const { client } = await Deliveries.prepare(region);
  const DeliveryStreamName = "new";
  await client.send(new CreateDeliveryStreamCommand({
    DeliveryStreamName, ExtendedS3DestinationConfiguration: { RoleARN, BucketARN },
  }));
  const remove = () => refusal(client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName })));
  assert.equal(await remove(), "ResourceInUseException: Firehose new is CREATING and cannot be deleted.");
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual([await remove(), await remove()], ["accepted", "accepted"]);
});
