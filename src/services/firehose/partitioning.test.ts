import assert from "node:assert/strict";
import { test } from "node:test";
import { partitioned } from "./partitioning.ts";

test("a buffer has 500 partitions at most, and what is beyond goes to the errors", () => {
  const settings = {
    RoleARN: "", BucketARN: "", Prefix: "!{partitionKeyFromQuery:k}/",
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: { Enabled: true, Processors: [{
      Type: "MetadataExtraction" as const, Parameters: [
        { ParameterName: "MetadataExtractionQuery" as const, ParameterValue: "{k: .k}" },
      ],
    }] },
  };
  const keys = [...Array.from({ length: 501 }, (_, index) => index), 0];
  const parcels = keys.map((k) => ({ id: String(k), at: 0, data: Buffer.from(JSON.stringify({ k })) }));
  const { groups, unpartitioned } = partitioned(settings, parcels, 0);
  assert.deepEqual([groups.length, groups[0]?.parcels.length], [500, 2]);
  assert.deepEqual(unpartitioned.map(({ parcel, errorCode }) => [parcel.id, errorCode]), [
    ["500", "DynamicPartitioning.ActivePartitionsLimitExceeded"],
  ]);
});
