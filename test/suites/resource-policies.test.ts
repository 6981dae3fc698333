/** What a resource's policy and an identity's decide together, shown on queues. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, type TestCredentials, type TestRegion } from "../region.ts";

const queueArn = "arn:aws:sqs:us-east-1:000000000000:jobs";

function document(...statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

const maySend = document({ Effect: "Allow", Action: "sqs:SendMessage", Resource: queueArn });

/** The queue lets this principal in. */
function letsIn(principal: string): string {
  return document({
    Effect: "Allow",
    Principal: { AWS: principal },
    Action: "sqs:SendMessage",
    Resource: queueArn,
  });
}

async function makeQueue(region: TestRegion, Policy?: string): Promise<string> {
  const { QueueUrl = "" } = await region
    .client(SQSClient)
    .send(
      new CreateQueueCommand({ QueueName: "jobs", ...(Policy !== undefined && { Attributes: { Policy } }) }),
    );
  return QueueUrl;
}

async function refusalOf(
  region: TestRegion,
  credentials: TestCredentials,
  QueueUrl: string,
): Promise<string> {
  try {
    await region
      .client(SQSClient, { credentials })
      .send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("iam-resource-policy-cross-account: both sides must let a user of another account in", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient, { credentials: region.root("111122223333") });
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  await iam.send(new CreateUserCommand({ UserName: "eve" }));
  const QueueUrl = await makeQueue(region, letsIn("arn:aws:iam::111122223333:user/bob"));
  await iam.send(new PutUserPolicyCommand({ UserName: "bob", PolicyName: "own", PolicyDocument: maySend }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bob" }));
  const bob = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const denied =
    "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sqs:sendmessage " +
    `on resource: ${queueArn} because no `;
  assert.equal(await refusalOf(region, bob, QueueUrl), "");

  await iam.send(new DeleteUserPolicyCommand({ UserName: "bob", PolicyName: "own" }));
  assert.equal(
    await refusalOf(region, bob, QueueUrl),
    `${denied}identity-based policy allows the sqs:sendmessage action`,
  );

  await iam.send(new PutUserPolicyCommand({ UserName: "bob", PolicyName: "own", PolicyDocument: maySend }));
  await region
    .client(SQSClient)
    .send(
      new SetQueueAttributesCommand({
        QueueUrl,
        Attributes: { Policy: letsIn("arn:aws:iam::111122223333:user/eve") },
      }),
    );
  assert.equal(
    await refusalOf(region, bob, QueueUrl),
    `${denied}resource-based policy allows the sqs:sendmessage action`,
  );
});

test("iam-permissions-boundary-not-limit-resource-policy: a user let in by name", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = await region.user("alice");
  await iam.send(
    new AttachUserPolicyCommand({
      UserName: "alice",
      PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
    }),
  );
  await iam.send(
    new PutUserPermissionsBoundaryCommand({
      UserName: "alice",
      PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    }),
  );
  const QueueUrl = await makeQueue(region);
  assert.match(await refusalOf(region, alice, QueueUrl), /because no permissions boundary allows the /);

  const byName = { Policy: letsIn("arn:aws:iam::000000000000:user/alice") };
  await region.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: byName }));
  assert.equal(await refusalOf(region, alice, QueueUrl), "");

  const byAccount = { Policy: letsIn("000000000000") };
  await region.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: byAccount }));
  assert.match(await refusalOf(region, alice, QueueUrl), /because no permissions boundary allows the /);
});
