import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddPermissionCommand, CreateQueueCommand, DeleteQueueCommand, GetQueueUrlCommand, ReceiveMessageCommand,
  RemovePermissionCommand, SendMessageBatchCommand, SendMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);

test("permissions are statements of the queue's policy", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "shared");
  const add = (Label: string, AWSAccountIds: string[], Actions: string[]) =>
    queue.sqs.send(new AddPermissionCommand({ QueueUrl: queue.url, Label, AWSAccountIds, Actions }));
  await add("both", ["000000000000", "111111111111"], ["ReceiveMessage"]);
  await add("one", ["111111111111"], ["SendMessage", "DeleteMessage"]);
  assert.deepEqual(JSON.parse((await queue.attributes())["Policy"] ?? ""), {
    Version: "2008-10-17",
    Id: `${queue.arn}/SQSDefaultPolicy`,
    Statement: [
      {
        Sid: "both",
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::000000000000:root", "arn:aws:iam::111111111111:root"] },
        Action: "SQS:ReceiveMessage",
        Resource: queue.arn,
      },
      {
        Sid: "one",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111111111111:root" },
        Action: ["SQS:SendMessage", "SQS:DeleteMessage"],
        Resource: queue.arn,
      },
    ],
  });
  await assert.rejects(
    add("one", ["111111111111"], ["SendMessage"]),
    invalid("Value one for parameter Label is invalid. Reason: Already exists."),
  );
  await assert.rejects(add("x", ["111111111111"], ["SendMessageBatch"]), invalid(
    "Value SQS:SendMessageBatch for parameter ActionName is invalid. Reason: " +
      "Please refer to the appropriate WSDL for a list of valid actions.",
  ));
  await assert.rejects(add("x", ["111111111111"], ["CreateQueue"]), invalid(
    "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: " +
      "Only the queue owner is allowed to invoke this action.",
  ));
  const remove = (Label: string) =>
    queue.sqs.send(new RemovePermissionCommand({ QueueUrl: queue.url, Label }));
  await remove("both");
  await assert.rejects(
    remove("both"), invalid("Value both for parameter Label is invalid. Reason: can't find label."),
  );
  await remove("one");
  assert.equal((await queue.attributes())["Policy"], undefined);
  for (let index = 0; index < 20; index += 1) await add(`l${index}`, ["111111111111"], ["SendMessage"]);
  await assert.rejects(
    add("more", ["111111111111"], ["SendMessage"]),
    refusal("OverLimit", "21 Statements were found, maximum allowed is 20."),
  );
});

test("another account uses a queue as its policy says, and only its owner governs it", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "ours");
  const stranger = region.client(SQSClient, { credentials: region.root("111111111111") });
  const send = () => stranger.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "hello" }));
  await assert.rejects(send(), { name: "AccessDenied" });
  await queue.sqs.send(new SetQueueAttributesCommand({
    QueueUrl: queue.url,
    Attributes: {
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "sqs:*", Resource: queue.arn },
        ],
      }),
    },
  }));
  await send();
  const found = await stranger.send(new GetQueueUrlCommand({
    QueueName: "ours", QueueOwnerAWSAccountId: "000000000000",
  }));
  assert.equal(found.QueueUrl, queue.url);
  const [message] = await queue.receive({ MessageSystemAttributeNames: ["SenderId"] });
  assert.deepEqual([message?.Body, message?.Attributes?.["SenderId"]], ["hello", "111111111111"]);
  await assert.rejects(stranger.send(new DeleteQueueCommand({ QueueUrl: queue.url })), {
    name: "AccessDenied", message: `Access to the resource ${queue.url} is denied.`,
  });
});

test("a user may do what policies allow, batches under the action of the single message", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "guarded");
  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: queue.arn }],
  });
  const sqs = region.client(SQSClient, { credentials: alice });
  const QueueUrl = queue.url;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", MessageBody: "two" }] }));
  await assert.rejects(sqs.send(new ReceiveMessageCommand({ QueueUrl })), refusal(
    "AccessDenied",
    "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: sqs:receivemessage " +
      `on resource: ${queue.arn} because no identity-based policy allows the sqs:receivemessage action`,
  ));
  await assert.rejects(
    sqs.send(new CreateQueueCommand({ QueueName: "other" })), { name: "AccessDenied" },
  );
});

test("tags on creation need the permission to tag", async () => {
  await using region = await startRegion();
  const bob = await region.user("bob", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:CreateQueue", Resource: "*" }],
  });
  const sqs = region.client(SQSClient, { credentials: bob });
  await sqs.send(new CreateQueueCommand({ QueueName: "plain" }));
  await assert.rejects(
    sqs.send(new CreateQueueCommand({ QueueName: "tagged", tags: { a: "b" } })), { name: "AccessDenied" },
  );
});

test("a denial's action is in lower case, also that of tags that a queue is made with", async () => {
  await using region = await startRegion();
  const credentials = await region.user("maker", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:CreateQueue", Resource: "*" }],
  });
  const create = new CreateQueueCommand({ QueueName: "tagged", tags: { a: "b" } });
  await assert.rejects(region.client(SQSClient, { credentials }).send(create), refusal(
    "AccessDenied",
    "User: arn:aws:iam::000000000000:user/maker is not authorized to perform: sqs:tagqueue on resource: " +
      "arn:aws:sqs:us-east-1:000000000000:tagged because no identity-based policy allows the sqs:tagqueue " +
      "action",
  ));
});
