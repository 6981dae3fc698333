import assert from "node:assert/strict";
import test from "node:test";
import { startRegion } from "../../../test/region.ts";
import { deaggregated } from "./deaggregation.ts";
import { Deliveries, refusal } from "./delivery-fixture.ts";

function processing(SubRecordType: "JSON" | "DELIMITED", Delimiter?: string) {
  return { Enabled: true, Processors: [{
    Type: "RecordDeAggregation" as const,
    Parameters: [
      { ParameterName: "SubRecordType" as const, ParameterValue: SubRecordType },
      ...(Delimiter === undefined ? [] : [
        { ParameterName: "Delimiter" as const, ParameterValue: Delimiter },
      ]),
    ],
  }] };
}

function parts(settings: ReturnType<typeof processing>, text: string): string[] | string {
  const { parcels, failed: [failed] } = deaggregated(settings, [{ id: "r", at: 0, data: Buffer.from(text) }]);
  return failed?.errorMessage ?? parcels.map(({ id, data }) => `${id} ${data.toString()}`);
}

test("consecutive objects are records of their own, also with braces in their texts", () => {
  const json = processing("JSON");
  assert.deepEqual(parts(json, '{"a":1}{"a":{"b":"}{\\"}"}}'), ['r.0 {"a":1}', 'r.1 {"a":{"b":"}{\\"}"}}']);
  assert.deepEqual(parts(json, '{"a":1}\n{"a":2}\n'), ['r.0 {"a":1}', 'r.1 {"a":2}']);
  const wrong = "The record is no sequence of JSON objects.";
  for (const text of ['[{"a":1},{"a":2}]', '{"a":1', "{a}", '{"a":1},{"a":2}', '{"a":"\\']) {
    assert.equal(parts(json, text), wrong, text);
  }
});

test("records are told apart by a delimiter, up to 500 of them", () => {
  const delimited = processing("DELIMITED", Buffer.from("####").toString("base64"));
  assert.deepEqual(parts(delimited, "a####b#c########d####"), ["r.0 a", "r.1 b#c", "r.2 d"]);
  assert.equal(parts(delimited, "x####".repeat(500)).length, 500);
  assert.equal(parts(delimited, "x####".repeat(501)), "The record holds more than 500 records.");
});

test("aggregated records are partitioned one by one", async () => {
  await using region = await startRegion();
  const deliveries = await Deliveries.prepare(region);
  const wrong = { ProcessingConfiguration: processing("DELIMITED") };
  assert.equal(
    await refusal(deliveries.create(wrong)),
    "InvalidArgumentException: Delimiter should be present for DELIMITED");
  const [deaggregation] = processing("JSON").Processors;
  await deliveries.create({
    Prefix: "by/!{partitionKeyFromQuery:kind}/", ErrorOutputPrefix: "failed/!{firehose:error-output-type}/",
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: { Enabled: true, Processors: [
      ...(deaggregation ? [deaggregation] : []),
      { Type: "MetadataExtraction", Parameters: [
        { ParameterName: "MetadataExtractionQuery", ParameterValue: "{kind: .kind}" },
        { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
      ] },
    ] },
  });
  await deliveries.put('{"kind":"a"}{"kind":"b"}', "[1]");
  await region.clock.advance({ seconds: 60 });
  const objects = await deliveries.texts();
  assert.deepEqual(objects.map(([key]) => key.split("/stream-")[0]),
    ["by/a", "by/b", "failed/processing-failed"]);
  assert.deepEqual(objects.slice(0, 2).map(([, text]) => text), ['{"kind":"a"}', '{"kind":"b"}']);
  const { errorCode } = JSON.parse(objects[2]?.[1] ?? "{}") as { errorCode?: string };
  assert.equal(errorCode, "DynamicPartitioning.DeaggregationFailed");
});
