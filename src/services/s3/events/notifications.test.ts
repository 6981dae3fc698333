import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteObjectCommand, DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand, PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand, PutBucketVersioningCommand, PutObjectAclCommand, PutObjectCommand,
  PutObjectTaggingCommand, S3Client, type QueueConfiguration,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand, ReceiveMessageCommand, SQSClient, SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import {
  CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand,
} from "@aws-sdk/client-sns";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const QueueArn = "arn:aws:sqs:us-east-1:000000000000:events";

interface Stage {
  readonly s3: S3Client;
  /** The messages that came since, parsed. */
  received(): Promise<Record<string, unknown>[]>;
  configure(...QueueConfigurations: Partial<QueueConfiguration>[]): Promise<unknown>;
}

async function stage(region: TestRegion, policy = true): Promise<Stage> {
  const s3 = region.client(S3Client);
  const sqs = region.client(SQSClient);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "events" }));
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Action: "sqs:SendMessage", Resource: QueueArn,
      Principal: { Service: "s3.amazonaws.com" },
      Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::bucket" } },
    },
  });
  if (policy) await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return {
    s3,
    async received() {
      await region.settled();
      const bodies: Record<string, unknown>[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return bodies;
        for (const { Body } of Messages) bodies.push(JSON.parse(Body ?? "") as Record<string, unknown>);
      }
    },
    configure: (...given) => {
      const QueueConfigurations = given.map((each) => ({
        QueueArn, Events: ["s3:ObjectCreated:*" as const], ...each,
      }));
      const NotificationConfiguration = { QueueConfigurations };
      return s3.send(
        new PutBucketNotificationConfigurationCommand({ Bucket: "bucket", NotificationConfiguration }),
      );
    },
  };
}

test("s3-events-sqs: a queue hears of the objects it asked for, in S3's words", async () => {
  await using region = await startRegion();
  const { s3, received, configure } = await stage(region);
  await configure({ Id: "images", Filter: filter({ prefix: "images/", suffix: ".jpg" }) });
  const [probe] = await received();
  assert.equal(probe?.["Event"], "s3:TestEvent");
  assert.equal(probe?.["Bucket"], "bucket");

  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "images/a cat.jpg", Body: "meow" }));
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "images/a cat.png", Body: "meow" }));
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a.jpg", Body: "meow" }));
  await s3.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "images/a cat.jpg" }));
  const messages = await received();
  assert.equal(messages.length, 1);
  const [record] = messages[0]?.["Records"] as Record<string, unknown>[];
  const described = record?.["s3"] as { object: Record<string, unknown> };
  assert.equal(record?.["eventVersion"], "2.5");
  assert.equal(record?.["eventSource"], "aws:s3");
  assert.equal(record?.["awsRegion"], "us-east-1");
  assert.equal(record?.["eventTime"], "2026-01-01T00:00:00.000Z");
  assert.equal(record?.["eventName"], "ObjectCreated:Put");
  assert.deepEqual(record?.["userIdentity"], { principalId: "AWS:000000000000" });
  const { sequencer, ...object } = described.object;
  assert.match(String(sequencer), /^[0-9A-F]{18}$/);
  assert.deepEqual(object, { key: "images/a+cat.jpg", size: 4, eTag: "4a4be40c96ac6314e91d93f38043a634" });
  assert.equal((record?.["s3"] as { configurationId: string }).configurationId, "images");
});

test("delete markers and deletions are told apart, and versions are named", async () => {
  await using region = await startRegion();
  const { s3, received, configure } = await stage(region);
  await configure({ Events: ["s3:ObjectRemoved:*"] });
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: "bucket", VersioningConfiguration: { Status: "Enabled" } }),
  );
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key" }));
  await received();
  const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "key" }));
  await s3.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "key", VersionId }));
  const told = (await received()).map((message) => {
    const [record] = message["Records"] as { eventName: string; s3: { object: { sequencer: string } } }[];
    const { sequencer, ...object } = record?.s3.object ?? { sequencer: "" };
    assert.match(sequencer, /^[0-9A-F]{18}$/);
    return [record?.eventName, object];
  });
  const object = { key: "key", versionId: VersionId };
  assert.deepEqual(Object.fromEntries(told), {
    "ObjectRemoved:Delete": object,
    "ObjectRemoved:DeleteMarkerCreated": { ...object, eTag: "d41d8cd98f00b204e9800998ecf8427e" },
  });
});

test("lists and tags that are set are told, too", async () => {
  await using region = await startRegion();
  const { s3, received, configure } = await stage(region);
  await configure({ Events: ["s3:ObjectAcl:Put", "s3:ObjectTagging:*"] });
  const named = { Bucket: "bucket", Key: "key" };
  await s3.send(new PutObjectCommand(named));
  await received();
  const told = async () => {
    const [message] = await received();
    const [record] = message?.["Records"] as { eventName: string; s3: { object: unknown } }[];
    assert.deepEqual(record?.s3.object, { key: "key", eTag: "d41d8cd98f00b204e9800998ecf8427e" });
    return record?.eventName;
  };
  const OwnershipControls = { Rules: [{ ObjectOwnership: "ObjectWriter" as const }] };
  await s3.send(new PutBucketOwnershipControlsCommand({ Bucket: "bucket", OwnershipControls }));
  const list = (ACL: "private" | "aws-exec-read") =>
    s3.send(new PutObjectAclCommand({ ...named, ACL }));
  await list("private");
  assert.deepEqual(await received(), []);
  await list("aws-exec-read");
  assert.deepEqual(await told(), "ObjectAcl:Put");
  await list("aws-exec-read");
  assert.deepEqual(await received(), []);
  await list("private");
  assert.deepEqual(await told(), "ObjectAcl:Put");
  await s3.send(new PutObjectTaggingCommand({ ...named, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } }));
  assert.deepEqual(await told(), "ObjectTagging:Put");
  await s3.send(new DeleteObjectTaggingCommand(named));
  assert.deepEqual(await told(), "ObjectTagging:Delete");
});

test("what no destination can take is refused, and changes nothing", async () => {
  await using region = await startRegion();
  const { s3, configure } = await stage(region, false);
  const refused = (message: string) => ({ name: "InvalidArgument", message });
  await assert.rejects(configure({}), refused("Unable to validate the following destination configurations"));
  await assert.rejects(configure({ QueueArn: "queue" }), refused("The ARN could not be parsed"));
  const topic = QueueArn.replace("sqs", "sns");
  await assert.rejects(configure({ QueueArn: topic }), refused("The ARN is not well formed"));
  await assert.rejects(
    configure({ QueueArn: QueueArn.replace("us-east-1", "eu-west-1") }),
    refused("The notification destination service region is not valid for the bucket location constraint"),
  );
  await assert.rejects(
    configure({ Events: ["s3:ObjectPainted:*" as never] }),
    refused("A specified event is not supported for notifications"),
  );
  await assert.rejects(
    configure({ Filter: filter({ infix: "x" }) }),
    refused("filter rule name must be either prefix or suffix"),
  );
  await assert.rejects(
    configure({ Filter: filter({ prefix: "a" }) }, { Filter: filter({ prefix: "ab" }) }),
    refused(
      "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes " +
        "are overlapping for the same event type.",
    ),
  );
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:t";
  const TopicConfigurations = [{ TopicArn, Events: ["s3:ObjectCreated:*" as const] }];
  await assert.rejects(
    s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: "bucket", NotificationConfiguration: { TopicConfigurations },
      }),
    ),
    refused("Unable to validate the following destination configurations"),
  );
  const { QueueConfigurations } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: "bucket" }),
  );
  assert.equal(QueueConfigurations, undefined);
});

test("each destination that refuses the trial is told with its reason", async () => {
  await using region = await startRegion();
  const { s3 } = await stage(region, false);
  const Events = ["s3:ObjectCreated:*" as const];
  const LambdaFunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:nothing";
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:nothing";
  const missingQueue = "arn:aws:sqs:us-east-1:000000000000:nothing";
  const refusal = await s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket: "bucket",
    NotificationConfiguration: {
      TopicConfigurations: [{ TopicArn, Events, Filter: filter({ prefix: "a" }) }],
      QueueConfigurations: [
        { QueueArn, Events, Filter: filter({ prefix: "b" }) },
        { QueueArn: missingQueue, Events, Filter: filter({ prefix: "d" }) },
      ],
      LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events, Filter: filter({ prefix: "c" }) }],
    },
  })).then(() => assert.fail("refused"), (error: unknown) => error);
  const told = Object.entries(refusal as object).filter(([name]) => name.startsWith("Argument"));
  assert.deepEqual(Object.fromEntries(told), {
    ArgumentName1: TopicArn,
    ArgumentValue1: "The destination topic does not exist",
    ArgumentName2: QueueArn,
    ArgumentValue2:
      "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
    ArgumentName3: missingQueue,
    ArgumentValue3: "The destination queue does not exist",
    ArgumentName4: `${LambdaFunctionArn}, null`,
    ArgumentValue4: `Not authorized to invoke function [${LambdaFunctionArn}]`,
  });
});

test("names of filter rules are taken in any case, and shown in one", async () => {
  await using region = await startRegion();
  const { s3, received, configure } = await stage(region);
  await configure({ Filter: filter({ PREFIX: "notif-", suffix: ".txt" }) });
  const shown = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: "bucket" }));
  assert.deepEqual(shown.QueueConfigurations?.[0]?.Filter, filter({ Prefix: "notif-", Suffix: ".txt" }));
  await received();
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "notif-a.txt" }));
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a.txt" }));
  assert.equal((await received()).length, 1);
});

test("s3-events-sns: a topic whose policy lets S3 in passes on what happens, in S3's words", async () => {
  await using region = await startRegion();
  const { s3, received } = await stage(region);
  const sns = region.client(SNSClient);
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:topic";
  const publish = {
    Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sns:Publish", Resource: TopicArn,
    Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::bucket" } },
  };
  const toTopic = () =>
    s3.send(new PutBucketNotificationConfigurationCommand({
      Bucket: "bucket",
      NotificationConfiguration: {
        TopicConfigurations: [{ TopicArn, Events: ["s3:ObjectCreated:*"], Filter: filter({ prefix: "a" }) }],
      },
    }));
  await sns.send(new CreateTopicCommand({ Name: "topic" }));
  await assert.rejects(toTopic(), { name: "InvalidArgument" });
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: publish });
  await sns.send(new SetTopicAttributesCommand({
    TopicArn, AttributeName: "Policy", AttributeValue: Policy,
  }));
  const queuePolicy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*",
    },
  });
  const sqs = region.client(SQSClient);
  await sqs.send(new SetQueueAttributesCommand({
    QueueUrl: "http://localhost/000000000000/events", Attributes: { Policy: queuePolicy },
  }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: QueueArn }));
  await toTopic();
  const [probe] = await received();
  assert.equal(probe?.["Subject"], "Amazon S3 Notification");
  assert.match(String(probe?.["Message"]), /"Event":"s3:TestEvent"/);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "abc", Body: "x" }));
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "bc", Body: "x" }));
  const messages = await received();
  assert.equal(messages.length, 1);
  const { Records } = JSON.parse(String(messages[0]?.["Message"])) as {
    Records: { eventName: string; s3: { object: { key: string } } }[];
  };
  const told = Records.map((each) => [each.eventName, each.s3.object.key]);
  assert.deepEqual(told, [["ObjectCreated:Put", "abc"]]);
});

test("EventBridge hears of a bucket's objects once that is asked for", async () => {
  await using region = await startRegion();
  const { s3 } = await stage(region);
  const heard: { detailType: string; resources: readonly string[]; detail: Record<string, unknown> }[] = [];
  region.engine.bus.listen((event) => {
    if (event.detailType.startsWith("Object")) heard.push(event);
  });
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "before", Body: "x" }));
  const NotificationConfiguration = { EventBridgeConfiguration: {} };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: "bucket", NotificationConfiguration }),
  );
  const shown = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: "bucket" }));
  assert.deepEqual(shown.EventBridgeConfiguration, {});
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a b", Body: "meow" }));
  await s3.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "a b" }));
  await region.settled();
  assert.deepEqual(heard.map((event) => event.detailType), ["Object Created", "Object Deleted"]);
  const [created, deleted] = heard;
  assert.deepEqual(created?.resources, ["arn:aws:s3:::bucket"]);
  const { object, "request-id": _id, "source-ip-address": ip, ...detail } = created?.detail ?? {};
  assert.equal(typeof ip, "string");
  assert.deepEqual(detail, {
    version: "0", "event-version": "1.1", bucket: { name: "bucket" }, requester: "000000000000",
    reason: "PutObject",
  });
  const { sequencer, ...rest } = object as Record<string, unknown>;
  assert.match(String(sequencer), /^[0-9a-f]{16}$/);
  assert.deepEqual(rest, { key: "a b", size: 4, etag: "4a4be40c96ac6314e91d93f38043a634" });
  assert.equal(deleted?.detail["deletion-type"], "Permanently Deleted");
  assert.equal(deleted?.detail["reason"], "DeleteObject");
});

function filter(rules: Readonly<Record<string, string>>): QueueConfiguration["Filter"] {
  const FilterRules = Object.entries(rules).map(([Name, Value]) => ({ Name: Name as "prefix", Value }));
  return { Key: { FilterRules } };
}
