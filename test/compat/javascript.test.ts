/** The JavaScript SDK v3 over a socket, configured by an endpoint or by the environment. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  paginateListUsers,
  PutRolePolicyCommand,
  waitUntilUserExists,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import {
  GetParameterCommand,
  paginateGetParametersByPath,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { addRoleProfile, allow, packageFolder, startWorkstation, type Workstation } from "./clients.ts";

function settings({ endpoint }: Workstation) {
  return { endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
}

test("sdk-language-specific: JavaScript sends to and receives from a queue", async () => {
  await using station = await startWorkstation();
  const sqs = new SQSClient(settings(station));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  assert.equal(QueueUrl, `${station.endpoint}/000000000000/orders`);
  const polled = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: "héllo",
      MessageAttributes: { n: { DataType: "Number", StringValue: "1" } },
    }),
  );
  const { Messages: [message] = [] } = await polled;
  assert.equal(message?.Body, "héllo");
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
  await assert.rejects(
    sqs.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, MessageBody: "" })),
    (error) => error instanceof QueueDoesNotExist,
  );
});

test("parameters, keys and secrets over one connection each", async () => {
  await using station = await startWorkstation();
  const ssm = new SSMClient(settings(station));
  await ssm.send(new PutParameterCommand({ Name: "/app/password", Value: "hunter2", Type: "SecureString" }));
  const { Parameter } = await ssm.send(
    new GetParameterCommand({ Name: "/app/password", WithDecryption: true }),
  );
  assert.equal(Parameter?.Value, "hunter2");

  const kms = new KMSClient(settings(station));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const Plaintext = Buffer.from([0, 255]);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext }));
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual([...(opened.Plaintext ?? [])], [0, 255]);

  const secrets = new SecretsManagerClient(settings(station));
  await secrets.send(new CreateSecretCommand({ Name: "db", SecretBinary: Buffer.from([1, 2]) }));
  const { SecretBinary } = await secrets.send(new GetSecretValueCommand({ SecretId: "db" }));
  assert.deepEqual([...(SecretBinary ?? [])], [1, 2]);
});

test("paginators and waiters", async () => {
  await using station = await startWorkstation();
  const iam = new IAMClient(settings(station));
  const names = ["a", "b", "c"];
  for (const UserName of names) await iam.send(new CreateUserCommand({ UserName }));
  const { state } = await waitUntilUserExists({ client: iam, maxWaitTime: 10 }, { UserName: "c" });
  assert.equal(state, "SUCCESS");
  const seen: (string | undefined)[][] = [];
  for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, {})) {
    seen.push((page.Users ?? []).map((user) => user.UserName));
  }
  assert.deepEqual(seen, [["a", "b"], ["c"]]);

  const ssm = new SSMClient(settings(station));
  for (const name of names) {
    await ssm.send(new PutParameterCommand({ Name: `/list/${name}`, Value: name, Type: "String" }));
  }
  const values: (string | undefined)[] = [];
  for await (const page of paginateGetParametersByPath({ client: ssm, pageSize: 1 }, { Path: "/list" })) {
    values.push(...(page.Parameters ?? []).map((parameter) => parameter.Value));
  }
  assert.deepEqual(values, names);
});

test("a role's temporary credentials do what the role may", async () => {
  await using station = await startWorkstation();
  const iam = new IAMClient(settings(station));
  const trust = {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" },
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: "reader",
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "reader",
      PolicyName: "list",
      PolicyDocument: JSON.stringify(allow("sqs:ListQueues")),
    }),
  );
  const sts = new STSClient({
    ...settings(station),
    credentials: keyOf(await station.user("ana", allow("sts:AssumeRole"))),
  });
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "work" }),
  );
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  const sqs = new SQSClient({ ...settings(station), credentials });
  await sqs.send(new ListQueuesCommand({}));
  await assert.rejects(sqs.send(new CreateQueueCommand({ QueueName: "q" })), { name: "AccessDenied" });
});

function keyOf({ AccessKeyId, SecretAccessKey }: { AccessKeyId: string; SecretAccessKey: string }) {
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
}

test("a program with nothing but the environment and its files finds the region and its role", async () => {
  await using station = await startWorkstation();
  await addRoleProfile(station);
  const program = `
    import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
    const { Arn } = await new STSClient().send(new GetCallerIdentityCommand());
    console.log(Arn);
  `;
  const run = async (shell: Workstation): Promise<string> => {
    const { stdout, stderr } = await shell.run("node", ["--input-type=module", "-e", program], {
      folder: packageFolder,
    });
    return stdout.trim() || stderr;
  };
  const shell = station.with({ AWS_REGION: "us-east-1" });
  assert.equal(await run(shell), "arn:aws:iam::000000000000:root");
  assert.equal(await run(shell.anonymous()), "arn:aws:iam::000000000000:user/ana");
  assert.equal(
    await run(shell.anonymous().with({ AWS_PROFILE: "app" })),
    "arn:aws:sts::000000000000:assumed-role/app/work",
  );
});

test("what the SDK calls is in the event history with its user agent", async () => {
  await using station = await startWorkstation();
  await new STSClient(settings(station)).send(new GetCallerIdentityCommand({}));
  const { Events } = await new CloudTrailClient(settings(station)).send(
    new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "GetCallerIdentity" }],
    }),
  );
  const record = JSON.parse(Events?.[0]?.CloudTrailEvent ?? "{}") as { userAgent?: string };
  assert.match(record.userAgent ?? "", /^aws-sdk-js\/3\./);
});
