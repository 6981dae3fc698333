import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CreateStreamCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { startRegion } from "../../../test/region.ts";
import { Deliveries, RoleARN } from "./delivery-fixture.ts";
import { userRecordsIn } from "./kpl-aggregation.ts";

/** Numbers below 128 only. */
function field(number: number, value: number | Buffer): Buffer {
  if (typeof value === "number") return Buffer.from([number << 3, value]);
  return Buffer.concat([Buffer.from([number << 3 | 2, value.length]), value]);
}

type Written = readonly [key: number, text: string];

function aggregate(keys: readonly string[], records: readonly Written[]): Buffer {
  const message = Buffer.concat([
    ...keys.map((key) => field(1, Buffer.from(key))),
    field(2, Buffer.from("123")),
    ...records.map(([key, text]) => field(3, Buffer.concat([
      field(1, key), field(2, 0), field(3, Buffer.from(text)), field(4, Buffer.from("tag")),
    ]))),
  ]);
  const digest = createHash("md5").update(message).digest();
  return Buffer.concat([Buffer.from("f3899ac2", "hex"), message, digest]);
}

function read(data: Buffer): string[] | undefined {
  return userRecordsIn(data)?.map(({ partitionKey, data: each }) => `${partitionKey} ${each.toString()}`);
}

test("records that a producer put together are read as it wrote them", () => {
  assert.deepEqual(read(aggregate(["a", "b"], [[0, "one"], [1, "two"], [0, ""]])), ["a one", "b two", "a "]);
});

test("what only looks like an aggregate is a record", () => {
  const good = aggregate(["a"], [[0, "one"]]);
  const broken = Buffer.from(good);
  broken.writeUInt8(broken.readUInt8(8) ^ 1, 8);
  for (const data of [Buffer.from("one"), good.subarray(0, 12), broken, aggregate(["a"], [[1, "one"]])]) {
    assert.equal(userRecordsIn(data), undefined);
  }
});

test("Kinesis records that hold several are delivered one by one", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  const kinesis = region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: "source", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  await deliveries.create({
    BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
    ProcessingConfiguration: { Enabled: true, Processors: [{ Type: "AppendDelimiterToRecord" }] },
  }, {
    DeliveryStreamType: "KinesisStreamAsSource",
    KinesisStreamSourceConfiguration: {
      KinesisStreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/source", RoleARN,
    },
  });
  const Data = aggregate(["a", "b"], [[0, "one"], [1, "two"]]);
  await kinesis.send(new PutRecordCommand({ StreamName: "source", PartitionKey: "a", Data }));
  await region.clock.advance({ seconds: 70 });
  assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["one\ntwo\n"]);
});
