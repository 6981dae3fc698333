import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTableCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { AddPermissionCommand, CreateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { arnOf, roleArn, startBench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

const publisher = nodePackage(`
  import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
  const sns = new SNSClient({});
  export const handler = async ({ Records }) => {
    for (const { eventName, dynamodb } of Records) {
      const Message = eventName + " " + dynamodb.Keys.pk.S;
      await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC, Message }));
    }
  };
`);
const listener = nodePackage(
  "export const handler = async ({ Records }) => console.log('GOT ' + Records[0].Sns.Message);",
);

test("dynamodb-stream-two-consumers: one function reads, and tells many others through a topic", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const { TopicArn } = await region.client(SNSClient).send(new CreateTopicCommand({ Name: "changes" }));
  const listeners = ["first", "second", "third"];
  for (const FunctionName of listeners) {
    await bench.make(FunctionName, { Code: { ZipFile: listener } });
    await bench.lambda.send(new AddPermissionCommand({
      FunctionName, StatementId: "sns", Action: "lambda:InvokeFunction", Principal: "sns.amazonaws.com",
      SourceArn: TopicArn,
    }));
    await region.client(SNSClient).send(
      new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint: arnOf(FunctionName) }),
    );
  }
  const db = region.client(DynamoDBClient);
  const { TableDescription } = await db.send(new CreateTableCommand({
    TableName: "items", BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  }));
  const EventSourceArn = TableDescription?.LatestStreamArn;
  await bench.role(
    "publisher", { Effect: "Allow", Action: ["dynamodb:*"], Resource: EventSourceArn },
    { Effect: "Allow", Action: "dynamodb:ListStreams", Resource: "*" },
    { Effect: "Allow", Action: "sns:Publish", Resource: TopicArn },
  );
  await bench.make("publisher", {
    Code: { ZipFile: publisher }, Role: roleArn("publisher"), Timeout: 30,
    Environment: { Variables: { TOPIC: TopicArn ?? "" } },
  });
  await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: "publisher", EventSourceArn, StartingPosition: "TRIM_HORIZON",
  }));
  const key = { pk: { S: "a" } };
  await db.send(new PutItemCommand({ TableName: "items", Item: key }));
  await db.send(new DeleteItemCommand({ TableName: "items", Key: key }));
  await region.clock.advance({ seconds: 30 });
  const logs = region.client(CloudWatchLogsClient);
  for (const name of listeners) {
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: "GOT" }),
    );
    const got = events.map(({ message = "" }) => message.slice(message.indexOf("GOT ") + 4).trimEnd());
    assert.deepEqual(got.sort(), ["INSERT a", "REMOVE a"]);
  }
});
