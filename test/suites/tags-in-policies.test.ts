/** Resources are let through by their tags; what cannot have its own, by those of what it is part of. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudTrailClient, CreateTrailCommand, GetTrailStatusCommand } from "@aws-sdk/client-cloudtrail";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateAliasCommand as AliasKeyCommand, CreateKeyCommand, EncryptCommand, KMSClient }
  from "@aws-sdk/client-kms";
import {
  CreateAliasCommand, GetFunctionCommand, LambdaClient, PublishVersionCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient }
  from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { startBench, type Bench } from "../lambda-bench.ts";
import { trust } from "../policies.ts";
import { refusal } from "../refusal.ts";
import type { TestCredentials } from "../region.ts";

const Tags = [{ Key: "team", Value: "red" }];
const tags = { team: "red" };

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

type Call = (as: { credentials: TestCredentials }) => Promise<unknown>;
let users = 0;

async function reach(call: Call, team: string): Promise<string> {
  const credentials = await bench.region.user(`user-${users += 1}`, {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "*", Resource: "*",
      Condition: { StringEquals: { "aws:ResourceTag/team": team } },
    }],
  });
  return refusal(call({ credentials }));
}

/** Nothing else lets a user in than the tag, by its value. */
async function assertByTag(call: Call): Promise<void> {
  assert.equal(await reach(call, "red"), "no refusal");
  assert.match(await reach(call, "blue"), /^(AccessDenied|AuthorizationError)/);
}

test("queues, topics, keys, secrets, parameters, roles and trails", async () => {
  const { region } = bench;
  const { QueueUrl } = await region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "q", tags }));
  await assertByTag((as) =>
    region.client(SQSClient, as).send(new GetQueueAttributesCommand({ QueueUrl })));
  const { TopicArn } = await region.client(SNSClient).send(new CreateTopicCommand({ Name: "t", Tags }));
  await assertByTag((as) =>
    region.client(SNSClient, as).send(new PublishCommand({ TopicArn, Message: "m" })));
  const kms = region.client(KMSClient);
  const keyTags = [{ TagKey: "team", TagValue: "red" }];
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags: keyTags }));
  await kms.send(new AliasKeyCommand({ AliasName: "alias/k", TargetKeyId: KeyMetadata?.KeyId }));
  await assertByTag((as) => region.client(KMSClient, as)
    .send(new EncryptCommand({ KeyId: "alias/k", Plaintext: Buffer.from("x") })));
  await region.client(SecretsManagerClient)
    .send(new CreateSecretCommand({ Name: "s", SecretString: "v", Tags }));
  await assertByTag((as) =>
    region.client(SecretsManagerClient, as).send(new GetSecretValueCommand({ SecretId: "s" })));
  await region.client(SSMClient)
    .send(new PutParameterCommand({ Name: "/p", Value: "v", Type: "String", Tags }));
  await assertByTag((as) => region.client(SSMClient, as).send(new GetParameterCommand({ Name: "/p" })));
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "r", AssumeRolePolicyDocument: trust("ec2.amazonaws.com"), Tags,
  }));
  await assertByTag((as) => region.client(IAMClient, as).send(new GetRoleCommand({ RoleName: "r" })));
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "trails" }));
  await s3.send(new PutBucketPolicyCommand({
    Bucket: "trails", Policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:*",
        Resource: ["arn:aws:s3:::trails", "arn:aws:s3:::trails/*"],
      }],
    }),
  }));
  await region.client(CloudTrailClient)
    .send(new CreateTrailCommand({ Name: "trail", S3BucketName: "trails", TagsList: Tags }));
  await assertByTag((as) =>
    region.client(CloudTrailClient, as).send(new GetTrailStatusCommand({ Name: "trail" })));
});

test("a log stream by its group's, an index by its table's, an alias by its function's", async () => {
  const { region, lambda } = bench;
  const logs = region.client(CloudWatchLogsClient);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "/g", tags }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: "/g", logStreamName: "s" }));
  await assertByTag((as) =>
    region.client(CloudWatchLogsClient, as).send(new FilterLogEventsCommand({ logGroupName: "/g" })));
  const logEvents = [{ timestamp: region.clock.now(), message: "m" }];
  await assertByTag((as) => region.client(CloudWatchLogsClient, as)
    .send(new PutLogEventsCommand({ logGroupName: "/g", logStreamName: "s", logEvents })));

  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  const hash = (AttributeName: string) => [{ AttributeName, KeyType: "HASH" as const }];
  await region.client(DynamoDBClient).send(new CreateTableCommand({
    TableName: "table", KeySchema: hash("p"), AttributeDefinitions: [attribute("p"), attribute("g")], Tags,
    BillingMode: "PAY_PER_REQUEST",
    GlobalSecondaryIndexes: [
      { IndexName: "index", KeySchema: hash("g"), Projection: { ProjectionType: "ALL" } },
    ],
  }));
  await region.clock.advance({ minutes: 1 });
  const Key = { p: { S: "x" } };
  await assertByTag((as) =>
    region.client(DynamoDBClient, as).send(new GetItemCommand({ TableName: "table", Key })));
  await assertByTag((as) => region.client(DynamoDBClient, as).send(new QueryCommand({
    TableName: "table", IndexName: "index", KeyConditionExpression: "g = :g",
    ExpressionAttributeValues: { ":g": { S: "x" } },
  })));

  const FunctionName = "function";
  await bench.make(FunctionName, { Tags: tags });
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: Version }));
  for (const Qualifier of [undefined, Version, "live"]) {
    await assertByTag((as) =>
      region.client(LambdaClient, as).send(new GetFunctionCommand({ FunctionName, Qualifier })));
  }
});
