import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startBench } from "../../../../test/lambda-bench.ts";
import { nodePackage } from "../../../../test/zip-archive.ts";

test("s3-events-lambda: a function that lets the bucket in runs for the keys that it asked for", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const LambdaFunctionArn = await bench.make("listener", {
    Code: {
      ZipFile: nodePackage("export const handler = async (e) => console.log('GIVEN ' + JSON.stringify(e));"),
    },
  });
  const FilterRules = [{ Name: "prefix" as const, Value: "c" }, { Name: "suffix" as const, Value: ".jpg" }];
  const configure = (Events: ["s3:ObjectCreated:Put"]) =>
    s3.send(new PutBucketNotificationConfigurationCommand({
      Bucket: "bucket",
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events, Filter: { Key: { FilterRules } } }],
      },
    }));
  await assert.rejects(configure(["s3:ObjectCreated:Put"]), {
    name: "InvalidArgument", message: "Unable to validate the following destination configurations",
  });
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "listener", StatementId: "s3", Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::bucket", SourceAccount: "000000000000",
  }));
  await configure(["s3:ObjectCreated:Put"]);
  for (const Key of ["cat.png", "cat.jpg", "dog.jpg"]) {
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "meow" }));
  }
  await region.clock.advance({ minutes: 2 });
  const { events = [] } = await region.client(CloudWatchLogsClient).send(
    new FilterLogEventsCommand({ logGroupName: "/aws/lambda/listener", filterPattern: "GIVEN" }),
  );
  assert.equal(events.length, 1);
  const message = events[0]?.message ?? "";
  const { Records } = JSON.parse(message.slice(message.indexOf("GIVEN") + 6)) as {
    Records: { eventName: string; s3: { object: { key: string } } }[];
  };
  assert.deepEqual(Records.map(({ eventName }) => eventName), ["ObjectCreated:Put"]);
  assert.equal(Records[0]?.s3.object.key, "cat.jpg");
});
