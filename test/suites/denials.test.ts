import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { DescribeLimitsCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, ListEventBusesCommand } from "@aws-sdk/client-eventbridge";
import {
  GetAccountSummaryCommand, IAMClient, ListAccountAliasesCommand, ListOpenIDConnectProvidersCommand,
  ListVirtualMFADevicesCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateSecretCommand, GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { refusal } from "../refusal.ts";
import { startRegion } from "../region.ts";

const region = await startRegion();
const credentials = await region.user("ana");
after(() => region.stop());

const cloudtrail = region.client(CloudTrailClient, { credentials });
const dynamodb = region.client(DynamoDBClient, { credentials });
const events = region.client(EventBridgeClient, { credentials });
const iam = region.client(IAMClient, { credentials });
const kms = region.client(KMSClient, { credentials });
const lambda = region.client(LambdaClient, { credentials });
const s3 = region.client(S3Client, { credentials });
const secrets = region.client(SecretsManagerClient, { credentials });
const sns = region.client(SNSClient, { credentials });
const ssm = region.client(SSMClient, { credentials });

const missing = "arn:aws:secretsmanager:us-east-1:000000000000:secret:gone-AbCdEf";

type Denied = readonly [action: string, resource: string | undefined, work: () => Promise<unknown>];

/** What denials name as the resource; undefined where they name none. @evidence recorded AWS denials */
const named: readonly Denied[] = [
  ["cloudtrail:LookupEvents", undefined, () => cloudtrail.send(new LookupEventsCommand({}))],
  ["dynamodb:DescribeLimits", "*", () => dynamodb.send(new DescribeLimitsCommand({}))],
  ["dynamodb:ListTables", "arn:aws:dynamodb:us-east-1:000000000000:table/*",
    () => dynamodb.send(new ListTablesCommand({}))],
  ["events:ListEventBuses", "arn:aws:events:us-east-1:000000000000:event-bus/*",
    () => events.send(new ListEventBusesCommand({}))],
  ["iam:GetAccountSummary", "*", () => iam.send(new GetAccountSummaryCommand({}))],
  ["iam:ListAccountAliases", "*", () => iam.send(new ListAccountAliasesCommand({}))],
  ["iam:ListOpenIDConnectProviders", "arn:aws:iam::000000000000:oidc-provider/*",
    () => iam.send(new ListOpenIDConnectProvidersCommand({}))],
  ["iam:ListVirtualMFADevices", "arn:aws:iam::000000000000:mfa/",
    () => iam.send(new ListVirtualMFADevicesCommand({}))],
  ["kms:CreateKey", "*", () => kms.send(new CreateKeyCommand({}))],
  ["kms:ListKeys", "*", () => kms.send(new ListKeysCommand({}))],
  ["lambda:ListFunctions", "*", () => lambda.send(new ListFunctionsCommand({}))],
  ["s3:ListAllMyBuckets", undefined, () => s3.send(new ListBucketsCommand({}))],
  ["secretsmanager:CreateSecret", "app/new",
    () => secrets.send(new CreateSecretCommand({ Name: "app/new" }))],
  ["secretsmanager:GetSecretValue", "app/gone",
    () => secrets.send(new GetSecretValueCommand({ SecretId: "app/gone" }))],
  ["secretsmanager:GetSecretValue", missing,
    () => secrets.send(new GetSecretValueCommand({ SecretId: missing }))],
  ["secretsmanager:ListSecrets", undefined, () => secrets.send(new ListSecretsCommand({}))],
  ["SNS:ListTopics", "arn:aws:sns:us-east-1:000000000000:*", () => sns.send(new ListTopicsCommand({}))],
  ["ssm:DescribeParameters", "arn:aws:ssm:us-east-1:000000000000:*",
    () => ssm.send(new DescribeParametersCommand({}))],
];

for (const [action, resource, work] of named) {
  test(`a denial of ${action} names ${resource ?? "no resource"}`, async () => {
    const user = "User: arn:aws:iam::000000000000:user/ana";
    const target = resource === undefined ? "" : ` on resource: ${resource}`;
    const text = (await refusal(work())).replace(/^\w+: /, "");
    assert.equal(text, `${user} is not authorized to perform: ${action}${target} `
      + `because no identity-based policy allows the ${action} action`);
  });
}
