import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AddPermissionCommand, ConfirmSubscriptionCommand, GetSubscriptionAttributesCommand,
  ListSubscriptionsCommand, SNSClient, SetSubscriptionAttributesCommand, SubscribeCommand, UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { allow } from "../../../test/policies.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createTopic, startEndpoint } from "./topic-fixture.ts";

const other = "111111111111";

/** A queue of another account. */
async function queueElsewhere(region: TestRegion, topicArn: string) {
  const sqs = region.client(SQSClient, { credentials: region.root(other) });
  const arn = `arn:aws:sqs:us-east-1:${other}:queue`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn,
      Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
    },
  });
  const create = new CreateQueueCommand({ QueueName: "queue", Attributes: { Policy } });
  const { QueueUrl } = await sqs.send(create);
  return {
    arn,
    async bodies() {
      await region.settled();
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(receive);
      for (const { ReceiptHandle } of Messages) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return Messages.map(({ Body = "" }) => JSON.parse(Body) as Record<string, string>);
    },
  };
}

/** A user of another account. */
async function userElsewhere(region: TestRegion, UserName: string, policy: object): Promise<SNSClient> {
  const iam = region.client(IAMClient, { credentials: region.root(other) });
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify(policy);
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "p", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "" } = AccessKey ?? {};
  return region.client(SNSClient, { credentials: { accessKeyId, secretAccessKey } });
}

test("a queue of another account is asked there, and gets messages once it is confirmed", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await queueElsewhere(region, topic.arn);
  const arn = await topic.subscribe("sqs", queue.arn);
  const [asked] = await queue.bodies();
  assert.equal(asked?.["Type"], "SubscriptionConfirmation");
  await topic.publish("too early");
  assert.deepEqual(await queue.bodies(), []);
  const confirm = (Token: string, TopicArn = topic.arn) =>
    topic.sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
  const Token = asked?.["Token"] ?? "";
  const invalid = (message: string) => ({ name: "InvalidParameterException", message });
  await assert.rejects(confirm("randomtoken"), invalid("Invalid token"));
  await assert.rejects(confirm(Token.replace(/.$/, "x")), invalid("Invalid token"));
  await assert.rejects(confirm("0".repeat(288)), invalid("Invalid parameter: Token"));
  await assert.rejects(confirm(Token, `${topic.arn}x`), invalid("Invalid parameter: Token"));
  const elsewhere = topic.arn.replace("us-east-1", "eu-west-1");
  await assert.rejects(confirm(Token, elsewhere), invalid("Invalid parameter: Topic"));
  assert.equal((await confirm(Token)).SubscriptionArn, arn);
  const confirmed = async (client: SNSClient): Promise<unknown> => (
    (await client.send(new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token }))).SubscriptionArn
  );
  assert.equal(await confirmed(region.client(SNSClient, { credentials: region.root(other) })), arn);
  const allowed = await userElsewhere(region, "right", allow("sns:ConfirmSubscription", topic.arn));
  assert.equal(await confirmed(allowed), arn);
  const denied = await userElsewhere(region, "wrong", allow("sns:ConfirmSubscription", `${topic.arn}x`));
  await assert.rejects(confirmed(denied), { name: "AuthorizationErrorException" });
  await topic.publish("news");
  assert.deepEqual((await queue.bodies()).map((body) => body["Message"]), ["news"]);
});

test("who subscribes to a topic of another account owns the subscription", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  await topic.sns.send(new AddPermissionCommand({
    TopicArn: topic.arn, Label: "l", AWSAccountId: [other], ActionName: ["Subscribe"],
  }));
  const queue = await queueElsewhere(region, topic.arn);
  const theirs = region.client(SNSClient, { credentials: region.root(other) });
  const { SubscriptionArn } = await theirs.send(
    new SubscribeCommand({ TopicArn: topic.arn, Protocol: "sqs", Endpoint: queue.arn }),
  );
  const { Subscriptions } = await theirs.send(new ListSubscriptionsCommand({}));
  assert.deepEqual(Subscriptions, [
    { SubscriptionArn, Owner: other, Protocol: "sqs", Endpoint: queue.arn, TopicArn: topic.arn },
  ]);
  assert.deepEqual((await topic.sns.send(new ListSubscriptionsCommand({}))).Subscriptions, []);
  const set = (client: SNSClient) =>
    client.send(new SetSubscriptionAttributesCommand({
      SubscriptionArn, AttributeName: "RawMessageDelivery", AttributeValue: "false",
    }));
  await set(theirs);
  const notTheirs = {
    name: "AuthorizationErrorException", message: "Not authorized to access this subscription",
  };
  await assert.rejects(set(topic.sns), notTheirs);
  const get = new GetSubscriptionAttributesCommand({ SubscriptionArn });
  assert.equal((await theirs.send(get)).Attributes?.["Owner"], other);
  await assert.rejects(topic.sns.send(get), notTheirs);
  const stranger = region.client(SNSClient, { credentials: region.root("222222222222") });
  await assert.rejects(set(stranger), notTheirs);
  await assert.rejects(stranger.send(new UnsubscribeCommand({ SubscriptionArn })), notTheirs);
  await topic.publish("news");
  assert.equal((await queue.bodies()).length, 1);
  await theirs.send(new UnsubscribeCommand({ SubscriptionArn }));
  await assert.rejects(
    theirs.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })), { name: "NotFoundException" },
  );
});

test("what an endpoint did not take yet is delivered after a restart", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "sns-"));
  await using endpoint = await startEndpoint();
  try {
    {
      await using region = await startRegion({ dataDir });
      const topic = await createTopic(region, "topic");
      await topic.subscribe("http", endpoint.url);
      await region.settled();
      const { Token } = JSON.parse(endpoint.posts[0]?.body ?? "") as { Token: string };
      await topic.sns.send(new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token }));
      endpoint.answers(500);
      await topic.publish("patience");
      await region.settled();
      assert.equal(endpoint.posts.length, 2);
    }
    endpoint.answers(200);
    await using region = await startRegion({ dataDir });
    region.clock.freeze(testEpoch + 1_000);
    await region.clock.advance({ seconds: 20 });
    assert.equal(endpoint.posts.length, 3);
    assert.match(endpoint.posts[2]?.body ?? "", /"Message" : "patience"/);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
