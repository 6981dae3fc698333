import assert from "node:assert/strict";
import { verify, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import {
  ConfirmSubscriptionCommand, GetSubscriptionAttributesCommand, ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand, SetTopicAttributesCommand, UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { startBench } from "../../../test/lambda-bench.ts";
import { startRegion } from "../../../test/region.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { createQueue, createTopic, startEndpoint } from "./topic-fixture.ts";

interface Outbox {
  readonly messages: readonly { kind: string; to: string; subject?: string; body: string }[];
}

async function outboxOf(endpoint: string): Promise<Outbox["messages"]> {
  const answer = await fetch(`${endpoint}/_local/outbox`);
  return ((await answer.json()) as Outbox).messages;
}

test("sns-pubsub: a publish reaches queues, functions, endpoints and mailboxes that subscribe", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const url = await region.endpoint();
  await using endpoint = await startEndpoint();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  const picky = await createQueue(region, "picky");
  await topic.subscribe("sqs", queue.arn);
  await topic.subscribe("sqs", picky.arn, { FilterPolicy: JSON.stringify({ colour: ["red"] }) });
  const ZipFile = nodePackage(
    "export const handler = async (e) => console.log(`GOT ${e.Records[0].Sns.Message}`);",
  );
  const functionArn = await bench.make("function", { Code: { ZipFile } });
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "function", StatementId: "sns", Action: "lambda:InvokeFunction",
    Principal: "sns.amazonaws.com", SourceArn: topic.arn,
  }));
  await topic.subscribe("lambda", functionArn);
  const webArn = await topic.subscribe("http", endpoint.url);
  await topic.subscribe("email", "me@example.com");
  await region.settled();

  // Whoever is not of this account confirms first.
  const [asked] = endpoint.posts;
  assert.equal(asked?.headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
  const confirmation = JSON.parse(asked?.body ?? "") as Record<string, string>;
  assert.equal(
    confirmation["Message"],
    `You have chosen to subscribe to the topic ${topic.arn}.\n` +
      "To confirm the subscription, visit the SubscribeURL included in this message.",
  );
  await topic.publish("too early");
  await region.settled();
  assert.equal(endpoint.posts.length, 1);
  const confirmed = await fetch(confirmation["SubscribeURL"] ?? "");
  assert.match(await confirmed.text(), new RegExp(`<SubscriptionArn>${webArn}</SubscriptionArn>`));
  const [mail] = await outboxOf(url);
  assert.deepEqual([mail?.kind, mail?.to], ["email", "me@example.com"]);
  const link = /^http.*$/m.exec(mail?.body ?? "")?.[0] ?? "";
  assert.equal((await fetch(link)).status, 200);

  const { MessageId } = await topic.publish("news", { Subject: "S" });
  const [, news] = await queue.notifications();
  assert.deepEqual([news?.["MessageId"], news?.["Subject"], news?.["Message"]], [MessageId, "S", "news"]);
  assert.deepEqual(await picky.bodies(), []);
  const logs = region.client(CloudWatchLogsClient);
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: "/aws/lambda/function", filterPattern: "GOT" }),
  );
  assert.ok(events.some(({ message = "" }) => message.trimEnd().endsWith("GOT news")));
  const posted = endpoint.posts[1];
  assert.equal(posted?.headers["x-amz-sns-subscription-arn"], webArn);
  assert.equal(posted?.headers["x-amz-sns-message-type"], "Notification");
  assert.equal(posted?.headers["content-type"], "text/plain; charset=UTF-8");
  assert.equal((JSON.parse(posted?.body ?? "") as { Message: string }).Message, "news");
  const mails = await outboxOf(url);
  assert.equal(mails.length, 2);
  assert.equal(mails[1]?.subject, "S");
  assert.match(mails[1]?.body ?? "", /^news\n/);

  const colour = { DataType: "String", StringValue: "red" };
  await topic.publish("red news", { MessageAttributes: { colour } });
  const [red] = await picky.notifications();
  assert.equal(red?.["Message"], "red news");
  assert.deepEqual(red?.["MessageAttributes"], { colour: { Type: "String", Value: "red" } });
});

test("signatures of both versions are verified by the certificate that the region serves", async () => {
  await using region = await startRegion();
  await region.endpoint();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  await topic.subscribe("sqs", queue.arn);
  const check = async (version: string, digest: string, Subject?: string) => {
    await topic.publish("signed", { Subject });
    const [sent = {}] = (await queue.notifications()) as Record<string, string>[];
    assert.equal(sent["SignatureVersion"], version);
    assert.match(sent["SigningCertURL"] ?? "", /\/SimpleNotificationService-[0-9a-f]{32}\.pem$/);
    const names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
    const text = names.filter((name) => name in sent).map((name) => `${name}\n${sent[name]}\n`).join("");
    const answer = await fetch(sent["SigningCertURL"] ?? "");
    const certificate = new X509Certificate(await answer.text());
    assert.equal(certificate.subject, "CN=sns.amazonaws.com");
    assert.ok(certificate.verify(certificate.publicKey));
    const signature = Buffer.from(sent["Signature"] ?? "", "base64");
    assert.ok(verify(digest, Buffer.from(text), certificate.publicKey, signature));
    assert.ok(!verify(digest, Buffer.from(`${text}x`), certificate.publicKey, signature));
  };
  await check("1", "sha1");
  await check("1", "sha1", "with a subject");
  await topic.sns.send(
    new SetTopicAttributesCommand({
      TopicArn: topic.arn, AttributeName: "SignatureVersion", AttributeValue: "2",
    }),
  );
  await check("2", "sha256");
});

test("a queue whose policy does not let the topic in gets nothing; the dead-letter queue does", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const closed = await createQueue(region, "closed", false);
  const dead = await createQueue(region, "dead");
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
  await topic.subscribe("sqs", closed.arn, { RedrivePolicy });
  await topic.subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:nowhere", {
    RedrivePolicy, RawMessageDelivery: "true",
  });
  const { MessageId } = await topic.publish("lost?");
  const bodies = await dead.bodies();
  assert.deepEqual(await closed.bodies(), []);
  assert.equal(bodies.length, 2);
  assert.ok(bodies.includes("lost?"));
  const whole = bodies.find((body) => body !== "lost?") ?? "";
  assert.equal((JSON.parse(whole) as { MessageId: string }).MessageId, MessageId);
});

test("raw messages keep their attributes, and a text for each protocol goes to its protocol", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  await topic.subscribe("sqs", queue.arn, { RawMessageDelivery: "true" });
  await topic.publish(JSON.stringify({ default: "d", sqs: "q", http: "h" }), {
    MessageStructure: "json",
    MessageGroupId: "g",
    MessageAttributes: {
      a: { DataType: "Number.int", StringValue: "1" },
      b: { DataType: "Binary", BinaryValue: Buffer.of(2, 3, 4) },
    },
  });
  const [message] = await queue.receive();
  assert.equal(message?.Body, "q");
  assert.equal(message?.Attributes?.["MessageGroupId"], "g");
  assert.deepEqual(message?.MessageAttributes, {
    a: { DataType: "Number.int", StringValue: "1" },
    b: { DataType: "Binary", BinaryValue: new Uint8Array([2, 3, 4]) },
  });
});

test("an endpoint that fails is tried again by the clock, three times after 20 seconds", async () => {
  await using region = await startRegion();
  await using endpoint = await startEndpoint();
  const topic = await createTopic(region, "topic");
  const dead = await createQueue(region, "dead");
  const arn = await topic.subscribe("http", endpoint.url, {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
  });
  await region.settled();
  const { Token } = JSON.parse(endpoint.posts[0]?.body ?? "") as { Token: string };
  await topic.sns.send(new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token }));
  endpoint.answers(500);
  await topic.publish("a");
  await region.settled();
  const count = () => endpoint.posts.length - 1;
  assert.equal(count(), 1);
  await region.clock.advance({ seconds: 19 });
  assert.equal(count(), 1);
  await region.clock.advance({ seconds: 1 });
  assert.equal(count(), 2);
  await region.clock.advance({ seconds: 40 });
  assert.equal(count(), 4);
  assert.equal((await dead.bodies()).length, 1);
  await region.clock.advance({ minutes: 10 });
  assert.equal(count(), 4);

  // What is refused is not tried again; what comes back is delivered.
  endpoint.answers(404);
  await topic.publish("b");
  await region.clock.advance({ minutes: 1 });
  assert.equal(count(), 5);
  assert.equal((await dead.bodies()).length, 1);
  await topic.sns.send(
    new SetSubscriptionAttributesCommand({
      SubscriptionArn: arn,
      AttributeName: "DeliveryPolicy",
      AttributeValue: JSON.stringify({
        healthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 4, numRetries: 3, numNoDelayRetries: 1 },
        requestPolicy: { headerContentType: "application/json" },
      }),
    }),
  );
  endpoint.answers(503);
  await topic.publish("c");
  await region.settled();
  assert.equal(count(), 7);
  endpoint.answers(204);
  await region.clock.advance({ seconds: 3 });
  assert.equal(count(), 8);
  assert.equal(endpoint.posts.at(-1)?.headers["content-type"], "application/json");
  await region.clock.advance({ minutes: 1 });
  assert.equal(count(), 8);
  assert.deepEqual(await dead.bodies(), []);
});

test("a link unsubscribes, says how to take that back, and does not where the owner alone may", async () => {
  await using region = await startRegion();
  await region.endpoint();
  await using endpoint = await startEndpoint();
  const topic = await createTopic(region, "topic");
  const arn = await topic.subscribe("http", endpoint.url, { RawMessageDelivery: "true" });
  await region.settled();
  const last = () => JSON.parse(endpoint.posts.at(-1)?.body ?? "") as Record<string, string>;
  await fetch(last()["SubscribeURL"] ?? "");
  await topic.publish("raw");
  await region.settled();
  const raw = endpoint.posts.at(-1);
  assert.deepEqual([raw?.body, raw?.headers["x-amz-sns-rawdelivery"]], ["raw", "true"]);

  const link = `${await region.endpoint()}/?Action=Unsubscribe&SubscriptionArn=${arn}`;
  assert.equal((await fetch(link)).status, 200);
  await region.settled();
  assert.equal(endpoint.posts.at(-1)?.headers["x-amz-sns-message-type"], "UnsubscribeConfirmation");
  const list = async () =>
    (await topic.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic.arn }))).Subscriptions ?? [];
  assert.deepEqual(await list(), []);
  assert.equal((await fetch(last()["SubscribeURL"] ?? "")).status, 200);
  assert.equal((await list())[0]?.SubscriptionArn, arn);

  await topic.sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
  assert.deepEqual(await list(), []);
  const again = await topic.subscribe("http", endpoint.url);
  await region.settled();
  const { Token } = last();
  await topic.sns.send(
    new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token, AuthenticateOnUnsubscribe: "true" }),
  );
  const refused = await fetch(`${await region.endpoint()}/?Action=Unsubscribe&SubscriptionArn=${again}`);
  assert.equal(refused.status, 403);
  assert.equal((await list()).length, 1);
  const { Attributes } = await topic.sns.send(
    new GetSubscriptionAttributesCommand({ SubscriptionArn: again }),
  );
  assert.equal(Attributes?.["ConfirmationWasAuthenticated"], "true");
});

test("what nobody confirms within two days is gone", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const arn = await topic.subscribe("email", "me@example.com");
  const attributes = () =>
    topic.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }));
  await region.clock.advance({ days: 1, minutes: 1439 });
  assert.equal((await attributes()).Attributes?.["PendingConfirmation"], "true");
  await region.clock.advance({ minutes: 1 });
  await assert.rejects(attributes(), { name: "NotFoundException", message: "Subscription does not exist" });
});
