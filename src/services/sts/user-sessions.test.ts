import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import {
  CreateRoleCommand, CreateVirtualMFADeviceCommand, EnableMFADeviceCommand, IAMClient, 
  ListUsersCommand, PutRolePolicyCommand, PutUserPolicyCommand, UpdateUserCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand, GetAccessKeyInfoCommand, GetCallerIdentityCommand, GetFederationTokenCommand,
  GetSessionTokenCommand, STSClient, type Credentials,
} from "@aws-sdk/client-sts";
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { allow } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";

const serial = "arn:aws:iam::000000000000:mfa/phone";

function credentialsOf(answer: Credentials | undefined) {
  return {
    accessKeyId: answer?.AccessKeyId ?? "", secretAccessKey: answer?.SecretAccessKey ?? "",
    sessionToken: answer?.SessionToken ?? "",
  };
}

/** What an authenticator application does with the seed. */
function authenticator(seed: Uint8Array): (milliseconds: number) => string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...Buffer.from(seed).toString()]
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  return (milliseconds) => {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 30_000)));
    const digest = createHmac("sha1", key).update(counter).digest();
    const number = digest.readUInt32BE(digest.readUInt8(19) & 15) & 0x7f_ff_ff_ff;
    return String(number % 1_000_000).padStart(6, "0");
  };
}

/** Alice with an enabled device; the application shows its codes. */
async function withDevice(region: TestRegion, policy: object) {
  const iam = region.client(IAMClient);
  const alice = await region.user("alice", policy);
  const { VirtualMFADevice } =
    await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "phone" }));
  const codeAt = authenticator(VirtualMFADevice?.Base32StringSeed ?? new Uint8Array());
  const now = region.clock.now();
  await iam.send(new EnableMFADeviceCommand({
    UserName: "alice", SerialNumber: serial, AuthenticationCode1: codeAt(now - 30_000),
      AuthenticationCode2: codeAt(now),
  }));
  return { alice, code: () => codeAt(region.clock.now()), codeAt };
}

const onlyWithMfa = {
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow", Action: ["iam:ListUsers", "sts:AssumeRole"], Resource: "*",
    Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } },
  }],
};
const wrongCode = ["AccessDenied",
  "MultiFactorAuthentication failed with invalid MFA one time pass code. ", 403];

test("sts-mfa-get-session-token: what needs MFA works with a session that was made with a code", async () => {
  await using region = await startRegion();
  const { alice, code } = await withDevice(region, onlyWithMfa);
  const sts = region.client(STSClient, { credentials: alice });
  const list = async (credentials: typeof alice) =>
    region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  assert.equal((await refusal(list(alice)))[0], "AccessDenied");
  const without = await sts.send(new GetSessionTokenCommand({}));
  assert.equal((await refusal(list(credentialsOf(without.Credentials))))[0], "InvalidClientTokenId");
  await region.clock.advance({ seconds: 30 });
  const TokenCode = code();
  const wrong = TokenCode === "000000" ? "000001" : "000000";
  const get = (more: object) =>
    sts.send(new GetSessionTokenCommand({ SerialNumber: serial, TokenCode, ...more }));
  assert.deepEqual(await refusal(get({ TokenCode: wrong })), wrongCode);
  const { Credentials } = await get({ DurationSeconds: 3_600 });
  assert.deepEqual(Credentials?.Expiration, new Date("2026-01-01T01:00:30Z"));
  await list(credentialsOf(Credentials));
  await region.clock.advance({ hours: 1 });
  assert.deepEqual(await refusal(list(credentialsOf(Credentials))),
    ["ExpiredToken", "The security token included in the request is expired", 403]);
});

test("A code counts once, near its time, and with its device", async () => {
  await using region = await startRegion();
  const { alice, codeAt } = await withDevice(region, onlyWithMfa);
  const now = region.clock.now();
  const get = (TokenCode: string, options: object = {}, SerialNumber = serial) =>
    region.client(STSClient, { credentials: alice, ...options })
      .send(new GetSessionTokenCommand({ SerialNumber, TokenCode }));
  assert.deepEqual(await refusal(get(codeAt(now))), wrongCode, "it enabled the device");
  await get(codeAt(now + 30_000));
  assert.deepEqual(await refusal(get(codeAt(now + 30_000))), wrongCode);
  assert.deepEqual(await refusal(get(codeAt(now + 30_000), { region: "eu-west-1" })), wrongCode);
  assert.deepEqual(await refusal(get(codeAt(now + 60_000))), wrongCode);
  await region.clock.advance({ minutes: 10 });
  await get(codeAt(now + 600_000 - 30_000));
  assert.deepEqual(await refusal(get(codeAt(now + 600_000 - 60_000))), wrongCode);
  assert.deepEqual(await refusal(get(codeAt(now + 600_000), {}, "arn:aws:iam::000000000000:user/alice")), [
    "AccessDenied",
      "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial "
    + "number is valid and associated with this user.", 403]);
  const bob = await region.user("bob");
  assert.deepEqual(await refusal(get(codeAt(now + 600_000), { credentials: bob })), wrongCode);
  const half = region.client(STSClient, { credentials: alice }).send(
    new GetSessionTokenCommand({ SerialNumber: serial }));
  assert.deepEqual(await refusal(half),
    ["AccessDenied", "MultiFactorAuthentication failed, must provide both MFA "
    + "serial number and one time pass code. Missing TokenCode.", 403]);
});

test("A trust policy may ask for MFA", async () => {
  await using region = await startRegion();
  const { alice, code } = await withDevice(region, allow("sts:AssumeRole"));
  const iam = region.client(IAMClient);
  await iam.send(new CreateRoleCommand({
    RoleName: "careful",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole",
        Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } },
      }],
    }),
  }));
  const PolicyDocument = JSON.stringify(allow("iam:ListUsers"));
  await iam.send(new PutRolePolicyCommand({ RoleName: "careful", PolicyName: "inline", PolicyDocument }));
  const assume = (more: object = {}) =>
    region.client(STSClient, { credentials: alice }).send(new AssumeRoleCommand({
    RoleArn: "arn:aws:iam::000000000000:role/careful", RoleSessionName: "work", ...more,
  }));
  assert.equal((await refusal(assume()))[0], "AccessDenied");
  await region.clock.advance({ seconds: 30 });
  const { Credentials } = await assume({ SerialNumber: serial, TokenCode: code() });
  await region.client(IAMClient, { credentials: credentialsOf(Credentials) }).send(new ListUsersCommand({}));
  assert.deepEqual(await refusal(assume({ SerialNumber: serial, TokenCode: code() })), wrongCode);
});

test("Sessions can't get sessions of users", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow("*"));
  const sts = region.client(STSClient, { credentials: alice });
  const { Credentials } = await sts.send(new GetSessionTokenCommand({}));
  assert.deepEqual(Credentials?.Expiration, new Date("2026-01-01T12:00:00Z"));
  const asSession = region.client(STSClient, { credentials: credentialsOf(Credentials) });
  assert.deepEqual(await refusal(asSession.send(new GetSessionTokenCommand({}))),
    ["AccessDenied", "Cannot call GetSessionToken with session credentials", 403]);
  assert.deepEqual(await refusal(asSession.send(new GetFederationTokenCommand({ Name: "bob" }))),
    ["AccessDenied", "Cannot call GetFederationToken with session credentials", 403]);
  const { Arn } = await asSession.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, "arn:aws:iam::000000000000:user/alice");
});

test("Root's sessions last an hour", async () => {
  await using region = await startRegion();
  const { Credentials } =
    await region.client(STSClient).send(new GetSessionTokenCommand({ DurationSeconds: 7_200 }));
  assert.deepEqual(Credentials?.Expiration, new Date("2026-01-01T01:00:00Z"));
  const asRoot = region.client(STSClient, { credentials: credentialsOf(Credentials) });
  const { Arn } = await asRoot.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, "arn:aws:iam::000000000000:root");
});

test("sts-session-policies-limit: a federated user may what its creator and the passed policy allow",
  async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow(["sts:GetFederationToken", "sqs:ListQueues"]));
  const sts = region.client(STSClient, { credentials: alice });
  const federate = async (Policy?: string) => {
    const answer = await sts.send(new GetFederationTokenCommand({ Name: "visitor", Policy }));
    assert.deepEqual(answer.FederatedUser, {
      FederatedUserId: "000000000000:visitor", Arn: "arn:aws:sts::000000000000:federated-user/visitor",
    });
    return credentialsOf(answer.Credentials);
  };
  const both = await federate(JSON.stringify(allow("sqs:*")));
  const sqs = region.client(SQSClient, { credentials: both });
  await sqs.send(new ListQueuesCommand({}));
  assert.equal((await refusal(sqs.send(new CreateQueueCommand({ QueueName: "q" }))))[0], "AccessDenied");
  const none = region.client(SQSClient, { credentials: await federate() });
  assert.equal((await refusal(none.send(new ListQueuesCommand({}))))[0], "AccessDenied");
  const { Arn } =
    await region.client(STSClient, { credentials: both }).send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, "arn:aws:sts::000000000000:federated-user/visitor");
  const bob = await region.user("bob");
  const refused = await refusal(region.client(STSClient, { credentials: bob })
    .send(new GetFederationTokenCommand({ Name: "visitor" })));
  assert.deepEqual(refused,
    ["AccessDenied", "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: "
    + "sts:GetFederationToken on resource: arn:aws:sts::000000000000:federated-user/visitor because no "
    + "identity-based policy allows the sts:GetFederationToken action", 403]);
});

test("a federated user is bound to who let it in, whatever that user is called", async () => {
  await using region = await startRegion();
  const policy = allow(["sts:GetFederationToken", "sqs:ListQueues"]);
  const sts = region.client(STSClient, { credentials: await region.user("alice", policy) });
  const Policy = JSON.stringify(allow("sqs:*"));
  const { Credentials } = await sts.send(new GetFederationTokenCommand({ Name: "visitor", Policy }));
  const sqs = region.client(SQSClient, { credentials: credentialsOf(Credentials) });
  const iam = region.client(IAMClient);
  await iam.send(new UpdateUserCommand({ UserName: "alice", NewUserName: "alina" }));
  await region.user("alice");
  await sqs.send(new ListQueuesCommand({}));
  await iam.send(new PutUserPolicyCommand({
    UserName: "alina", PolicyName: "inline", PolicyDocument: JSON.stringify(allow("sts:*")),
  }));
  assert.equal((await refusal(sqs.send(new ListQueuesCommand({}))))[0], "AccessDenied");
});

test("federated users of one name may what each one's own creator may", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow(["sts:GetFederationToken", "sqs:ListQueues"]));
  const bob = await region.user("bob", allow("sts:GetFederationToken"));
  const listAsVisitor = async (of: typeof alice) => {
    const sts = region.client(STSClient, { credentials: of });
    const Policy = JSON.stringify(allow("sqs:ListQueues"));
    const { Credentials } = await sts.send(new GetFederationTokenCommand({ Name: "visitor", Policy }));
    const credentials = credentialsOf(Credentials);
    return region.client(SQSClient, { credentials }).send(new ListQueuesCommand({}));
  };
  await listAsVisitor(alice);
  assert.equal((await refusal(listAsVisitor(bob)))[0], "AccessDenied");
});

test("whom root vouches for may do what the session's policies say, and nothing else", async () => {
  await using region = await startRegion();
  await region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "q" }));
  const made = await region.client(STSClient).send(
    new GetFederationTokenCommand({ Name: "guest", Policy: JSON.stringify(allow("sqs:ListQueues")) }),
  );
  const sqs = region.client(SQSClient, { credentials: credentialsOf(made.Credentials) });
  assert.equal((await sqs.send(new ListQueuesCommand({}))).QueueUrls?.length, 1);
  assert.equal((await refusal(sqs.send(new CreateQueueCommand({ QueueName: "r" }))))[0], "AccessDenied");
});

test("A federated user can't assume roles, and needs sts:TagSession to be tagged", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow(["sts:GetFederationToken", "sts:AssumeRole"]));
  const sts = region.client(STSClient, { credentials: alice });
  const tagged = await refusal(sts.send(new GetFederationTokenCommand({
    Name: "visitor", Tags: [{ Key: "team", Value: "blue" }],
  })));
  assert.equal(tagged[0], "AccessDenied");
  const RoleArn = "arn:aws:iam::000000000000:role/open";
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "open",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
    }),
  }));
  const { Credentials } = await sts.send(new GetFederationTokenCommand({
    Name: "visitor", Policy: JSON.stringify(allow("*")),
  }));
  const visitor = region.client(STSClient, { credentials: credentialsOf(Credentials) });
  const refused = await refusal(visitor.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "work" })));
  assert.deepEqual(refused, ["AccessDenied", "User: arn:aws:sts::000000000000:federated-user/visitor is not "
    + `authorized to perform: sts:AssumeRole on resource: ${RoleArn}`, 403]);
});

test("An access key tells its account", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice");
  const { Account } = await region.client(STSClient)
    .send(new GetAccessKeyInfoCommand({ AccessKeyId: alice.accessKeyId }));
  assert.equal(Account, "000000000000");
});

test("IAM lets sessions without MFA and federated users in only to refuse them", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow("*"));
  const sts = region.client(STSClient, { credentials: alice });
  const { Credentials: plain } = await sts.send(new GetSessionTokenCommand({}));
  const everything = JSON.stringify(allow("*"));
  const { Credentials: federated } = await sts.send(
    new GetFederationTokenCommand({ Name: "guest", Policy: everything }),
  );
  for (const session of [plain, federated]) {
    const iam = region.client(IAMClient, { credentials: credentialsOf(session) });
    assert.deepEqual(await refusal(iam.send(new ListUsersCommand({}))), [
      "InvalidClientTokenId", "The security token included in the request is invalid.", 403,
    ]);
  }
});
