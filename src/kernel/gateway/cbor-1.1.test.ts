import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { signRequest } from "../auth/signing.ts";
import { CborEncoder, CborTimestamp, decodeCbor } from "../protocol/cbor-codec.ts";
import type { Region } from "../../region.ts";

/** As the Java clients of Kinesis send it. */
async function call(
  region: Region, operation: string, write: (encoder: CborEncoder) => void,
): Promise<{ status: number; type: string | null; body: Record<string, unknown> }> {
  const encoder = new CborEncoder();
  encoder.startMap();
  write(encoder);
  encoder.end();
  const body = encoder.finish();
  const endpoint = await region.endpoint();
  const { headers } = signRequest(
    {
      method: "POST", path: "/", query: "", body,
      headers: {
        host: new URL(endpoint).host,
        "content-type": "application/x-amz-cbor-1.1",
        "x-amz-target": `Kinesis_20131202.${operation}`,
      },
    },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: "us-east-1", service: "kinesis", nowMs: region.clock.now(),
    },
  );
  const answer = await fetch(endpoint, { method: "POST", headers, body: new Uint8Array(body) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    body: bytes.length === 0 ? {} : (decodeCbor(bytes) as Record<string, unknown>),
  };
}

test("requests in CBOR are answered in CBOR, with bytes as bytes and instants in milliseconds", async () => {
  await using region = await startRegion();
  const created = await call(region, "CreateStream", (encoder) => {
    encoder.text("StreamName");
    encoder.text("stream");
    encoder.text("ShardCount");
    encoder.integer(1);
  });
  assert.equal(created.status, 200);
  await region.clock.advance({ seconds: 1 });
  const put = await call(region, "PutRecord", (encoder) => {
    encoder.text("StreamName");
    encoder.text("stream");
    encoder.text("PartitionKey");
    encoder.text("k");
    encoder.text("Data");
    encoder.blob(Buffer.from([0, 255]));
  });
  assert.deepEqual([put.status, put.type], [200, "application/x-amz-cbor-1.1"]);
  const since = region.clock.now();
  const iterator = await call(region, "GetShardIterator", (encoder) => {
    for (const text of ["StreamName", "stream", "ShardId", "shardId-000000000000"]) encoder.text(text);
    encoder.text("ShardIteratorType");
    encoder.text("AT_TIMESTAMP");
    encoder.text("Timestamp");
    encoder.instant(since);
  });
  const read = await call(region, "GetRecords", (encoder) => {
    encoder.text("ShardIterator");
    encoder.text(String(iterator.body["ShardIterator"]));
  });
  const [record] = read.body["Records"] as Record<string, unknown>[];
  assert.deepEqual(record?.["Data"], Buffer.from([0, 255]));
  assert.deepEqual(record["ApproximateArrivalTimestamp"], new CborTimestamp(since));
  const refused = await call(region, "DescribeStream", (encoder) => {
    encoder.text("StreamName");
    encoder.text("other");
  });
  assert.deepEqual([refused.status, { ...refused.body }], [400, {
    __type: "ResourceNotFoundException", message: "Stream other under account 000000000000 not found.",
  }]);
});
