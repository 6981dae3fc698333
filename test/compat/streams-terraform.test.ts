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
  const changed = { shards: "3", interval: "120", batch: "7" };
  await streams.apply(changed);
  assert.equal(await streams.drift(changed), "");
  await streams.destroy(changed);
  const kinesis = station.region.client(KinesisClient);
  assert.deepEqual((await kinesis.send(new ListStreamsCommand({}))).StreamNames, []);
});
