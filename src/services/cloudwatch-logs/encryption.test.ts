import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AssociateKmsKeyCommand, CreateLogGroupCommand, DescribeLogGroupsCommand, DisassociateKmsKeyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const owner = {
  Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*",
};
const service = {
  Effect: "Allow", Principal: { Service: "logs.us-east-1.amazonaws.com" }, Resource: "*",
  Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
  Condition: {
    ArnLike: { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:000000000000:log-group:*" },
  },
};

async function makeKey(region: TestRegion, ...more: object[]): Promise<string> {
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: [owner, ...more] }),
  }));
  return KeyMetadata?.Arn ?? "";
}

test("logs-kms-group-level: a group's events lie under a key that lets the service in", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", [0, "plain"]);
  const closed = await makeKey(region);
  const refused = "InvalidParameterException: The specified KMS key does not exist or is not allowed " +
    "to be used with Arn 'arn:aws:logs:us-east-1:000000000000:log-group:";
  const associate = (kmsKeyId: string) =>
    app.logs.send(new AssociateKmsKeyCommand({ logGroupName: "app", kmsKeyId }));
  assert.equal(await refusal(associate(closed)), `${refused}app'`);
  assert.equal(
    await refusal(app.logs.send(new CreateLogGroupCommand({ logGroupName: "other", kmsKeyId: closed }))),
    `${refused}other'`,
  );

  const key = await makeKey(region, service);
  await associate(key);
  const { logGroups } = await app.logs.send(new DescribeLogGroupsCommand({}));
  assert.equal(logGroups?.[0]?.kmsKeyId, key);
  for (let index = 1; index < 40; index++) await app.put("s", [index, `secret ${index}`]);
  const messages = ["plain", ...Array.from({ length: 39 }, (_, index) => `secret ${index + 1}`)];
  assert.deepEqual(await app.messages("s"), messages);
  assert.deepEqual(await app.filter("secret"), messages.slice(1));

  await kms.send(new DisableKeyCommand({ KeyId: key }));
  assert.equal(await refusal(app.messages("s")), `InvalidParameterException: ${key} is disabled.`);
  assert.equal(await refusal(app.put("s", "more")), `InvalidParameterException: ${key} is disabled.`);
  await kms.send(new EnableKeyCommand({ KeyId: key }));

  await app.logs.send(new DisassociateKmsKeyCommand({ logGroupName: "app" }));
  await app.put("s", [100, "open again"]);
  assert.deepEqual(await app.messages("s"), [...messages, "open again"]);
});
