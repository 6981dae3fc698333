import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand, ListQueuesCommand,
  ListQueueTagsCommand, PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand,
  SetQueueAttributesCommand, SQSClient, TagQueueCommand, UntagQueueCommand, type QueueAttributeName,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

test("a new queue has AWS's defaults", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "plain");
  assert.deepEqual(await queue.attributes(), {
    QueueArn: "arn:aws:sqs:us-east-1:000000000000:plain",
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    ApproximateNumberOfMessagesDelayed: "0",
    CreatedTimestamp: "1767225600",
    LastModifiedTimestamp: "1767225600",
    VisibilityTimeout: "30",
    MaximumMessageSize: "1048576",
    MessageRetentionPeriod: "345600",
    DelaySeconds: "0",
    ReceiveMessageWaitTimeSeconds: "0",
    SqsManagedSseEnabled: "true",
  });
});

test("a new FIFO queue has four attributes more", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "plain.fifo");
  const {
    FifoQueue, ContentBasedDeduplication, DeduplicationScope, FifoThroughputLimit,
  } = await queue.attributes();
  assert.deepEqual(
    { FifoQueue, ContentBasedDeduplication, DeduplicationScope, FifoThroughputLimit },
    {
      FifoQueue: "true", ContentBasedDeduplication: "false", DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    },
  );
});

test("creating a queue again succeeds unless an attribute differs, which is named", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const queue = await createQueue(region, "same", { VisibilityTimeout: "60" });
  const again = await sqs.send(
    new CreateQueueCommand({ QueueName: "same", Attributes: { VisibilityTimeout: "60" } }),
  );
  assert.equal(again.QueueUrl, queue.url);
  assert.equal((await sqs.send(new CreateQueueCommand({ QueueName: "same" }))).QueueUrl, queue.url);
  await assert.rejects(
    sqs.send(new CreateQueueCommand({ QueueName: "same", Attributes: { VisibilityTimeout: "61" } })),
    refusal(
      "QueueAlreadyExists",
      "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    ),
  );
});

test("names are 1 to 80 letters, digits, hyphens and underscores; FIFO names end in .fifo", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const create = (QueueName: string, Attributes?: Record<string, string>) =>
    sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  const plain = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
  const fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, " +
    "or underscores, must end with .fifo suffix and be 1 to 80 in length.";
  for (const name of ["", "a b", "a.b", "queue.fifo", "ü", "a".repeat(81), "../x", "a/b"]) {
    await assert.rejects(create(name), refusal("InvalidParameterValue", plain), name);
  }
  for (const name of ["queue", ".fifo", `${"a".repeat(76)}.fifo`]) {
    await assert.rejects(create(name, { FifoQueue: "true" }), refusal("InvalidParameterValue", fifo), name);
  }
  await create("a".repeat(80));
  await create(`${"a".repeat(75)}.fifo`, { FifoQueue: "true" });
  await create("__proto__");
  await assert.rejects(
    create("plain", { FifoQueue: "false" }), refusal("InvalidAttributeName", "Unknown Attribute FifoQueue."),
  );
});

test("attributes are kept within their ranges", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const queue = await createQueue(region, "ranges");
  const set = (name: string, value: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { [name]: value } }));
  const ranges: [QueueAttributeName, number, number][] = [
    ["VisibilityTimeout", 0, 43_200], ["MaximumMessageSize", 1024, 1_048_576], ["DelaySeconds", 0, 900],
    ["MessageRetentionPeriod", 60, 1_209_600], ["ReceiveMessageWaitTimeSeconds", 0, 20],
    ["KmsDataKeyReusePeriodSeconds", 60, 86_400],
  ];
  for (const [name, min, max] of ranges) {
    await set(name, String(min));
    await set(name, String(max));
    for (const value of [String(min - 1), String(max + 1), "", "x", "1.5", "1e3", " 60"]) {
      const expected = refusal("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
      await assert.rejects(set(name, value), expected, `${name}=${value}`);
    }
  }
  for (const value of ["yes", "TRUE", ""]) {
    await assert.rejects(
      set("SqsManagedSseEnabled", value),
      refusal("InvalidAttributeValue", "Invalid value for the parameter SqsManagedSseEnabled."),
    );
  }
  for (const value of ["{}", "[]", "text", '{"Version":"1999-01-01","Statement":[]}']) {
    await assert.rejects(
      set("Policy", value),
      refusal("InvalidAttributeValue", "Invalid value for the parameter Policy."),
      value,
    );
  }
});

test("setting attributes changes them, the time of change, and nothing else", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "settings");
  const before = await queue.attributes();
  await region.clock.advance({ seconds: 5 });
  await queue.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { DelaySeconds: "7" } }),
  );
  assert.deepEqual(
    await queue.attributes(), { ...before, DelaySeconds: "7", LastModifiedTimestamp: "1767225605" },
  );
});

test("a KMS key and encryption by SQS exclude each other", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "secret", { KmsMasterKeyId: "alias/aws/sqs" });
  const shown = await queue.attributes();
  assert.equal(shown["KmsMasterKeyId"], "alias/aws/sqs");
  assert.equal(shown["KmsDataKeyReusePeriodSeconds"], "300");
  assert.equal(shown["SqsManagedSseEnabled"], "false");
  await assert.rejects(
    queue.sqs.send(new SetQueueAttributesCommand({
      QueueUrl: queue.url, Attributes: { SqsManagedSseEnabled: "true" },
    })),
    refusal(
      "InvalidAttributeName",
      "You can use one type of server-side encryption (SSE) at one time. " +
        "You can either enable KMS SSE or SQS SSE.",
    ),
  );
  const back = { KmsMasterKeyId: "", SqsManagedSseEnabled: "true" };
  await queue.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: back }));
  assert.equal((await queue.attributes())["KmsMasterKeyId"], undefined);
});

test("the type of a queue cannot be changed, and high throughput needs groups", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "typed.fifo");
  const set = (Attributes: Record<string, string>) =>
    queue.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
  await assert.rejects(
    set({ FifoQueue: "false" }),
    refusal(
      "InvalidAttributeValue",
      "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    ),
  );
  await assert.rejects(
    set({ FifoThroughputLimit: "perMessageGroupId" }),
    refusal(
      "InvalidAttributeValue",
      "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to " +
        "perMessageGroupId, the DeduplicationScope must be messageGroup.",
    ),
  );
  await set({ FifoThroughputLimit: "perMessageGroupId", DeduplicationScope: "messageGroup" });
});

test("a queue's attributes are shown by name, and none without names", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "shown");
  const get = async (AttributeNames?: QueueAttributeName[]) =>
    (await queue.sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames }))).Attributes;
  assert.equal(await get(), undefined);
  assert.deepEqual(await get(["VisibilityTimeout", "Policy", "QueueArn"]), {
    QueueArn: queue.arn, VisibilityTimeout: "30",
  });
});

test("a deleted queue is gone at once, and its name is free after 60 seconds", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const queue = await createQueue(region, "brief");
  await queue.send("old");
  await sqs.send(new TagQueueCommand({ QueueUrl: queue.url, Tags: { a: "b" } }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
  const gone = refusal("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
  await assert.rejects(queue.send("lost"), gone);
  await assert.rejects(sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url })), gone);
  await assert.rejects(sqs.send(new GetQueueUrlCommand({ QueueName: "brief" })), gone);

  await region.clock.advance({ seconds: 59, milliseconds: 999 });
  await assert.rejects(
    sqs.send(new CreateQueueCommand({ QueueName: "brief" })),
    refusal(
      "AWS.SimpleQueueService.QueueDeletedRecently",
      "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    ),
  );
  await region.clock.advance({ milliseconds: 1 });
  const again = await createQueue(region, "brief");
  assert.deepEqual(await again.counts(), [0, 0, 0]);
  assert.equal((await sqs.send(new ListQueueTagsCommand({ QueueUrl: again.url }))).Tags, undefined);
});

test("a purge empties the queue at once, of hidden messages too, and once in 60 seconds", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "purged");
  await queue.send("in flight");
  const [held] = await queue.receive();
  await queue.send("delayed", { DelaySeconds: 60 });
  await queue.send("visible");
  assert.deepEqual(await queue.counts(), [1, 1, 1]);
  const purge = () => queue.sqs.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
  await purge();
  assert.deepEqual(await queue.counts(), [0, 0, 0]);
  await queue.delete(held);
  await queue.send("new");
  await assert.rejects(
    purge(),
    refusal(
      "AWS.SimpleQueueService.PurgeQueueInProgress",
      "Only one PurgeQueue operation on purged is allowed every 60 seconds.",
    ),
  );
  assert.deepEqual(await queue.bodies(), ["new"]);
  await region.clock.advance({ seconds: 60 });
  await purge();
});

test("queues are listed in pages and by prefix", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  assert.equal((await sqs.send(new ListQueuesCommand({}))).QueueUrls, undefined);
  for (const name of ["a1", "a2", "a3", "b1"]) await createQueue(region, name);
  const names = (urls: string[] | undefined) => urls?.map((url) => url.split("/").at(-1));
  const all = await sqs.send(new ListQueuesCommand({}));
  assert.deepEqual(names(all.QueueUrls), ["a1", "a2", "a3", "b1"]);
  const one = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "a", MaxResults: 2 }));
  assert.deepEqual(names(one.QueueUrls), ["a1", "a2"]);
  const two = await sqs.send(
    new ListQueuesCommand({ QueueNamePrefix: "a", MaxResults: 2, NextToken: one.NextToken }),
  );
  assert.deepEqual(names(two.QueueUrls), ["a3"]);
  assert.equal(two.NextToken, undefined);
  await assert.rejects(sqs.send(new ListQueuesCommand({ MaxResults: 2, NextToken: "made up" })), {
    message: "Invalid or expired next token.",
  });
  await assert.rejects(sqs.send(new ListQueuesCommand({ MaxResults: 1001 })), {
    message: "Value 1001 for parameter MaxResults is invalid. " +
      "Reason: MaxResults must be an integer between 1 and 1000.",
  });
});

test("a queue has at most 50 tags", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, "v"]));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "tagged", tags }));
  assert.deepEqual((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, tags);
  await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { k0: "w" } }));
  await assert.rejects(
    sqs.send(new TagQueueCommand({ QueueUrl, Tags: { more: "x" } })),
    refusal("InvalidParameterValue", "Too many tags added for queue tagged."),
  );
  await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: Object.keys(tags).slice(1) }));
  assert.deepEqual((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, { k0: "w" });
});

test("queue URLs of every form lead to the queue, and others are refused", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  await createQueue(region, "found");
  const path = "000000000000/found";
  for (const host of [
    "http://localhost:4566", "https://sqs.us-east-1.amazonaws.com", "http://sqs.us-east-1.localhost:4566",
    "https://us-east-1.queue.amazonaws.com", "https://queue.amazonaws.com",
    "http://127.0.0.1:9/queue/us-east-1",
    "http://sqs.us-east-1.localhost.localstack.cloud:4566", "",
  ]) {
    await sqs.send(new SendMessageCommand({ QueueUrl: `${host}/${path}`, MessageBody: host || "path" }));
  }
  for (const QueueUrl of [
    "found", "https://sqs.us-east-1.amazonaws.com/", "http://sqs.eu-west-1.amazonaws.com/" + path,
  ]) {
    await assert.rejects(
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })),
      refusal("InvalidAddress", `The address ${QueueUrl} is not valid for this endpoint.`),
    );
  }
});

test("queues of other regions and accounts are other queues", async () => {
  await using region = await startRegion();
  await createQueue(region, "here");
  const elsewhere = region.client(SQSClient, { region: "eu-west-1" });
  await assert.rejects(
    elsewhere.send(new GetQueueUrlCommand({ QueueName: "here" })), { name: "QueueDoesNotExist" },
  );
  const stranger = region.client(SQSClient, { credentials: region.root("111111111111") });
  assert.equal((await stranger.send(new ListQueuesCommand({}))).QueueUrls, undefined);
});

test("a long poll on a queue that is deleted meanwhile is refused", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "leaving");
  const poll = queue.sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 }));
  const refused = assert.rejects(poll, { name: "QueueDoesNotExist" });
  await region.settled();
  await queue.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
  await refused;
});
