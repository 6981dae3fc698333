import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LookupEventsCommand, PutEventSelectorsCommand, StartLoggingCommand,
} from "@aws-sdk/client-cloudtrail";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, DescribeLogStreamsCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, EncryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { bucket, trailFixture } from "./trail-fixture.ts";

const region = await startRegion();
test.after(() => region.stop());
const it = await trailFixture(region, JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" },
    Action: ["s3:GetBucketAcl", "s3:PutObject"],
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  }],
}));
const iam = region.client(IAMClient);

async function recorded(EventName: string) {
  const { Events: [event] = [] } = await it.cloudtrail.send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: EventName }],
  }));
  const record = JSON.parse(event?.CloudTrailEvent ?? "{}") as {
    readonly readOnly: boolean;
    readonly responseElements: { readonly assumedRoleUser?: { readonly arn: string } } | null;
  };
  return { ...record, shown: event?.ReadOnly };
}

test("assuming a role and encrypting are recorded as reading, and no part of what writes", async () => {
  const credentials = await region.user("ana", allow("sts:AssumeRole"));
  await it.create("writes");
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "writes", EventSelectors: [{ ReadWriteType: "WriteOnly" }],
  }));
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "writes" }));
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "app", AssumeRolePolicyDocument: trust("000000000000"),
  }));
  const sts = region.client(STSClient, { credentials });
  await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "work" }));
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from("x") }));
  const assumed = await recorded("AssumeRole");
  assert.deepEqual([assumed.readOnly, assumed.shown], [true, "true"]);
  const session = "arn:aws:sts::000000000000:assumed-role/app/work";
  assert.equal(assumed.responseElements?.assumedRoleUser?.arn, session);
  const encrypted = await recorded("Encrypt");
  assert.deepEqual([encrypted.readOnly, encrypted.responseElements], [true, null]);
  await region.clock.advance({ minutes: 5 });
  const names = (await it.records()).map(({ eventName }) => eventName);
  assert.deepEqual(names, ["StartLogging", "CreateRole", "CreateKey"]);
});

test("events of all regions are in the log stream of the trail's home region", async () => {
  const logs = region.client(CloudWatchLogsClient);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "audit" }));
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "trail", AssumeRolePolicyDocument: trust("cloudtrail.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "trail", PolicyName: "write", PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: "arn:aws:logs:us-east-1:000000000000:log-group:audit:log-stream:" +
          "000000000000_CloudTrail_us-east-1*",
      }],
    }),
  }));
  await it.create("everywhere", {
    IsMultiRegionTrail: true, CloudWatchLogsRoleArn: Role?.Arn,
    CloudWatchLogsLogGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:audit:*",
  });
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "everywhere" }));
  await region.client(SQSClient, { region: "eu-west-1" }).send(new CreateQueueCommand({ QueueName: "far" }));
  await region.clock.advance({ minutes: 5 });
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: "audit" }));
  const names = logStreams.map(({ logStreamName }) => logStreamName);
  assert.deepEqual(names, ["000000000000_CloudTrail_us-east-1"]);
  const { events = [] } = await logs.send(new FilterLogEventsCommand({
    logGroupName: "audit", filterPattern: '{ $.awsRegion = "eu-west-1" && $.eventName = "CreateQueue" }',
  }));
  assert.equal(events.length, 1);
});

test("EventBridge is told who has become whom, and not what was described", async () => {
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "told" }));
  const Arn = "arn:aws:sqs:us-east-1:000000000000:told";
  await sqs.send(new SetQueueAttributesCommand({
    QueueUrl, Attributes: {
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
          Resource: Arn,
        }],
      }),
    },
  }));
  const events = region.client(EventBridgeClient);
  const EventPattern = JSON.stringify({ source: ["aws.sts"] });
  await events.send(new PutRuleCommand({ Name: "sessions", EventPattern }));
  await events.send(new PutTargetsCommand({
    Rule: "sessions", Targets: [{ Id: "queue", Arn, InputPath: "$.detail.eventName" }],
  }));
  const sts = region.client(STSClient, { credentials: await region.user("eve", allow("sts:AssumeRole")) });
  await sts.send(new GetCallerIdentityCommand({}));
  const RoleArn = "arn:aws:iam::000000000000:role/app";
  await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "work" }));
  await region.clock.advance({ seconds: 1 });
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  assert.deepEqual(Messages.map(({ Body }) => Body), ['"AssumeRole"']);
});

test("a call of a service is a call, and KMS tells which key material it used", async () => {
  const all = async (AttributeValue: string) => {
    const { Events = [] } = await it.cloudtrail.send(new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue }],
    }));
    return Events.map(({ CloudTrailEvent = "" }) => JSON.parse(CloudTrailEvent) as {
      readonly eventType: string;
      readonly userIdentity: { readonly invokedBy?: string };
      readonly additionalEventData?: object;
    });
  };
  const assumed = (await all("AssumeRole"))
    .find(({ userIdentity }) => userIdentity.invokedBy === "cloudtrail.amazonaws.com");
  assert.equal(assumed?.eventType, "AwsApiCall");
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyMaterialId: keyMaterialId } = await kms.send(new GenerateDataKeyCommand({
    KeyId: KeyMetadata?.KeyId, KeySpec: "AES_256",
  }));
  assert.deepEqual((await all("GenerateDataKey"))[0]?.additionalEventData, { keyMaterialId });
});

test("cloudtrail-find-resource-changes: resources are found by their type", async () => {
  await region.client(SNSClient).send(new CreateTopicCommand({ Name: "news" }));
  await region.client(DynamoDBClient).send(new CreateTableCommand({
    TableName: "orders", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  }));
  const found = async (AttributeValue: string) => {
    const { Events = [] } = await it.cloudtrail.send(new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "ResourceType", AttributeValue }],
    }));
    return Events.map(({ EventName, Resources: [resource] = [] }) => [EventName, resource?.ResourceName]);
  };
  assert.deepEqual(await found("AWS::SNS::Topic"), [
    ["CreateTopic", "arn:aws:sns:us-east-1:000000000000:news"],
  ]);
  assert.deepEqual(await found("AWS::DynamoDB::Table"), [
    ["CreateTable", "arn:aws:dynamodb:us-east-1:000000000000:table/orders"],
  ]);
  assert.deepEqual((await found("AWS::S3::Bucket")).at(-1), ["CreateBucket", bucket]);
});

test("cloudtrail-find-resource-changes: resources are found by their names, slashes and all", async () => {
  await region.client(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName: "/app/log" }));
  const parameter = { Name: "/app/x", Value: "1", Type: "String" as const };
  await region.client(SSMClient).send(new PutParameterCommand(parameter));
  const secrets = region.client(SecretsManagerClient);
  await secrets.send(new CreateSecretCommand({ Name: "prod/db", SecretString: "s" }));
  const found = async (AttributeValue: string) => {
    const { Events = [] } = await it.cloudtrail.send(new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "ResourceName", AttributeValue }],
    }));
    return Events.map(({ EventName, Resources: [resource] = [] }) =>
      `${EventName} ${resource?.ResourceName}`);
  };
  assert.deepEqual(await found("/app/log"), [
    "CreateLogGroup arn:aws:logs:us-east-1:000000000000:log-group:/app/log",
  ]);
  assert.deepEqual(await found("/app/x"), [
    "PutParameter arn:aws:ssm:us-east-1:000000000000:parameter/app/x",
  ]);
  assert.match(
    (await found("prod/db")).at(-1) ?? "", /^CreateSecret arn:aws:secretsmanager:.*:prod\/db-\w{6}$/);
});
