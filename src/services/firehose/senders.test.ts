/** What other services send through Firehose. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  PutSubscriptionFilterCommand, type PutSubscriptionFilterCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "../cloudwatch-logs/logs-fixture.ts";
import { Deliveries, RoleARN } from "./delivery-fixture.ts";

const account = "000000000000";
const streamArn = (name: string): string => `arn:aws:firehose:us-east-1:${account}:deliverystream/${name}`;

let region: TestRegion;
let deliveries: Deliveries;
before(async () => {
  region = await startRegion();
  deliveries = await Deliveries.prepare(region);
});
after(() => region.stop());

async function role(RoleName: string, Service: string, ...Action: string[]): Promise<string> {
  const iam = region.client(IAMClient);
  const document = (statement: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName, AssumeRolePolicyDocument: document({ Principal: { Service }, Action: "sts:AssumeRole" }),
  }));
  if (Action.length > 0) {
    const PolicyDocument = document({ Action, Resource: "*" });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "it", PolicyDocument }));
  }
  return Role?.Arn ?? "";
}

/** A delivery stream whose objects are below its name. */
async function createStream(name: string): Promise<string> {
  await deliveries.create({ Prefix: `${name}/` }, { DeliveryStreamName: name });
  return streamArn(name);
}

/** What is below a name once the buffers are due. */
async function delivered(name: string): Promise<Buffer[]> {
  await region.clock.advance({ seconds: 300 });
  const objects = await deliveries.objects();
  return objects.filter(([key]) => key.startsWith(`${name}/`)).map(([, body]) => body);
}

interface LogRecord {
  readonly messageType: string;
  readonly logGroup: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

/** The packed records that an object holds one after the other. */
function logRecords(packed: Buffer): LogRecord[] {
  const text = gunzipSync(packed).toString().replaceAll("}{", "}\n{");
  return text.split("\n").map((line) => JSON.parse(line) as LogRecord);
}

function subscribe(app: LogsFixture, more: Partial<PutSubscriptionFilterCommandInput>) {
  return app.logs.send(new PutSubscriptionFilterCommand({
    logGroupName: app.group, filterName: "errors", filterPattern: "ERROR", destinationArn: "", ...more,
  }));
}

const told = ({ messageType, logEvents }: LogRecord) =>
  [messageType, logEvents.map(({ message }) => message)];
const health = (vendor: string) => [
  "CONTROL_MESSAGE", [`CWL CONTROL MESSAGE: Checking health of destination ${vendor}.`],
];

test("logs-path-firehose-s3-athena: up to S3: what matches is there once the buffer is due", async () => {
  const app = await createGroup(region, "through-firehose");
  await app.stream("s");
  const destinationArn = streamArn("from-logs");
  const roleArn = await role("logs-firehose", "logs.amazonaws.com", "firehose:PutRecord");
  const undeliverable = "InvalidParameterException: Could not deliver test message to specified Firehose " +
    "stream. Check if the given Firehose stream is in ACTIVE state.";
  assert.equal(await refusal(subscribe(app, { destinationArn, roleArn })), undeliverable);
  await createStream("from-logs");
  assert.equal(
    await refusal(subscribe(app, { destinationArn, roleArn: await role("idle", "logs.amazonaws.com") })),
    undeliverable,
  );
  assert.equal(
    await refusal(subscribe(app, { destinationArn })),
    "InvalidParameterException: destinationArn for vendor firehose cannot be used without roleArn",
  );
  await subscribe(app, { destinationArn, roleArn });
  await app.put("s", [2_000, "ERROR one"], [2_001, "fine"], [2_002, "ERROR two"]);
  const [object, ...others] = await delivered("from-logs");
  assert.equal(others.length, 0);
  const [control, data, ...more] = logRecords(object ?? Buffer.alloc(0));
  assert.equal(more.length, 0);
  assert.deepEqual(control && told(control), health("Firehose"));
  assert.deepEqual(data && told(data), ["DATA_MESSAGE", ["ERROR one", "ERROR two"]]);
  assert.deepEqual([data?.logGroup, data?.subscriptionFilters], ["through-firehose", ["errors"]]);
  assert.deepEqual(
    data?.logEvents.map(({ timestamp }) => timestamp), [testEpoch + 2_000, testEpoch + 2_002],
  );
});

test("logs-path-kinesis-firehose-s3-athena: up to S3: a stream passes on to Firehose", async () => {
  const app = await createGroup(region, "through-kinesis");
  await app.stream("s");
  await region.client(KinesisClient).send(new CreateStreamCommand({ StreamName: "between", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  const KinesisStreamARN = `arn:aws:kinesis:us-east-1:${account}:stream/between`;
  await deliveries.create({ Prefix: "from-kinesis/" }, {
    DeliveryStreamName: "from-kinesis", DeliveryStreamType: "KinesisStreamAsSource",
    KinesisStreamSourceConfiguration: { KinesisStreamARN, RoleARN },
  });
  const roleArn = await role("logs-kinesis", "logs.amazonaws.com", "kinesis:PutRecord");
  await subscribe(app, { destinationArn: KinesisStreamARN, roleArn });
  await app.put("s", "ERROR here", "fine");
  await region.clock.advance({ seconds: 2 });
  const [object] = await delivered("from-kinesis");
  assert.deepEqual(logRecords(object ?? Buffer.alloc(0)).map(told), [
    health("Kinesis stream"), ["DATA_MESSAGE", ["ERROR here"]],
  ]);
});

test("a topic's messages go through Firehose a line each, whole or raw, under the role", async () => {
  const sns = region.client(SNSClient);
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "archived" }));
  const subscribed = async (Endpoint: string, Attributes?: Record<string, string>) => {
    const { SubscriptionArn = "" } = await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "firehose", Endpoint, Attributes }),
    );
    return SubscriptionArn;
  };
  const whole = await createStream("whole");
  const SubscriptionRoleArn = await role("sns-firehose", "sns.amazonaws.com", "firehose:PutRecord");
  assert.equal(
    await refusal(subscribed(whole)),
    "InvalidParameterException: Invalid parameter: Attributes Reason: SubscriptionRoleArn: required for " +
      "firehose subscriptions",
  );
  const arn = await subscribed(whole, { SubscriptionRoleArn });
  await subscribed(await createStream("raw"), { SubscriptionRoleArn, RawMessageDelivery: "true" });
  const MessageAttributes = { key: { DataType: "String", StringValue: "value" } };
  const { MessageId } = await sns.send(
    new PublishCommand({ TopicArn, Subject: "S", Message: "one", MessageAttributes }),
  );
  await region.settled();
  await sns.send(new PublishCommand({ TopicArn, Message: "two" }));
  await region.settled();
  const texts = (await delivered("whole")).map((body) => body.toString());
  const lines = texts.join("").split("\n");
  assert.equal(lines.pop(), "");
  const [first, second, ...more] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(more.length, 0);
  const { UnsubscribeURL, Timestamp, ...rest } = first ?? {};
  assert.deepEqual(rest, {
    Type: "Notification", MessageId, TopicArn, Subject: "S", Message: "one",
    MessageAttributes: { key: { Type: "String", Value: "value" } },
  });
  assert.ok(String(UnsubscribeURL).endsWith(`?Action=Unsubscribe&SubscriptionArn=${arn}`));
  assert.match(String(Timestamp), /^2026-01-01T00:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(second?.["Message"], "two");
  assert.deepEqual((await delivered("raw")).map((body) => body.toString()), ["one\ntwo\n"]);
});

/** A queue that anybody of AWS may send to. */
async function createQueue(QueueName: string, Service: string): Promise<() => Promise<number>> {
  const sqs = region.client(SQSClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service }, Action: "sqs:SendMessage", Resource: "*",
  }] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
  return async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl, MaxNumberOfMessages: 10,
    }));
    return Messages.length;
  };
}

test("a topic whose role may not put records hands its messages to the dead-letter queue", async () => {
  const sns = region.client(SNSClient);
  const lost = await createQueue("sns-lost", "sns.amazonaws.com");
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "forbidden" }));
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "firehose", Endpoint: await createStream("forbidden"),
    Attributes: {
      SubscriptionRoleArn: await role("sns-idle", "sns.amazonaws.com"),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:${account}:sns-lost` }),
    },
  }));
  await sns.send(new PublishCommand({ TopicArn, Message: "m" }));
  await region.settled();
  assert.equal(await lost(), 1);
  assert.deepEqual(await delivered("forbidden"), []);
});

test("a rule's events go through Firehose as they are, under the target's role", async () => {
  const events = region.client(EventBridgeClient);
  const Arn = await createStream("events");
  const lost = await createQueue("events-lost", "events.amazonaws.com");
  await events.send(new PutRuleCommand({ Name: "r", EventPattern: JSON.stringify({ source: ["my.app"] }) }));
  const target = async (more: object): Promise<void> => {
    await events.send(new PutTargetsCommand({ Rule: "r", Targets: [{ Id: "1", Arn, ...more }] }));
  };
  const put = async (n: number): Promise<void> => {
    await events.send(new PutEventsCommand({
      Entries: [{ Source: "my.app", DetailType: "Order", Detail: JSON.stringify({ n }) }],
    }));
    await region.clock.advance({ seconds: 1 });
  };
  assert.equal(await refusal(target({})), `ValidationException: RoleArn is required for target ${Arn}.`);
  const DeadLetterConfig = { Arn: `arn:aws:sqs:us-east-1:${account}:events-lost` };
  await target({ RoleArn: await role("events-idle", "events.amazonaws.com"), DeadLetterConfig });
  await put(1);
  assert.equal(await lost(), 1);
  const RoleArn = await role("events-firehose", "events.amazonaws.com", "firehose:PutRecord");
  await target({ RoleArn, DeadLetterConfig });
  await put(2);
  await target({ RoleArn, DeadLetterConfig, InputPath: "$.detail" });
  await put(3);
  const text = Buffer.concat(await delivered("events")).toString();
  const split = text.lastIndexOf("{");
  const event = JSON.parse(text.slice(0, split)) as Record<string, unknown>;
  assert.deepEqual([event["source"], event["detail-type"], event["detail"]], ["my.app", "Order", { n: 2 }]);
  assert.equal(text.slice(split), '{"n":3}');
});
