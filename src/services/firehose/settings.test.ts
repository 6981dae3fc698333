import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ExtendedS3DestinationConfiguration, Processor } from "@aws-sdk/client-firehose";
import { startRegion } from "../../../test/region.ts";
import { BucketARN, Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const deliveries = await Deliveries.prepare(region);

type Settings = Partial<ExtendedS3DestinationConfiguration>;

async function refused(settings: Settings): Promise<string> {
  return (await refusal(deliveries.create(settings))).replace("InvalidArgumentException: ", "");
}

function processors(...Processors: Processor[]): Settings {
  return { ProcessingConfiguration: { Enabled: true, Processors } };
}

const errors = "!{firehose:error-output-type}/";

test("prefixes are refused in AWS's words", async () => {
  const prefix = (Prefix: string, ErrorOutputPrefix?: string) => refused({ Prefix, ErrorOutputPrefix });
  assert.equal(
    await prefix("!{timestamp:yyyy}/"),
    "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions");
  assert.equal(
    await prefix(errors), "Prefix must not contain any occurrence of !{firehose:error-output-type}");
  assert.equal(
    await prefix("", "!{timestamp:yyyy}"),
    "ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}");
  assert.equal(
    await prefix("", `!{partitionKeyFromQuery:a}/${errors}`),
    "Dynamic Partitioning Namespaces can't be part of an error prefix expression");
  assert.equal(
    await prefix("!{what:ever}/", errors), "Namespace to the left of colon (what) is an invalid keyword!");
  for (const wrong of ["a!{b", "!{timestamp}", "!{timestamp:}", "!{:x}"]) {
    assert.equal(await prefix(wrong, errors), "Invalid expression usage", wrong);
  }
  const character = "Invalid conversion character used in the value of the expression in";
  assert.equal(await prefix("!{firehose:what}", errors), `${character} Prefix`);
  assert.equal(await prefix("", `!{timestamp:ybb}${errors}`), `${character} ErrorOutputPrefix`);
  assert.equal(await prefix("x".repeat(513)), "Length of evaluated prefix cannot be greater than 512");
  assert.equal(
    await prefix("", "x".repeat(513)), "Length of evaluated ErrorOutputPrefix cannot be greater than 512");
  assert.equal(
    await prefix("!{partitionKeyFromQuery:a}/", errors),
    "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is " +
      "enabled.");
});

const query = (text: string): Processor => ({ Type: "MetadataExtraction", Parameters: [
  { ParameterName: "MetadataExtractionQuery", ParameterValue: text },
  { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
] });

test("processors are refused in AWS's words", async () => {
  const lambda: Processor = { Type: "Lambda", Parameters: [
    { ParameterName: "LambdaArn", ParameterValue: "arn:aws:lambda:us-east-1:000000000000:function:f" },
  ] };
  const count =
    "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.";
  const delimiter: Processor = { Type: "AppendDelimiterToRecord" };
  assert.equal(await refused(processors()), count);
  assert.equal(await refused(processors(...Array<Processor>(6).fill(delimiter))), count);
  assert.equal(await refused(processors(lambda, lambda)), "Cannot have more than 1 Lambda processor.");
  assert.equal(
    await refused(processors({ Type: "Lambda" })), "LambdaArn is required when Lambda processor is used.");
  const retries = { ParameterName: "NumberOfRetries" as const, ParameterValue: "301" };
  assert.equal(
    await refused(processors({ ...lambda, Parameters: [...lambda.Parameters ?? [], retries] })),
    "Number of retries for lambda must be between 0 and 300.");
  assert.equal(
    await refused(processors({ Type: "RecordDeAggregation" })),
    "SubRecordType has to be one of JSON, DELIMITED");
  const only = (type: string) =>
    `class com.amazonaws.services.firehose.internal.model.${type}Processor can ` +
    "only be present when Dynamic Partitioning is enabled.";
  assert.equal(await refused(processors({ Type: "RecordDeAggregation", Parameters: [
    { ParameterName: "SubRecordType", ParameterValue: "JSON" },
  ] })), only("RecordDeAggregation"));
  assert.equal(await refused(processors(query("{a: .a}"))), only("MetadataExtraction"));
  assert.equal(
    await refused(processors({ Type: "MetadataExtraction" })),
    "MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6");
});

test("the keys of queries and of prefixes must go together", async () => {
  const partitioned = (Prefix: string, more: Settings) => refused({
    Prefix, ErrorOutputPrefix: errors, DynamicPartitioningConfiguration: { Enabled: true }, ...more,
  });
  assert.equal(
    await partitioned("a/", {}),
    "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled");
  assert.equal(
    await partitioned("!{partitionKeyFromQuery:a}/", {}),
    "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace.");
  assert.equal(
    await partitioned("!{partitionKeyFromQuery:a}/", processors(query("{a: .a, b: .b}"))),
    "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression");
  assert.match(
    await partitioned("!{partitionKeyFromQuery:a}/", processors(query("{a: .a + 1}"))),
    /^Metadata extraction query is invalid: /);
});

test("backups, attributes of endpoints and sources are refused in AWS's words", async () => {
  assert.equal(
    await refused({ S3BackupMode: "Enabled" }),
    "S3 backup destination configuration is required when enabling S3 backup.");
  const same = { AttributeName: "a", AttributeValue: "1" };
  assert.match(await refusal(deliveries.create(undefined, {
    ExtendedS3DestinationConfiguration: undefined,
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url: "https://localhost/" }, S3Configuration: { RoleARN, BucketARN },
      RequestConfiguration: { CommonAttributes: [same, same] },
    },
  })), /^InvalidArgumentException: Http Endpoint Common Attributes have duplicate name a$/);
  assert.equal(
    await refusal(deliveries.create({}, { DeliveryStreamType: "KinesisStreamAsSource" })),
    "InvalidArgumentException: KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream " +
      "type.");
});
