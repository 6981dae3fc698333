import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { PutEventSelectorsCommand, StartLoggingCommand } from "@aws-sdk/client-cloudtrail";
import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, ExecuteStatementCommand,
  PutItemCommand, QueryCommand, TransactWriteItemsCommand, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateAliasCommand, InvokeCommand, LambdaClient, PublishVersionCommand,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startBench } from "../../../test/lambda-bench.ts";
import { bucket, trailFixture, type DeliveredRecord } from "./trail-fixture.ts";

const bench = await startBench();
const { region } = bench;
after(() => region.stop());
const it = await trailFixture(region, JSON.stringify({
  Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
  }],
}));
await it.create("data");
await it.cloudtrail.send(new StartLoggingCommand({ Name: "data" }));
const types = [
  "AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Lambda::Function",
];
await it.cloudtrail.send(new PutEventSelectorsCommand({
  TrailName: "data", AdvancedEventSelectors: types.map((type) => ({ FieldSelectors: [
    { Field: "eventCategory", Equals: ["Data"] }, { Field: "resources.type", Equals: [type] },
  ] })),
}));

type Told = DeliveredRecord & Readonly<Record<"requestParameters" | "responseElements", object | null>> &
  { readonly additionalEventData?: object; readonly apiVersion?: string };

/** The records of an operation, once they are delivered. */
async function recordsOf(name: string): Promise<Told[]> {
  await region.clock.advance({ minutes: 5 });
  return (await it.records()).filter(({ eventName }) => eventName === name) as Told[];
}

async function parametersOf(name: string): Promise<object | null | undefined> {
  return (await recordsOf(name)).at(-1)?.requestParameters;
}

const dynamodb = region.client(DynamoDBClient);
const TableName = "Music";
const key = { Artist: { S: "a" }, Year: { N: "1" } };

test("of items their keys and the names of their attributes are written down, and no values", async () => {
  await dynamodb.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "Artist", KeyType: "HASH" }, { AttributeName: "Year", KeyType: "RANGE" }],
    AttributeDefinitions: [
      { AttributeName: "Artist", AttributeType: "S" }, { AttributeName: "Year", AttributeType: "N" },
    ],
  }));
  await region.clock.advance({ seconds: 30 });
  await dynamodb.send(new PutItemCommand({
    TableName, Item: { ...key, Album: { S: "secret" } }, ReturnConsumedCapacity: "TOTAL",
  }));
  const [put] = await recordsOf("PutItem");
  assert.equal(put?.apiVersion, "2012-08-10");
  assert.deepEqual(put?.requestParameters, {
    tableName: TableName, key: { Artist: "a", Year: 1 }, item: ["Artist", "Year", "Album"],
    returnConsumedCapacity: "TOTAL",
  });
  await dynamodb.send(new UpdateItemCommand({
    TableName, Key: key, UpdateExpression: "SET #A = :a", ExpressionAttributeNames: { "#A": "Album" },
    ExpressionAttributeValues: { ":a": { S: "secret" } },
  }));
  assert.deepEqual(await parametersOf("UpdateItem"), {
    tableName: TableName, key: { Artist: "a", Year: 1 }, updateExpression: "SET #A = :a",
    expressionAttributeNames: { "#A": "Album" },
  });
  await dynamodb.send(new QueryCommand({
    TableName, KeyConditionExpression: "Artist = :a", ExpressionAttributeValues: { ":a": { S: "a" } },
  }));
  assert.deepEqual(await parametersOf("Query"), {
    tableName: TableName, keyConditionExpression: "Artist = :a",
  });
});

test("batches and transactions are lists of what is to be done", async () => {
  const Item = { ...key, Album: { S: "secret" } };
  const put = {
    operation: "Put", tableName: TableName, key: { Artist: "a", Year: 1 }, items: ["Artist", "Year", "Album"],
  };
  await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [
    { Put: { TableName, Item } }, { Delete: { TableName, Key: { ...key, Year: { N: "2" } } } },
  ], ClientRequestToken: "t" }));
  assert.deepEqual(await parametersOf("TransactWriteItems"), {
    requestItems: [
      put,
      { operation: "Delete", tableName: TableName, key: { Artist: "a", Year: 2 } },
    ],
    clientRequestToken: "t",
  });
  await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { Music: [{ PutRequest: { Item } }] } }));
  assert.deepEqual(await parametersOf("BatchWriteItem"), { requestItems: [
    put,
  ] });
  await dynamodb.send(new BatchGetItemCommand({ RequestItems: { Music: { Keys: [key] } } }));
  assert.deepEqual(
    await parametersOf("BatchGetItem"),
    { requestItems: [{ tableName: TableName, keys: [{ Artist: "a", Year: 1 }] }] });
});

test("values of statements are hidden, but for those that keys are compared with", async () => {
  const run = async (Statement: string): Promise<object | null | undefined> => {
    await dynamodb.send(new ExecuteStatementCommand({ Statement }));
    return parametersOf("ExecuteStatement");
  };
  assert.deepEqual(
    await run("SELECT * FROM Music WHERE Artist = 'a' AND \"Year\" = 1 AND Album = 'it''s'"),
    { statement: "SELECT * FROM Music WHERE Artist = 'a' AND \"Year\" = 1 AND Album = ***(Redacted)" });
  assert.deepEqual(
    await run("INSERT INTO \"Music\" VALUE {'Artist': 'b', 'Year': 2, 'Album': 'x'}"),
    { statement: "INSERT INTO \"Music\" VALUE {'Artist': ***(Redacted), 'Year': ***(Redacted), " +
      "'Album': ***(Redacted)}" });
  assert.deepEqual(
    await run("UPDATE Music SET Album = 'y' WHERE Artist = 'b' AND \"Year\" = 2"),
    { statement: "UPDATE Music SET Album = ***(Redacted) WHERE Artist = 'b' AND \"Year\" = 2" });
});

test("messages are hidden", async () => {
  const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
  const [sns, sqs] = [region.client(SNSClient), region.client(SQSClient)];
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "topic" }));
  await sns.send(new PublishCommand({ TopicArn, Message: "m", Subject: "s" }));
  assert.deepEqual(
    await parametersOf("Publish"), { topicArn: TopicArn, message: hidden, subject: hidden });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "queue" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "m" }));
  assert.deepEqual(await parametersOf("SendMessage"), { queueUrl: QueueUrl, messageBody: hidden });
});

test("S3 tells how many bytes went over, Lambda which version ran", async () => {
  await it.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "object", Body: "hello" }));
  await it.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "object" }));
  await it.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "object" }));
  const signed = { SignatureVersion: "SigV4", AuthenticationMethod: "AuthHeader" };
  const additional = async (name: string) => (await recordsOf(name))
    .filter(({ resources }) => resources?.[0]?.ARN.endsWith("/object"))
    .map(({ additionalEventData }) => additionalEventData);
  const bytes = (bytesTransferredIn: number, bytesTransferredOut: number) =>
    [{ ...signed, bytesTransferredIn, bytesTransferredOut }];
  assert.deepEqual(await additional("PutObject"), bytes(5, 0));
  assert.deepEqual(await additional("HeadObject"), bytes(0, 0));
  assert.deepEqual(await additional("GetObject"), bytes(0, 5));
  await bench.make("called");
  const lambda = region.client(LambdaClient);
  await lambda.send(new PublishVersionCommand({ FunctionName: "called" }));
  await lambda.send(new CreateAliasCommand({ FunctionName: "called", Name: "live", FunctionVersion: "1" }));
  await lambda.send(new InvokeCommand({ FunctionName: "called", Qualifier: "live" }));
  await bench.invoke("called");
  const [aliased, invocation] = await recordsOf("Invoke");
  assert.equal(invocation?.responseElements, null);
  assert.deepEqual(invocation?.additionalEventData, {
    functionVersion: "arn:aws:lambda:us-east-1:000000000000:function:called:$LATEST",
  });
  assert.deepEqual(aliased?.additionalEventData, {
    functionVersion: "arn:aws:lambda:us-east-1:000000000000:function:called:1",
  });
});

test("a URL of version 2 is written down as what it is", async () => {
  await it.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "older", Body: "hello" }));
  const expires = String(Math.floor(region.engine.clock.now() / 1_000) + 60);
  const text = `GET\n\n\n${expires}\n/${bucket}/older`;
  const signature = createHmac("sha1", "test").update(text).digest("base64");
  const query = new URLSearchParams({ AWSAccessKeyId: "test", Signature: signature, Expires: expires });
  const answer = await fetch(`${await region.endpoint()}/${bucket}/older?${query.toString()}`);
  assert.equal(await answer.text(), "hello");
  const told = (await recordsOf("GetObject")).find(({ resources }) => resources?.[0]?.ARN.endsWith("/older"));
  assert.deepEqual(told?.additionalEventData, {
    SignatureVersion: "SigV2", AuthenticationMethod: "QueryString",
    bytesTransferredIn: 0, bytesTransferredOut: 5,
  });
});
