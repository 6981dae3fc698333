import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  IAMClient,
  ListRolesCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, GetKeyPolicyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  CreateSecretCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { startRegion, type TestRegion } from "../../test/region.ts";

const account = "000000000000";
const rootArn = (id: string) => `arn:aws:iam::${id}:root`;
const userArn = (name: string) => `arn:aws:iam::${account}:user/${name}`;
const policyFor = (principal: unknown, more: object = {}): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: principal }, Action: "*", Resource: "*", ...more }],
  });
const trustIn = (principal: unknown): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole" }],
  });

interface Keeper {
  /** Makes a resource with the policy. */
  readonly put: (policy: string) => Promise<unknown>;
  readonly shown: () => Promise<string | undefined>;
  readonly refusal: { readonly name: string; readonly message: string };
  readonly policy: (principal: unknown) => string;
}

/** Everything that keeps policies, by the same few words. */
async function keepers(region: TestRegion): Promise<Record<string, Keeper>> {
  const [iam, kms] = [region.client(IAMClient), region.client(KMSClient)];
  const [secrets, sqs] = [region.client(SecretsManagerClient), region.client(SQSClient)];
  const RoleName = "trusting";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustIn(account) }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "queue" }));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId;
  await secrets.send(new CreateSecretCommand({ Name: "secret", SecretString: "x" }));
  return {
    iam: {
      policy: trustIn,
      put: (PolicyDocument) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })),
      shown: async () => {
        const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
        const { Roles } = await iam.send(new ListRolesCommand({}));
        const listed = Roles?.find((role) => role.RoleName === RoleName);
        assert.equal(listed?.AssumeRolePolicyDocument, Role?.AssumeRolePolicyDocument);
        return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
      },
      refusal: {
        name: "MalformedPolicyDocumentException",
        message: `Invalid principal in policy: "AWS":"${userArn("nobody")}"`,
      },
    },
    sqs: {
      policy: policyFor,
      put: (Policy) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } })),
      shown: async () => {
        const get = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["Policy"] });
        return (await sqs.send(get)).Attributes?.["Policy"];
      },
      refusal: { name: "InvalidAttributeValue", message: "Invalid value for the parameter Policy." },
    },
    kms: {
      policy: (principal) => policyFor([principal, rootArn(account)].flat()),
      put: (Policy) => kms.send(new PutKeyPolicyCommand({ KeyId, Policy })),
      shown: async () => (await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy,
      refusal: {
        name: "MalformedPolicyDocumentException",
        message: "Policy contains a statement with one or more invalid principals.",
      },
    },
    "secrets-manager": {
      policy: policyFor,
      put: (ResourcePolicy) =>
        secrets.send(new PutResourcePolicyCommand({ SecretId: "secret", ResourcePolicy })),
      shown: async () =>
        (await secrets.send(new GetResourcePolicyCommand({ SecretId: "secret" }))).ResourcePolicy,
      refusal: {
        name: "MalformedPolicyDocumentException",
        message: "This resource policy contains an unsupported principal.",
      },
    },
  };
}

for (const service of ["iam", "sqs", "kms", "secrets-manager"]) {
  test(`${service}: policies keep who somebody is, not what somebody is called`, async () => {
    await using region = await startRegion();
    const iam = region.client(IAMClient);
    const keeper = (await keepers(region))[service];
    assert.ok(keeper);
    const { put, shown, policy, refusal } = keeper;
    const create = () => iam.send(new CreateUserCommand({ UserName: "ana" }));

    await assert.rejects(put(policy(userArn("nobody"))), refusal);
    const { User: first } = await create();
    const spaced = policy(userArn("ana")).replaceAll(":[", ": [");
    await put(spaced);
    assert.equal(await shown(), spaced);

    await iam.send(new UpdateUserCommand({ UserName: "ana", NewPath: "/staff/", NewUserName: "anna" }));
    assert.equal(await shown(), spaced.replace("user/ana", "user/staff/anna"));
    await iam.send(new DeleteUserCommand({ UserName: "anna" }));
    await create();
    const orphaned = spaced.replace(userArn("ana"), first?.UserId ?? "");
    assert.equal(await shown(), orphaned);
    await assert.rejects(put(orphaned), { name: refusal.name });

    const { User: third } = await iam.send(new CreateUserCommand({ UserName: "cleo" }));
    await put(policy([third?.UserId, userArn("ana")]));
    assert.equal(await shown(), policy([userArn("cleo"), userArn("ana")]));
  });
}

test("the number of an account is kept as its root", async () => {
  await using region = await startRegion();
  for (const [service, { put, shown, policy }] of Object.entries(await keepers(region))) {
    await put(policy(["111122223333", rootArn(account)]));
    assert.equal(await shown(), policy([rootArn("111122223333"), rootArn(account)]), service);
  }
});

test("a trust does not pass to a namesake, nor does the policy of a resource", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const sqs = region.client(SQSClient);
  const sendAs = async (credentials: Parameters<TestRegion["client"]>[1], QueueUrl: string) => {
    const send = new SendMessageCommand({ QueueUrl, MessageBody: "x" });
    return region.client(SQSClient, credentials).send(send);
  };
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "queue" }));
  const ana = { credentials: await region.user("ana") };
  await iam.send(
    new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trustIn(userArn("ana")) }),
  );
  const RoleArn = `arn:aws:iam::${account}:role/worker`;
  const Policy = policyFor([userArn("ana"), RoleArn], { Action: "sqs:SendMessage", Resource: "*" });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));

  const assume = async (client: typeof ana) => {
    const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: "one" });
    const { Credentials } = await region.client(STSClient, client).send(command);
    assert.ok(Credentials?.AccessKeyId && Credentials.SecretAccessKey && Credentials.SessionToken);
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = Credentials;
    return { credentials: { accessKeyId, secretAccessKey, sessionToken: Credentials.SessionToken } };
  };
  await sendAs(ana, QueueUrl);
  await sendAs(await assume(ana), QueueUrl);

  await iam.send(new DeleteRoleCommand({ RoleName: "worker" }));
  await iam.send(
    new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trustIn(userArn("ana")) }),
  );
  const namesake = await assume(ana);
  await assert.rejects(sendAs(namesake, QueueUrl), { name: "AccessDenied" });

  const { accessKeyId: AccessKeyId } = ana.credentials;
  await iam.send(new DeleteAccessKeyCommand({ UserName: "ana", AccessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  const second = { credentials: await region.user("ana") };
  await assert.rejects(assume(second), { name: "AccessDenied" });
  await assert.rejects(sendAs(second, QueueUrl), { name: "AccessDenied" });
});

test("everyone is taken as it is written; sessions are those of a role", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const create = (RoleName: string, names: readonly string[]) =>
    iam.send(new CreateRoleCommand({ RoleName, Path: "/p/", AssumeRolePolicyDocument: trustIn(names) }));
  const session = `arn:aws:sts::${account}:assumed-role/worker/session`;
  const names = [rootArn("111122223333"), session, "*"];
  await assert.rejects(create("open", names), { name: "MalformedPolicyDocumentException" });
  const { Role: worker } = await create("worker", ["*"]);
  const { Role } = await create("open", names);
  assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""), trustIn(names));

  await iam.send(new DeleteRoleCommand({ RoleName: "worker" }));
  await create("worker", ["*"]);
  const { Role: shown } = await iam.send(new GetRoleCommand({ RoleName: "open" }));
  const orphaned = trustIn(names.map((name) => (name === session ? `${worker?.RoleId}:session` : name)));
  assert.equal(decodeURIComponent(shown?.AssumeRolePolicyDocument ?? ""), orphaned);
});
