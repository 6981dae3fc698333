import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  AddPermissionCommand, CreateTopicCommand, DeleteTopicCommand, GetTopicAttributesCommand, ListTopicsCommand,
  ListTagsForResourceCommand, PublishCommand, RemovePermissionCommand,
  SetTopicAttributesCommand, SNSClient, SubscribeCommand, TagResourceCommand, UntagResourceCommand,
} from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

function invalid(message: string): object {
  return { name: "InvalidParameterException", message: `Invalid parameter: ${message}` };
}

const account = "000000000000";

test("a topic shows what AWS shows of a new one, and what is set on it", async () => {
  await using region = await startRegion();
  const { sns, arn } = await createTopic(region, "topic");
  const attributes = async (TopicArn = arn) =>
    (await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes ?? {};
  const set = (AttributeName: string, AttributeValue?: string, TopicArn = arn) =>
    sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue }));
  const { Policy, EffectiveDeliveryPolicy, ...others } = await attributes();
  assert.deepEqual(others, {
    DisplayName: "", Owner: account, SubscriptionsConfirmed: "0", SubscriptionsDeleted: "0",
    SubscriptionsPending: "0", TopicArn: arn,
  });
  assert.deepEqual(JSON.parse(Policy ?? ""), {
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [{
      Sid: "__default_statement_ID",
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: [
        "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
        "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
      ],
      Resource: arn,
      Condition: { StringEquals: { "AWS:SourceOwner": account } },
    }],
  });
  assert.deepEqual(JSON.parse(EffectiveDeliveryPolicy ?? ""), {
    http: {
      defaultHealthyRetryPolicy: {
        minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numMaxDelayRetries: 0, numNoDelayRetries: 0,
        numMinDelayRetries: 0, backoffFunction: "linear",
      },
      disableSubscriptionOverrides: false,
      defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
    },
  });

  await set("DisplayName", "Topic");
  await set("DeliveryPolicy", JSON.stringify({
    http: { defaultHealthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1 } },
  }));
  const changed = await attributes();
  assert.equal(changed["DisplayName"], "Topic");
  assert.deepEqual(JSON.parse(changed["DeliveryPolicy"] ?? ""), {
    http: {
      defaultHealthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1 },
      disableSubscriptionOverrides: false,
    },
  });
  await set("DeliveryPolicy", "");
  assert.equal((await attributes())["DeliveryPolicy"], undefined);

  await assert.rejects(set("FifoTopic", "false"), invalid("AttributeName"));
  await assert.rejects(set("ContentBasedDeduplication", "true"), invalid("AttributeName"));
  await assert.rejects(set("toString", "true"), invalid("AttributeName"));
  await assert.rejects(set("DisplayName", "x".repeat(101)), invalid("DisplayName"));
  await assert.rejects(
    set("SignatureVersion", "3"), invalid("SignatureVersion: Invalid value [3]. Must be 1 or 2."),
  );
  await assert.rejects(set("Policy", "{"), invalid("Policy Error: null"));
  await assert.rejects(
    attributes(`${arn}x`), { name: "NotFoundException", message: "Topic does not exist" },
  );
  await assert.rejects(
    attributes("x"), invalid("TopicArn Reason: An ARN must have at least 6 elements, not 1"),
  );
  await assert.rejects(attributes(arn.replace("us-east-1", "eu-west-1")), invalid("TopicArn"));
});

test("an archive policy comes back as it was written, its days a number or a text", async () => {
  await using region = await startRegion();
  const { sns, arn } = await createTopic(region, "topic.fifo");
  const set = (AttributeValue: string) => sns.send(
    new SetTopicAttributesCommand({ TopicArn: arn, AttributeName: "ArchivePolicy", AttributeValue }),
  );
  for (const days of ["30", 365, 1]) {
    const policy = JSON.stringify({ MessageRetentionPeriod: days });
    await set(policy);
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: arn }));
    assert.equal(Attributes?.["ArchivePolicy"], policy);
  }
  for (const days of [0, 366, 1.5, "x", true, [5]]) {
    await assert.rejects(
      set(JSON.stringify({ MessageRetentionPeriod: days })),
      invalid("ArchivePolicy: MessageRetentionPeriod must be between 1 and 365"),
    );
  }
  await set("{}");
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: arn }));
  assert.equal(Attributes?.["ArchivePolicy"], undefined);
});

test("creating a topic again answers it, unless other attributes or tags are asked for", async () => {
  await using region = await startRegion();
  const sns = region.client(SNSClient);
  const create = async (input: ConstructorParameters<typeof CreateTopicCommand>[0]) =>
    (await sns.send(new CreateTopicCommand(input))).TopicArn;
  const arn = await create({ Name: "topic", Tags: [{ Key: "k", Value: "v" }] });
  assert.equal(await create({ Name: "topic" }), arn);
  assert.equal(await create({ Name: "topic", Attributes: { DisplayName: "" } }), arn);
  assert.equal(await create({ Name: "topic", Tags: [{ Key: "k", Value: "v" }] }), arn);
  await assert.rejects(
    create({ Name: "topic", Tags: [{ Key: "k", Value: "v" }, { Key: "l", Value: "v" }] }),
    invalid("Tags Reason: Topic already exists with different tags"),
  );
  await assert.rejects(
    create({ Name: "topic", Attributes: { DisplayName: "x" } }),
    invalid("Attributes Reason: Topic already exists with different attributes"),
  );
  for (const Name of ["", "a b", "a.b", "x".repeat(257), "topic.fifo"]) {
    await assert.rejects(create({ Name }), invalid("Topic Name"));
  }
  assert.match(await create({ Name: "x".repeat(256) }) ?? "", /x{256}$/);
  await assert.rejects(
    create({ Name: "topic2", Attributes: { FifoTopic: "true" } }),
    invalid(
      "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII " +
        "letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    ),
  );
  await sns.send(new DeleteTopicCommand({ TopicArn: arn }));
  await sns.send(new DeleteTopicCommand({ TopicArn: arn }));
  assert.equal((await sns.send(new ListTopicsCommand({}))).Topics?.length, 1);
});

test("tags are set, changed and taken away", async () => {
  await using region = await startRegion();
  const { sns, arn: ResourceArn } = await createTopic(region, "topic");
  const tag = (Key: string, Value: string) => ({ Key, Value });
  const tags = async () => (await sns.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;
  await sns.send(new TagResourceCommand({ ResourceArn, Tags: [tag("a", "1"), tag("b", "2")] }));
  await sns.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
  await sns.send(new TagResourceCommand({ ResourceArn, Tags: [tag("b", "3")] }));
  assert.deepEqual(await tags(), [tag("b", "3")]);
  await assert.rejects(
    sns.send(new TagResourceCommand({ ResourceArn, Tags: [tag("a", "1"), tag("a", "2")] })),
    invalid("Duplicated keys are not allowed."),
  );
  const fifty = Array.from({ length: 50 }, (_, index) => tag(`k${index}`, ""));
  await assert.rejects(
    sns.send(new TagResourceCommand({ ResourceArn, Tags: fifty })), { name: "TagLimitExceededException" },
  );
  assert.deepEqual(await tags(), [tag("b", "3")]);
  await assert.rejects(
    sns.send(new TagResourceCommand({ ResourceArn: `${ResourceArn}x`, Tags: [] })),
    { name: "ResourceNotFoundException", message: "Resource does not exist" },
  );
});

test("policies and permissions let other accounts in, and nobody else", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn } = await createTopic(region, "topic");
  const stranger = region.client(SNSClient, { credentials: region.root("111111111111") });
  const publish = () => stranger.send(new PublishCommand({ TopicArn, Message: "m" }));
  const denied = {
    name: "AuthorizationErrorException",
    message:
      "User: arn:aws:iam::111111111111:root is not authorized to perform: SNS:Publish on resource: " +
      `${TopicArn} because no resource-based policy allows the SNS:Publish action`,
  };
  await assert.rejects(publish(), denied);
  const permission = { TopicArn, Label: "l", AWSAccountId: ["111111111111"], ActionName: ["Publish"] };
  await sns.send(new AddPermissionCommand(permission));
  assert.match((await publish()).MessageId ?? "", /^[0-9a-f-]{36}$/);
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  const { Statement } = JSON.parse(Attributes?.["Policy"] ?? "") as { Statement: object[] };
  assert.deepEqual(Statement[1], {
    Sid: "l", Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" },
    Action: "SNS:Publish", Resource: TopicArn,
  });
  await assert.rejects(sns.send(new AddPermissionCommand(permission)), invalid("Statement already exists"));
  const ActionName = ["SetSubscriptionAttributes"];
  await assert.rejects(
    sns.send(new AddPermissionCommand({ ...permission, Label: "m", ActionName })),
    invalid("Policy statement action out of service scope!"),
  );
  await sns.send(new RemovePermissionCommand({ TopicArn, Label: "l" }));
  await assert.rejects(publish(), denied);
  const set = (statement: object) =>
    sns.send(new SetTopicAttributesCommand({
      TopicArn, AttributeName: "Policy",
      AttributeValue: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    }));
  const allow = { Effect: "Allow", Principal: { AWS: "*" }, Action: "sns:Publish", Resource: TopicArn };
  await set(allow);
  await publish();
  await assert.rejects(
    set({ ...allow, Action: "sqs:SendMessage" }), invalid("Policy statement action out of service scope!"),
  );
  await assert.rejects(
    set({ ...allow, Principal: { AWS: `arn:aws:iam::${account}:user/nobody` } }),
    invalid("Policy Error: PrincipalNotFound"),
  );
});

test("who may subscribe is the policies' to say, and a queue of another account is asked", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn, publish } = await createTopic(region, "topic");
  const credentials = await region.user("reader", {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "sns:Subscribe", Resource: TopicArn,
      Condition: { StringEquals: { "sns:Protocol": "sqs" } },
    }],
  });
  const reader = region.client(SNSClient, { credentials });
  const queue = await createQueue(region, "queue");
  const subscribe = (client: SNSClient, Protocol: string, Endpoint: string) =>
    client.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
  await assert.rejects(subscribe(reader, "email", "a@b.cd"), { name: "AuthorizationErrorException" });
  await subscribe(reader, "sqs", queue.arn);
  await publish("m");
  assert.equal((await queue.bodies()).length, 1);
  const elsewhere = queue.arn.replace(account, "111111111111");
  assert.equal((await subscribe(sns, "sqs", elsewhere)).SubscriptionArn, "pending confirmation");
});

test("the default policy lets in the owner's alarms, whom a policy of its own must name", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn, subscribe } = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  await subscribe("sqs", queue.arn);
  const cloudwatch = region.client(CloudWatchClient);
  await cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "alarm", Namespace: "N", MetricName: "M", Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
    ComparisonOperator: "GreaterThanThreshold", Threshold: 0, AlarmActions: [TopicArn], OKActions: [TopicArn],
  }));
  const turn = async (StateValue: "ALARM" | "OK") => {
    await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: "alarm", StateValue, StateReason: "test" }));
    return queue.notifications();
  };
  const [told] = await turn("ALARM");
  assert.match(String(told?.["Subject"]), /^ALARM: "alarm"/);
  const Principal = { AWS: account };
  const Statement = { Effect: "Allow", Principal, Action: "sns:Publish", Resource: TopicArn };
  await sns.send(new SetTopicAttributesCommand({
    TopicArn, AttributeName: "Policy",
    AttributeValue: JSON.stringify({ Version: "2012-10-17", Statement }),
  }));
  assert.deepEqual(await turn("OK"), []);
});
