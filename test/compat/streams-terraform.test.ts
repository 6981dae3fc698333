/** Terraform with streams, delivery streams and event source mappings: applied, changed, destroyed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

test("streams and what reads them", { skip }, async () => {
  await using station = await startWorkstation();
  const streams = await Terraform.open(station, "streams");
  await streams.apply();
  assert.equal(await streams.drift(), "");
  const arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream";
  assert.deepEqual(await streams.outputs(), {
    found: { shards: 2, consumer: "ACTIVE", delivery: `${arn}/archive` },
  });
  const changed = { shards: "3", interval: "120", batch: "7", endpoint_size: "2" };
  await streams.apply(changed);
  assert.equal(await streams.drift(changed), "");
  await streams.reimportAll({
    "aws_kinesis_stream.clicks": "clicks",
    "aws_kinesis_resource_policy.orders": "arn:aws:kinesis:us-east-1:000000000000:stream/orders",
    "aws_kinesis_firehose_delivery_stream.partitioned": `${arn}/partitioned`,
    "aws_kinesis_firehose_delivery_stream.copy": `${arn}/copy`,
  }, changed);
  await streams.destroy(changed);
  const kinesis = station.region.client(KinesisClient);
  assert.deepEqual((await kinesis.send(new ListStreamsCommand({}))).StreamNames, []);
});
