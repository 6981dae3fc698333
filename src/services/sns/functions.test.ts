import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import { startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

interface SnsEvent {
  readonly Records: readonly {
    readonly EventSource: string;
    readonly EventVersion: string;
    readonly EventSubscriptionArn: string;
    readonly Sns: Readonly<Record<string, unknown>>;
  }[];
}

/** What a function says that it was given. */
async function given(name: string): Promise<SnsEvent[]> {
  await bench.region.settled();
  const logs = bench.region.client(CloudWatchLogsClient);
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: "GIVEN" }),
  );
  return events.map(({ message = "" }) =>
    JSON.parse(message.slice(message.indexOf("GIVEN") + 6)) as SnsEvent);
}

const teller = {
  Code: {
    ZipFile: nodePackage("export const handler = async (e) => console.log('GIVEN ' + JSON.stringify(e));"),
  },
};

test("lambda-async-sns: a function that subscribes is invoked with the message", async () => {
  const topic = await createTopic(bench.region, "topic", { SignatureVersion: "2" });
  const endpoint = await bench.make("listener", teller);
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "listener", StatementId: "sns", Action: "lambda:InvokeFunction",
    Principal: "sns.amazonaws.com", SourceArn: topic.arn,
  }));
  const arn = await topic.subscribe("lambda", endpoint);
  const { MessageId } = await topic.publish("Hello world.", {
    Subject: "S", MessageAttributes: { a: { DataType: "Number", StringValue: "1" } },
  });
  const [event, ...others] = await given("listener");
  assert.deepEqual(others, []);
  const [record] = event?.Records ?? [];
  assert.deepEqual(
    [record?.EventSource, record?.EventVersion, record?.EventSubscriptionArn], ["aws:sns", "1.0", arn],
  );
  const { Signature, SigningCertUrl, UnsubscribeUrl, Timestamp, ...rest } = record?.Sns ?? {};
  const texts = [Signature, SigningCertUrl, UnsubscribeUrl, Timestamp];
  for (const text of texts) assert.equal(typeof text, "string");
  assert.deepEqual(rest, {
    Type: "Notification", MessageId, TopicArn: topic.arn, Subject: "S", Message: "Hello world.",
    SignatureVersion: "1", MessageAttributes: { a: { Type: "Number", Value: "1" } },
  });
});

test("a function that does not let the topic in is not invoked; the dead-letter queue hears", async () => {
  const topic = await createTopic(bench.region, "closed");
  const dead = await createQueue(bench.region, "dead");
  const endpoint = await bench.make("deaf", teller);
  await topic.subscribe("lambda", endpoint, {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
  });
  await topic.publish("m");
  assert.equal((await dead.notifications())[0]?.["Message"], "m");
});
