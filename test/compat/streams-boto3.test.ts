/** boto3 and the aws CLI with Kinesis, Firehose and event source mappings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without } from "./clients.ts";

test("records go through a stream by name and by ARN, to consumers", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    put = kinesis.put_records(StreamARN=arn, Records=[
        {"Data": f"record {n}".encode(), "PartitionKey": str(n)} for n in range(20)])
    read = []
    for shard in kinesis.list_shards(StreamName="orders")["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName="orders", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        read += [record["Data"].decode() for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
    registered = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    consumer = registered["Consumer"]["ConsumerARN"]
    import time
    describe = lambda: kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    while describe()["ConsumerStatus"] != "ACTIVE":
        time.sleep(0.2)
    pushed = []
    for event in kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="shardId-000000000000",
            StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]:
        pushed = [record["Data"].decode() for record in event["SubscribeToShardEvent"]["Records"]]
        break
    answer([put["FailedRecordCount"], sorted(read) == sorted(f"record {n}" for n in range(20)),
        len(pushed) > 0, code_of(kinesis.get_records, ShardIterator="x")])
  `);
  assert.deepEqual(answer, [0, true, true, "InvalidArgumentException"]);
});

test("the CLI makes streams and reads them", { skip: without("aws") }, async () => {
  await using station = await startWorkstation();
  await station.aws`kinesis create-stream --stream-name orders --shard-count 1`;
  await station.aws`kinesis wait stream-exists --stream-name orders`;
  station.write("data", "hello");
  const put = await station.aws`kinesis put-record --stream-name orders --partition-key a
    --data fileb://data`;
  assert.equal((put as { ShardId: string }).ShardId, "shardId-000000000000");
  const start = await station.aws`kinesis get-shard-iterator --stream-name orders
    --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON`;
  const { ShardIterator } = start as { ShardIterator: string };
  const page = await station.aws`kinesis get-records --shard-iterator ${ShardIterator}`;
  const [record] = (page as { Records: { Data: string }[] }).Records;
  assert.equal(Buffer.from(record?.Data ?? "", "base64").toString(), "hello");
  await station.aws`kinesis update-shard-count --stream-name orders --target-shard-count 2
    --scaling-type UNIFORM_SCALING`;
  await station.aws`kinesis wait stream-exists --stream-name orders`;
});
