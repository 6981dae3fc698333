import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  GetEventConfigurationCommand, PutEventConfigurationCommand, PutEventSelectorsCommand, StartLoggingCommand,
  StopLoggingCommand, type AdvancedFieldSelector,
} from "@aws-sdk/client-cloudtrail";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { ListKeysCommand, KMSClient, CreateKeyCommand } from "@aws-sdk/client-kms";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand,
  SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { bucket, refusal, trailFixture, type TrailFixture } from "./trail-fixture.ts";

let region: TestRegion;
let it: TrailFixture;
let sqs: SQSClient;
let QueueUrl: string | undefined;

before(async () => {
  region = await startRegion();
  it = await trailFixture(region, JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${bucket}/*`,
    }],
  }));
  sqs = region.client(SQSClient);
  const events = region.client(EventBridgeClient);
  ({ QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "told" })));
  const Policy = JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
      Resource: "*",
    }],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const Arn = "arn:aws:sqs:us-east-1:000000000000:told";
  const EventPattern = JSON.stringify({ "detail-type": ["AWS API Call via CloudTrail"] });
  await events.send(new PutRuleCommand({ Name: "calls", EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: "calls", Targets: [{ Id: "queue", Arn }] }));
  await it.create("data");
});
after(() => region.stop());

const select = (...selectors: AdvancedFieldSelector[][]): Promise<unknown> => it.cloudtrail.send(
  new PutEventSelectorsCommand({
    TrailName: "data", AdvancedEventSelectors: selectors.map((FieldSelectors) => ({ FieldSelectors })),
  }),
);
const data = (type: string, ...more: AdvancedFieldSelector[]): AdvancedFieldSelector[] => [
  { Field: "eventCategory", Equals: ["Data"] }, { Field: "resources.type", Equals: [type] }, ...more,
];

interface Told {
  readonly source: string;
  readonly detail: { readonly eventName: string; readonly eventCategory: string };
}

/** What the rule made of the calls, in order of their names; the trail's own operations left out. */
async function told(): Promise<string[]> {
  await region.engine.settled();
  const all: Told[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = "", ReceiptHandle } of Messages) {
      all.push(JSON.parse(Body) as Told);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  return all.filter(({ source }) => source !== "aws.cloudtrail")
    .map(({ source, detail }) => `${source} ${detail.eventName} ${detail.eventCategory}`).sort();
}

const object = (Key: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key });
const store = (Key: string): Promise<unknown> =>
  it.s3.send(new PutObjectCommand({ ...object(Key), Body: "x" }));

test("data events that a trail logs become events, reading ones too; others do not", async () => {
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "data" }));
  await store("in/a");
  assert.deepEqual(await told(), [], "the trail logs no data events");
  const underIn = { Field: "resources.ARN", StartsWith: [`arn:aws:s3:::${bucket}/in/`] };
  await select(data("AWS::S3::Object", underIn));
  await told();
  await store("in/a");
  await it.s3.send(new GetObjectCommand(object("in/a")));
  await store("out/a");
  await region.client(KMSClient).send(new CreateKeyCommand({}));
  assert.deepEqual(await told(), ["aws.s3 GetObject Data", "aws.s3 PutObject Data"]);
});

test("items of tables, messages of topics and queues; not what EventBridge itself sends", async () => {
  const [dynamodb, sns] = [region.client(DynamoDBClient), region.client(SNSClient)];
  await dynamodb.send(new CreateTableCommand({
    TableName: "items", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }], BillingMode: "PAY_PER_REQUEST",
  }));
  await region.clock.advance({ seconds: 30 });
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "topic" }));
  await select(
    data("AWS::DynamoDB::Table", { Field: "readOnly", Equals: ["false"] }), data("AWS::SNS::Topic"),
    data("AWS::SQS::Queue", { Field: "eventName", Equals: ["SendMessage"] }),
  );
  await told();
  const Item = { id: { S: "1" } };
  await dynamodb.send(new PutItemCommand({ TableName: "items", Item }));
  await dynamodb.send(new GetItemCommand({ TableName: "items", Key: Item }));
  await sns.send(new PublishCommand({ TopicArn, Message: "m" }));
  const other = await sqs.send(new CreateQueueCommand({ QueueName: "other" }));
  await sqs.send(new SendMessageCommand({ QueueUrl: other.QueueUrl, MessageBody: "m" }));
  assert.deepEqual(await told(), [
    "aws.dynamodb PutItem Data", "aws.sns Publish Data", "aws.sqs SendMessage Data",
  ]);
});

test("management events become events as far as a trail logs them", async () => {
  const kms = region.client(KMSClient);
  const management = { Field: "eventCategory", Equals: ["Management"] };
  await select([management, { Field: "eventSource", NotEquals: ["kms.amazonaws.com"] }]);
  await told();
  await kms.send(new CreateKeyCommand({}));
  await sqs.send(new CreateQueueCommand({ QueueName: "more" }));
  assert.deepEqual(await told(), ["aws.sqs CreateQueue Management"]);
  await select([management]);
  await told();
  await kms.send(new CreateKeyCommand({}));
  await kms.send(new ListKeysCommand({}));
  assert.deepEqual(await told(), ["aws.kms CreateKey Management"], "reading ones are for rules that ask");
  await it.cloudtrail.send(new StopLoggingCommand({ Name: "data" }));
  await told();
  await kms.send(new CreateKeyCommand({}));
  assert.deepEqual(await told(), []);
});

test("data events are summed up where a trail asks for it", async () => {
  const TrailName = "data";
  const put = (...Templates: string[]): Promise<unknown> => it.cloudtrail.send(
    new PutEventConfigurationCommand({
      TrailName, AggregationConfigurations: [{ EventCategory: "Data", Templates: Templates as never }],
    }),
  );
  assert.equal(
    await refusal(put("API_ACTIVITY")),
    "InvalidParameterCombinationException: The trail must log data events to aggregate them.",
  );
  await select(data("AWS::S3::Object"));
  assert.match(await refusal(put("USER_ACTIONS")), /^NotImplemented: /);
  const maxSize = new PutEventConfigurationCommand({ TrailName, MaxEventSize: "Large" });
  assert.match(await refusal(it.cloudtrail.send(maxSize)), /^InvalidParameterCombinationException: MaxE/);
  await put("API_ACTIVITY", "RESOURCE_ACCESS");
  const shown = await it.cloudtrail.send(new GetEventConfigurationCommand({ TrailName }));
  assert.deepEqual(
    shown.AggregationConfigurations,
    [{ EventCategory: "Data", Templates: ["API_ACTIVITY", "RESOURCE_ACCESS"] }],
  );
  await region.clock.advance({ seconds: 300 - ((region.clock.now() / 1000) % 300) });
  await it.cloudtrail.send(new StartLoggingCommand({ Name: TrailName }));
  const start = region.clock.now();
  for (const key of ["a", "b", "c"]) await store(key);
  await it.s3.send(new GetObjectCommand(object("a")));
  await region.clock.advance({ minutes: 5 });
  const [file = "", ...others] = (await it.keys()).filter((key) => key.includes("Aggregated"));
  assert.deepEqual(others, []);
  assert.match(file, /^AWSLogs\/000000000000\/CloudTrail-Aggregated\/us-.*_CloudTrail-Aggregated_us-east-1/);
  const { Records } = JSON.parse(await it.text(file)) as { Records: { eventId: string; summary: object }[] };
  const time = (at: number): string => new Date(at).toISOString().replace(".000", "");
  const count = (dimension: string, ...values: [string, number][]): object => ({
    dimension, statistics: values.map(([name, value]) => ({ name, value })), aggregationType: "Count",
  });
  assert.deepEqual(Records[0], {
    eventVersion: "1.0", accountId: "000000000000", eventId: Records[0]?.eventId, eventCategory: "Aggregated",
    eventType: "AwsAggregatedEvent", awsRegion: "us-east-1", eventSource: "s3.amazonaws.com",
    timeWindow: { windowStart: time(start), windowEnd: time(start + 300_000), windowSize: "PT5M" },
    summary: {
      primaryDimension: count("eventName", ["PutObject", 3]),
      details: [count("resourceARN", [`arn:aws:s3:::${bucket}`, 3])],
    },
  });
  assert.deepEqual(Records.slice(1).map(({ summary }) => summary), [
    {
      primaryDimension: count("resourceARN", [`arn:aws:s3:::${bucket}`, 4]),
      details: [count("eventName", ["PutObject", 3], ["GetObject", 1])],
    },
    {
      primaryDimension: count("eventName", ["GetObject", 1]),
      details: [count("resourceARN", [`arn:aws:s3:::${bucket}`, 1])],
    },
  ]);
});
