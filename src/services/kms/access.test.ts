import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAccessKeyCommand, CreateUserCommand, DeleteAccessKeyCommand, DeleteUserCommand, GetUserCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import {
  CreateGrantCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand, EncryptCommand,
  GenerateDataKeyCommand, GetKeyPolicyCommand, KMSClient, ListAliasesCommand, ListGrantsCommand,
  ListKeyPoliciesCommand, ListRetirableGrantsCommand, PutKeyPolicyCommand, RetireGrantCommand,
  RevokeGrantCommand, ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import * as tokens from "../../generated/kms.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const aliceArn = "arn:aws:iam::000000000000:user/alice";
const Plaintext = Buffer.from("x");

const root = {
  Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*",
};

function policy(...statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

test("the default key policy is AWS's, and leaves the key to the account's identity policies", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyId, Arn } = KeyMetadata ?? {};
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
  assert.equal(Policy, `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::000000000000:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`);
  assert.deepEqual((await kms.send(new ListKeyPoliciesCommand({ KeyId }))).PolicyNames, ["default"]);
  assert.equal(await refusal(kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "other" }))),
    "NotFoundException: No such policy exists");

  const statement = { Effect: "Allow", Action: "kms:Encrypt", Resource: Arn };
  const alice = await region.user("alice", { Version: "2012-10-17", Statement: [statement] });
  const asAlice = region.client(KMSClient, { credentials: alice });
  const { CiphertextBlob } = await asAlice.send(new EncryptCommand({ KeyId, Plaintext }));
  assert.equal(await refusal(asAlice.send(new DecryptCommand({ CiphertextBlob }))),
    `AccessDeniedException: User: ${aliceArn} is not authorized to perform: kms:Decrypt on resource: ${Arn} `
    + "because no identity-based policy allows the kms:Decrypt action");
});

test("a key policy that does not mention the account closes the key to identity policies", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const everything = { Effect: "Allow", Action: "kms:*", Resource: "*" };
  const alice = await region.user("alice", { Version: "2012-10-17", Statement: [everything] });
  await region.user("bob");
  const bob = {
    Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:user/bob" }, Action: "kms:*", Resource: "*",
  };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({
    Policy: policy(bob), BypassPolicyLockoutSafetyCheck: true,
  }));
  const { KeyId, Arn } = KeyMetadata ?? {};
  const asAlice = region.client(KMSClient, { credentials: alice });
  assert.equal(await refusal(asAlice.send(new EncryptCommand({ KeyId, Plaintext }))),
    `AccessDeniedException: User: ${aliceArn} is not authorized to perform: kms:Encrypt on resource: ${Arn} `
    + "because no resource-based policy allows the kms:Encrypt action");
  assert.match(await refusal(kms.send(new EncryptCommand({ KeyId, Plaintext }))), /^AccessDeniedException: /);
});

test("key policies that are malformed, name nobody, or lock their author out are refused", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId;
  const put = (Policy: string, rest: object = {}): Promise<string> =>
    refusal(kms.send(new PutKeyPolicyCommand({ KeyId, Policy, ...rest })));
  assert.match(await put("not json"), /^MalformedPolicyDocumentException: /);
  const nobody = { ...root, Principal: { AWS: "arn:aws:iam::000000000000:role/nobody" } };
  assert.equal(await put(policy(root, nobody)), "MalformedPolicyDocumentException: Policy contains a "
    + "statement with one or more invalid principals.");
  const reading = { ...root, Action: "kms:Describe*" };
  assert.equal(await put(policy(reading)), "MalformedPolicyDocumentException: The new key policy will not "
    + "allow you to update the key policy in the future.");
  assert.match(await refusal(kms.send(new CreateKeyCommand({ Policy: policy(reading) }))),
    /^MalformedPolicyDocumentException: The new key policy will not allow/);
  assert.equal(await put(policy(reading), { BypassPolicyLockoutSafetyCheck: true }), "no refusal");
  assert.match(await put(policy(root)), /^AccessDeniedException: /);
});

test("conditions of key policies see the encryption context and the way in", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  await region.user("bob");
  const alice = await region.user("alice");
  const limited = {
    Effect: "Allow", Principal: { AWS: aliceArn }, Action: "kms:Encrypt", Resource: "*",
    Condition: { StringEquals: { "kms:EncryptionContext:App": "shop", "kms:CallerAccount": "000000000000" } },
  };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Policy: policy(root, limited) }));
  const KeyId = KeyMetadata?.KeyId;
  const asAlice = region.client(KMSClient, { credentials: alice });
  await asAlice.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext: { App: "shop" } }));
  assert.match(
    await refusal(asAlice.send(new EncryptCommand({ KeyId, Plaintext }))), /^AccessDeniedException: /,
  );
  assert.match(
    await refusal(asAlice.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext: { App: "bank" } }))),
    /^AccessDeniedException: /,
  );
});

test("another account uses a key by its ARN when both sides allow it", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const other = region.client(KMSClient, { credentials: region.root("111111111111") });
  const closed = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn;
  const guests = {
    Effect: "Allow", Principal: { AWS: "111111111111" },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"],
    Resource: "*",
  };
  const open = (await kms.send(new CreateKeyCommand({ Policy: policy(root, guests) }))).KeyMetadata?.Arn;
  const { CiphertextBlob } = await other.send(new EncryptCommand({ KeyId: open, Plaintext }));
  assert.deepEqual(
    Buffer.from((await other.send(new DecryptCommand({ CiphertextBlob }))).Plaintext ?? []), Plaintext,
  );
  await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.equal(
    (await other.send(new DescribeKeyCommand({ KeyId: open }))).KeyMetadata?.AWSAccountId, "000000000000",
  );
  const missing = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555";
  for (const KeyId of [closed, missing]) {
    assert.equal(await refusal(other.send(new EncryptCommand({ KeyId, Plaintext }))),
      "AccessDeniedException: User: arn:aws:iam::111111111111:root is not authorized to perform: "
      + "kms:Encrypt on this resource because the resource does not exist in this Region, no resource-based "
      + "policies allow access, or a resource-based policy explicitly denies access");
  }
  const stranger = region.client(IAMClient, { credentials: region.root("111111111111") });
  await stranger.send(new CreateUserCommand({ UserName: "eve" }));
  const { AccessKey } = await stranger.send(new CreateAccessKeyCommand({ UserName: "eve" }));
  const eve = region.client(KMSClient, { credentials: {
    accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  } });
  const name =
    "AccessDeniedException: User: arn:aws:iam::111111111111:user/eve is not authorized to perform:";
  assert.equal(await refusal(eve.send(new DescribeKeyCommand({ KeyId: open }))),
    `${name} kms:DescribeKey on this resource because no identity-based policy allows the kms:DescribeKey `
    + "action");
  assert.equal(await refusal(eve.send(new DecryptCommand({ CiphertextBlob }))),
    `${name} kms:Decrypt on the resource associated with this ciphertext because no identity-based policy `
    + "allows the kms:Decrypt action");
  assert.match(
    await refusal(other.send(new ScheduleKeyDeletionCommand({ KeyId: open }))), /^AccessDeniedException: /,
  );
});

test("a grant lets its grantee in within its constraints, until it is retired or revoked", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const asAlice = region.client(KMSClient, { credentials: await region.user("alice") });
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const request = (context: Record<string, string>): Promise<string> =>
    refusal(
      asAlice.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", EncryptionContext: context })),
    );
  assert.match(await request({}), /^AccessDeniedException: /);
  const made = {
    KeyId, GranteePrincipal: aliceArn, RetiringPrincipal: aliceArn, Name: "work",
    Operations: ["GenerateDataKey", "DescribeKey"] as ("GenerateDataKey" | "DescribeKey")[],
    Constraints: { EncryptionContextSubset: { app: "shop" } },
  };
  const { GrantId, GrantToken } = await kms.send(new CreateGrantCommand(made));
  assert.equal((await kms.send(new CreateGrantCommand(made))).GrantId, GrantId);
  assert.equal(await request({ app: "shop", more: "yes" }), "no refusal");
  assert.match(await request({ app: "bank" }), /^AccessDeniedException: /);
  assert.match(await request({ App: "shop" }), /^AccessDeniedException: /);
  await asAlice.send(new DescribeKeyCommand({ KeyId, GrantTokens: [GrantToken ?? ""] }));
  assert.match(await refusal(asAlice.send(new DescribeKeyCommand({ KeyId, GrantTokens: ["junk"] }))),
    /^InvalidGrantTokenException: /);
  assert.match(await refusal(asAlice.send(new ListRetirableGrantsCommand({ RetiringPrincipal: aliceArn }))),
    /^AccessDeniedException: /);
  const retirable = await kms.send(new ListRetirableGrantsCommand({ RetiringPrincipal: aliceArn }));
  assert.deepEqual(retirable.Grants?.map((grant) => grant.GrantId), [GrantId]);

  await asAlice.send(new RetireGrantCommand({ GrantToken }));
  assert.match(await request({ app: "shop" }), /^AccessDeniedException: /);
  const second = await kms.send(
    new CreateGrantCommand({ KeyId, GranteePrincipal: aliceArn, Operations: ["Encrypt"] }),
  );
  assert.match(await refusal(asAlice.send(new RetireGrantCommand({ GrantToken: second.GrantToken }))),
    /^AccessDeniedException: /);
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId: second.GrantId }));
  assert.deepEqual((await kms.send(new ListGrantsCommand({ KeyId }))).Grants, []);
  assert.equal(await refusal(kms.send(new RevokeGrantCommand({ KeyId, GrantId: second.GrantId }))),
    `NotFoundException: Grant ID ${second.GrantId} not found`);
});

test("a grant stays with who has it, and does not pass to a namesake", async () => {
  await using region = await startRegion();
  const [kms, iam] = [region.client(KMSClient), region.client(IAMClient)];
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const grant = { KeyId, GranteePrincipal: aliceArn, Operations: ["DescribeKey"] as "DescribeKey"[] };
  assert.equal(await refusal(kms.send(new CreateGrantCommand(grant))),
    `InvalidArnException: ARN does not refer to a valid principal: ${aliceArn}`);
  const first = await region.user("alice");
  const { User } = await iam.send(new GetUserCommand({ UserName: "alice" }));
  await kms.send(new CreateGrantCommand({ ...grant, RetiringPrincipal: aliceArn }));
  const describe = (credentials: typeof first): Promise<string> =>
    refusal(region.client(KMSClient, { credentials }).send(new DescribeKeyCommand({ KeyId })));
  const list = async (GranteePrincipal?: string) =>
    (await kms.send(new ListGrantsCommand({ KeyId, GranteePrincipal }))).Grants?.map((entry) =>
      [entry.GranteePrincipal, entry.RetiringPrincipal]);
  assert.equal(await describe(first), "no refusal");
  assert.deepEqual(await list(aliceArn), [[aliceArn, aliceArn]]);

  await iam.send(new DeleteAccessKeyCommand({ UserName: "alice", AccessKeyId: first.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "alice" }));
  assert.match(await describe(await region.user("alice")), /^AccessDeniedException: /);
  assert.deepEqual(await list(), [[User?.UserId, User?.UserId]]);
  assert.deepEqual(await list(aliceArn), []);
  const gone = User?.UserId ?? "";
  assert.equal(await refusal(list(gone)),
    "InvalidArnException: Input does not refer to a valid principal");
  assert.equal(await refusal(kms.send(new CreateGrantCommand({ ...grant, GranteePrincipal: gone }))),
    "InvalidArnException: GranteePrincipal does not refer to a valid principal.");
  assert.equal(await refusal(kms.send(new ListRetirableGrantsCommand({ RetiringPrincipal: gone }))),
    `NotFoundException: Retiring principal ${gone} could not be found`);
});

test("whoever may grant by virtue of a grant cannot grant more than it", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const asAlice = region.client(KMSClient, { credentials: await region.user("alice") });
  await region.user("bob");
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  await kms.send(new CreateGrantCommand({
    KeyId, GranteePrincipal: aliceArn, Operations: ["CreateGrant", "Encrypt"],
    Constraints: { EncryptionContextEquals: { app: "shop" } },
  }));
  const grant = (input: object): Promise<string> => refusal(asAlice.send(new CreateGrantCommand({
    KeyId, GranteePrincipal: "arn:aws:iam::000000000000:user/bob", Operations: ["Encrypt"], ...input,
  })));
  assert.equal(await grant({ Constraints: { EncryptionContextEquals: { app: "shop" } } }), "no refusal");
  assert.match(await grant({}), /^AccessDeniedException: /);
  assert.match(
    await grant({ Constraints: { EncryptionContextSubset: { app: "shop" } } }), /^AccessDeniedException: /,
  );
  const wider = { Operations: ["Decrypt"], Constraints: { EncryptionContextEquals: { app: "shop" } } };
  assert.match(await grant(wider), /^AccessDeniedException: /);
});

test("an AWS managed key comes into being when it is looked at, and is for its service only", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/ssm" }));
  assert.equal(KeyMetadata?.KeyManager, "AWS");
  assert.equal(KeyMetadata?.Description, "Default key that protects my SSM parameters when no other key is "
    + "defined");
  const { Aliases } = await kms.send(new ListAliasesCommand({}));
  assert.deepEqual(
    Aliases?.map((alias) => [alias.AliasName, alias.TargetKeyId]), [["alias/aws/ssm", KeyMetadata?.KeyId]],
  );
  assert.equal(
    (await kms.send(new DescribeKeyCommand({ KeyId: KeyMetadata?.KeyId }))).KeyMetadata?.Arn,
    KeyMetadata?.Arn,
  );
  assert.match(await refusal(kms.send(new EncryptCommand({ KeyId: "alias/aws/ssm", Plaintext }))),
    /^AccessDeniedException: /);
  assert.match(await refusal(kms.send(new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata?.KeyId }))),
    /^AccessDeniedException: /);
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: KeyMetadata?.KeyId }));
  const { Statement } = JSON.parse(Policy ?? "") as { Statement: { Condition?: unknown }[] };
  assert.deepEqual(Statement[0]?.Condition, {
    StringEquals: { "kms:CallerAccount": "000000000000", "kms:ViaService": "ssm.us-east-1.amazonaws.com" },
  });
});

test("a service encrypts under its AWS managed key, and no other service does", async () => {
  await using region = await startRegion();
  const cell = { account: "000000000000", region: "us-east-1" };
  const ssm = region.engine.jobContext("ssm.test", cell);
  const { CiphertextBlob, KeyId } = await ssm.call(tokens.Encrypt, { KeyId: "alias/aws/ssm", Plaintext });
  const opened = await ssm.call(tokens.Decrypt, { CiphertextBlob });
  assert.deepEqual(opened.Plaintext, Plaintext);
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/ssm" }));
  assert.equal(KeyMetadata?.Arn, KeyId);
  const sqs = region.engine.jobContext("sqs.test", cell);
  assert.match(await refusal(sqs.call(tokens.Decrypt, { CiphertextBlob })), /^AccessDeniedException: /);
});
