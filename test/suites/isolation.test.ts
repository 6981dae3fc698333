/** Accounts and regions are apart: what is in one is neither seen nor changed from another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion, type TestRegion } from "../region.ts";
import { tableInput } from "./listings.ts";
import { functionMembers } from "./paging-lambda.ts";
import { asking, making, type Make } from "./making.ts";
import { builtOperations, builtServices, isBuiltOperation, titleOf } from "./services.ts";
import { client } from "./wire.ts";

/** What is made is named so, and nothing else is: wherever the name shows, something was seen. */
const mark = "isolated-mark";

const documents = {
  trust: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
  }),
  firehose: JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "firehose.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  }),
  policy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  }),
};

/** Makes one of each. Calls of services that are not built are left out. */
async function fill(make: Make): Promise<void> {
  const Tags = [{ Key: mark, Value: mark }];
  const calls: readonly [string, Readonly<Record<string, unknown>>][] = [
    ["iam:CreateUser", { UserName: mark, Tags }],
    ["iam:CreateGroup", { GroupName: mark }],
    ["iam:CreateRole", { RoleName: mark, AssumeRolePolicyDocument: documents.trust }],
    ["iam:CreatePolicy", { PolicyName: mark, PolicyDocument: documents.policy }],
    ["iam:CreateInstanceProfile", { InstanceProfileName: mark }],
    ["iam:CreateAccountAlias", { AccountAlias: mark }],
    ["iam:CreateVirtualMFADevice", { VirtualMFADeviceName: mark }],
    ["iam:CreateOpenIDConnectProvider", { Url: `https://${mark}.example.com` }],
    ["sqs:CreateQueue", { QueueName: mark, tags: { [mark]: mark } }],
    ["sns:CreateTopic", { Name: mark, Tags }],
    ["ssm:PutParameter", { Name: mark, Value: mark, Type: "String" }],
    ["secrets-manager:CreateSecret", { Name: mark, SecretString: mark }],
    ["s3:CreateBucket", { Bucket: mark }],
    ["dynamodb:CreateTable", tableInput(mark)],
    ["lambda:PublishLayerVersion", { LayerName: mark, Content: functionMembers.Code }],
    ["cloudwatch-logs:CreateLogGroup", { logGroupName: mark }],
    ["kinesis:CreateStream", { StreamName: mark, ShardCount: 1 }],
    ["iam:CreateRole", { RoleName: `${mark}-firehose`, AssumeRolePolicyDocument: documents.firehose }],
    ["firehose:CreateDeliveryStream", {
      DeliveryStreamName: mark,
      S3DestinationConfiguration: {
        RoleARN: `arn:aws:iam::000000000000:role/${mark}-firehose`, BucketARN: `arn:aws:s3:::${mark}`,
      },
    }],
    ["eventbridge:PutRule", { Name: mark, EventPattern: '{"source":["x"]}' }],
    ["eventbridge:CreateEventBus", { Name: mark }],
    ["schemas:CreateRegistry", { RegistryName: mark }],
    ["scheduler:CreateScheduleGroup", { Name: mark }],
    ["pipes:CreatePipe", {
      Name: mark, DesiredState: "STOPPED", RoleArn: "arn:aws:iam::000000000000:role/piper",
      Source: "arn:aws:sqs:us-east-1:000000000000:from", Target: "arn:aws:sqs:us-east-1:000000000000:to",
    }],
    [
      "cloudwatch:PutMetricAlarm",
      {
        AlarmName: mark, Namespace: mark, MetricName: mark, Statistic: "Sum", Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1, ComparisonOperator: "GreaterThanThreshold",
      },
    ],
  ];
  for (const [operation, input] of calls) if (isBuiltOperation(operation)) await make(operation, input);
  if (!isBuiltOperation("kms:CreateKey")) return;
  const { KeyMetadata } = await make("kms:CreateKey", {
    Description: mark,
    Tags: [{ TagKey: mark, TagValue: mark }],
  });
  await make("kms:CreateAlias", {
    AliasName: `alias/${mark}`,
    TargetKeyId: (KeyMetadata as { KeyId: string }).KeyId,
  });
}

/** STS has nothing, and S3 Control wants to be told whose things are listed. */
const withoutLists: ReadonlySet<string> = new Set(["sts", "s3-control"]);

/** Operations that list without being told what. */
const lists = builtOperations.filter(
  ({ name, model, operationModel }) =>
    /^(List|Lookup|Describe|Get)/.test(name) &&
    (model.shapes[operationModel.input?.shape ?? ""]?.required ?? []).length === 0,
);

/** Which lists show the mark to these credentials in this region. */
async function seenBy(region: TestRegion, account: string, awsRegion: string): Promise<string[]> {
  const seen: string[] = [];
  for (const each of lists) {
    const { text, status } = await client(region, region.root(account), awsRegion).call(each, {});
    if (status < 300 && text.includes(mark)) seen.push(titleOf(each));
  }
  return seen.sort();
}

test("another account sees nothing of this one", async () => {
  await using region = await startRegion();
  await fill(making(region));
  const seen = await seenBy(region, "000000000000", "us-east-1");
  const services = new Set(seen.map((title) => title.split(":", 1)[0]));
  for (const { entry } of builtServices) {
    if (withoutLists.has(entry.service)) continue;
    assert.ok(services.has(entry.service), `nothing lists ${entry.service}`);
  }
  assert.deepEqual(await seenBy(region, "111122223333", "us-east-1"), []);
  assert.deepEqual(await seenBy(region, "111122223333", "eu-west-1"), []);
});

test("regions-console-scoped: regions do not see each other's, IAM and lists of buckets apart", async () => {
  await using region = await startRegion();
  await fill(making(region));
  const elsewhere = await seenBy(region, "000000000000", "eu-west-1");
  const global = new Set(builtServices.filter(({ entry }) => entry.global).map(({ entry }) => entry.service));
  // Every region lists all buckets of an account.
  global.add("s3");
  assert.deepEqual(
    elsewhere.filter((title) => !global.has(title.split(":", 1)[0] ?? "")),
    [],
  );
  const here = await seenBy(region, "000000000000", "us-east-1");
  assert.deepEqual(
    elsewhere,
    here.filter((title) => global.has(title.split(":", 1)[0] ?? "")),
  );
});

test("regions-multiple-worldwide: every region answers, and keeps its own under the same names", async () => {
  await using region = await startRegion();
  for (const awsRegion of ["us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1"]) {
    const make = making(region, undefined, awsRegion);
    const { KeyMetadata } = await make("kms:CreateKey", { Description: awsRegion });
    await make("kms:CreateAlias", {
      AliasName: "alias/same",
      TargetKeyId: (KeyMetadata as { KeyId: string }).KeyId,
    });
    const found = (await make("kms:DescribeKey", { KeyId: "alias/same" }))["KeyMetadata"] as {
      Arn: string;
      Description: string;
    };
    assert.equal(found.Description, awsRegion);
    assert.ok(found.Arn.startsWith(`arn:aws:kms:${awsRegion}:000000000000:key/`));
  }
});

test("regions-no-implicit-data-flow: data stays in its region until somebody moves it", async () => {
  await using region = await startRegion();
  const here = making(region);
  const there = asking(region, undefined, "eu-west-1");
  const { KeyMetadata } = await here("kms:CreateKey", {});
  const { KeyId } = KeyMetadata as { KeyId: string };
  assert.equal((await there("kms:DescribeKey", { KeyId })).code, "NotFoundException");
  const { CiphertextBlob } = await here("kms:Encrypt", { KeyId, Plaintext: Buffer.from("x") });
  const elsewhere = await there("kms:Decrypt", {
    CiphertextBlob: Buffer.from(String(CiphertextBlob), "base64"),
  });
  assert.ok(elsewhere.status >= 400, elsewhere.text);
  if (isBuiltOperation("sqs:SendMessage")) {
    const { QueueUrl } = await here("sqs:CreateQueue", { QueueName: "same" });
    const other = await making(region, undefined, "eu-west-1")("sqs:CreateQueue", { QueueName: "same" });
    await here("sqs:SendMessage", { QueueUrl, MessageBody: "only here" });
    assert.equal(
      (await there("sqs:ReceiveMessage", { QueueUrl: other["QueueUrl"] })).text.includes("only here"),
      false,
    );
    assert.match((await asking(region)("sqs:ReceiveMessage", { QueueUrl })).text, /only here/);
  }
  if (isBuiltOperation("ssm:PutParameter")) {
    await here("ssm:PutParameter", { Name: "same", Value: "x", Type: "String" });
    assert.equal((await there("ssm:GetParameter", { Name: "same" })).code, "ParameterNotFound");
  }
  if (isBuiltOperation("secrets-manager:CreateSecret")) {
    await here("secrets-manager:CreateSecret", { Name: "same", SecretString: "x" });
    assert.equal(
      (await there("secrets-manager:GetSecretValue", { SecretId: "same" })).code,
      "ResourceNotFoundException",
    );
  }
});
