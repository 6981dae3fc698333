import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { startRegion } from "../../../test/region.ts";
import { BucketARN, Deliveries } from "./delivery-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const logs = region.client(CloudWatchLogsClient);
const deliveries = await Deliveries.prepare(region, ["logs:PutLogEvents"]);
await logs.send(new CreateLogGroupCommand({ logGroupName: "errors" }));
await logs.send(new CreateLogStreamCommand({ logGroupName: "errors", logStreamName: "s3" }));

async function lines(): Promise<Record<string, unknown>[]> {
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "errors" }));
  return events.map(({ message = "" }) => JSON.parse(message) as Record<string, unknown>);
}

const Parameters = [
  { ParameterName: "MetadataExtractionQuery", ParameterValue: "{k: .k}" },
  { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
] as const;

test("the log that the destination names tells what S3 refuses and what could not be processed", async () => {
  await deliveries.create({
    BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 },
    Prefix: "p/!{partitionKeyFromQuery:k}/", ErrorOutputPrefix: "!{firehose:error-output-type}/",
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true, Processors: [{ Type: "MetadataExtraction", Parameters: [...Parameters] }],
    },
    CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "errors", LogStreamName: "s3" },
  });
  await deliveries.put("{\"k\":\"a\"}");
  await region.clock.advance({ seconds: 61 });
  assert.deepEqual((await lines())[0], {
    deliveryStreamARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream",
    destination: BucketARN, deliveryStreamVersionId: 1, errorCode: "S3.AccessDenied",
    message: "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to " +
      "assume the role, and the access policy allows access to the S3 bucket.",
  });
  await deliveries.allow(["logs:PutLogEvents", "s3:*"]);
  await deliveries.put("no json");
  await region.clock.advance({ seconds: 130 });
  assert.equal((await lines()).at(-1)?.["errorCode"], "DynamicPartitioning.MetadataExtractionFailed");
  assert.equal((await deliveries.objects()).length, 2);
});
