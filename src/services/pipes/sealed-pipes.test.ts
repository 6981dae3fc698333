import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreatePipeCommand, DescribePipeCommand, PipesClient, UpdatePipeCommand,
} from "@aws-sdk/client-pipes";
import {
  CreateQueueCommand, DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const pipes = region.client(PipesClient);
const kms = region.client(KMSClient);
const sqs = region.client(SQSClient);
const iam = region.client(IAMClient);
const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const pipeArn = "arn:aws:pipes:us-east-1:000000000000:pipe/sealed";

for (const QueueName of ["in", "out"]) await sqs.send(new CreateQueueCommand({ QueueName }));
for (const RoleName of ["keyed", "keyless"]) {
  await iam.send(new CreateRoleCommand({
    RoleName, AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName, PolicyName: "move", PolicyDocument: JSON.stringify(allow("sqs:*")),
  }));
}
/** As the User Guide has it: the execution role may use the key for this pipe. */
const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [
  { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
  { Effect: "Allow", Principal: { AWS: roleArn("keyed") }, Action: "kms:DescribeKey", Resource: "*" },
  {
    Effect: "Allow", Principal: { AWS: roleArn("keyed") }, Resource: "*",
    Action: ["kms:GenerateDataKey", "kms:Decrypt"],
    Condition: { ArnLike: { "kms:EncryptionContext:aws:pipes:arn": [pipeArn] } },
  },
] });
const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Policy }));
const key = KeyMetadata?.Arn ?? "";

async function received(...bodies: string[]): Promise<string[]> {
  const url = async (QueueName: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
  for (const MessageBody of bodies) {
    await sqs.send(new SendMessageCommand({ QueueUrl: await url("in"), MessageBody }));
  }
  await region.settled();
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl: await url("out"), MaxNumberOfMessages: 10,
  }));
  for (const { ReceiptHandle } of Messages) {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: await url("out"), ReceiptHandle }));
  }
  return Messages.map(({ Body = "" }) => Body);
}

const input = {
  Name: "sealed", Source: queueArn("in"), Target: queueArn("out"), RoleArn: roleArn("keyed"),
  KmsKeyIdentifier: key,
  SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{"body":{"n":[{"numeric":[">",1]}]}}' }] } },
  TargetParameters: { InputTemplate: "number <$.body.n>" },
};

test("a pipe with a key moves as it is told, as long as the key serves", async () => {
  await pipes.send(new CreatePipeCommand(input));
  await region.clock.advance({ seconds: 4 });
  assert.deepEqual(await received('{"n":1}', '{"n":2}'), ["number 2"]);
  const shown = await pipes.send(new DescribePipeCommand({ Name: "sealed" }));
  assert.equal(shown.KmsKeyIdentifier, key);
  assert.deepEqual(shown.SourceParameters?.FilterCriteria, input.SourceParameters.FilterCriteria);
  assert.deepEqual(shown.TargetParameters, input.TargetParameters);
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  assert.deepEqual(await received('{"n":3}'), []);
  assert.equal(await refusal(pipes.send(new DescribePipeCommand({ Name: "sealed" }))),
    `ValidationException: KmsKeyIdentifier is not valid: ${key} is disabled.`);
  await kms.send(new EnableKeyCommand({ KeyId: key }));
  await region.clock.advance({ seconds: 30 });
  assert.deepEqual(await received(), ["number 3"]);
});

test("without a key a pipe's settings are what they were", async () => {
  await pipes.send(new UpdatePipeCommand({
    Name: "sealed", RoleArn: roleArn("keyed"), KmsKeyIdentifier: "",
  }));
  await region.clock.advance({ seconds: 4 });
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  const shown = await pipes.send(new DescribePipeCommand({ Name: "sealed" }));
  assert.equal(shown.KmsKeyIdentifier, undefined);
  assert.deepEqual(shown.TargetParameters, input.TargetParameters);
  assert.deepEqual(await received('{"n":4}'), ["number 4"]);
  await kms.send(new EnableKeyCommand({ KeyId: key }));
});

test("a role that may not use the key makes no pipe", async () => {
  const create = new CreatePipeCommand({ ...input, Name: "no", RoleArn: roleArn("keyless") });
  assert.match(await refusal(pipes.send(create)),
    /^ValidationException: KmsKeyIdentifier is not valid: User: arn:aws:sts::.* kms:DescribeKey on /);
  assert.equal(await refusal(pipes.send(new DescribePipeCommand({ Name: "no" }))),
    "NotFoundException: Pipe no does not exist.");
});
