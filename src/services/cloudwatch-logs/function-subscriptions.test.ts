import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchLogsClient, FilterLogEventsCommand, PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import { startBench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { createGroup } from "./logs-fixture.ts";

const code = nodePackage(`
  import { gunzipSync } from "node:zlib";
  export const handler = async (event) => {
    console.log("GOT " + gunzipSync(Buffer.from(event.awslogs.data, "base64")).toString());
  };
`);

test("lambda-async-cloudwatch-logs: a function that lets Logs in gets what matches", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const logs = region.client(CloudWatchLogsClient);
  const destinationArn = await bench.make("reader", { Code: { ZipFile: code } });
  const app = await createGroup(region, "app");
  await app.stream("s");
  const subscribe = () => logs.send(new PutSubscriptionFilterCommand({
    logGroupName: "app", filterName: "errors", filterPattern: "ERROR", destinationArn,
  }));
  assert.match(
    await refusal(subscribe()),
    /^InvalidParameterException: Could not execute the lambda function\. Make sure/,
  );
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "reader", StatementId: "logs", Action: "lambda:InvokeFunction",
    Principal: "logs.us-east-1.amazonaws.com",
    SourceArn: "arn:aws:logs:us-east-1:000000000000:log-group:app:*", SourceAccount: "000000000000",
  }));
  await subscribe();
  await app.put("s", [2_000, "ERROR here"], [2_001, "fine"]);
  await region.clock.advance({ seconds: 5 });
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: "/aws/lambda/reader", filterPattern: "GOT" }),
  );
  const text = events[0]?.message ?? "";
  const { messageType, logEvents } = JSON.parse(text.slice(text.indexOf("{"))) as {
    messageType: string;
    logEvents: { message: string }[];
  };
  assert.equal(messageType, "DATA_MESSAGE");
  assert.deepEqual(logEvents.map(({ message }) => message), ["ERROR here"]);
});
