/** For each service: how to make several of everything that it lists, and what to list them with. */

import { eventbridge, schemas } from "./listings-events.ts";
import { logsListings } from "./listings-logs.ts";
import { iamListings } from "./paging-iam.ts";
import { lambdaListings } from "./paging-lambda.ts";
import type { Input } from "./wire.ts";

export type Make = (name: string, input: Input) => Promise<Record<string, unknown>>;

export interface Listings {
  fill(make: Make): Promise<void>;
  /** What takes a moment until it can be filled. */
  prepare?(make: Make): Promise<void>;
  /** By operation. A function for what is known only when it has been made. */
  readonly inputs: Readonly<Record<string, Input | ((make: Make) => Promise<Input>)>>;
  /** Operations of which there is only ever one result here: their pages are not walked. */
  readonly single?: readonly string[];
  /** Operations that want their token alone, without what the list was asked for with. */
  readonly tokenAlone?: readonly string[];
  /** Operations that go on after any key, not after a token that was given out. */
  readonly afterKeys?: readonly string[];
}

const numbers = [1, 2, 3, 4, 5];
const tagList = ["a", "b", "c", "d", "e"];

async function firstKeyId(make: Make): Promise<string> {
  const { Keys } = await make("kms:ListKeys", {});
  return (Keys as { KeyId: string }[])[0]?.KeyId ?? "";
}

const kms: Listings = {
  async fill(make) {
    for (const _ of numbers)
      await make("kms:CreateKey", { Tags: tagList.map((TagKey) => ({ TagKey, TagValue: "x" })) });
    const KeyId = await firstKeyId(make);
    const GranteePrincipal = "arn:aws:iam::000000000000:root";
    for (const number of numbers) {
      await make("kms:CreateAlias", { AliasName: `alias/several-${number}`, TargetKeyId: KeyId });
      await make("kms:CreateGrant", {
        KeyId,
        GranteePrincipal,
        RetiringPrincipal: GranteePrincipal,
        Operations: ["Encrypt"],
        Name: `grant-${number}`,
      });
      if (number < 5) await make("kms:RotateKeyOnDemand", { KeyId });
    }
  },
  inputs: {
    ListKeys: {},
    ListAliases: {},
    DescribeCustomKeyStores: {},
    ListKeyPolicies: async (make) => ({ KeyId: await firstKeyId(make) }),
    ListResourceTags: async (make) => ({ KeyId: await firstKeyId(make) }),
    ListGrants: async (make) => ({ KeyId: await firstKeyId(make) }),
    ListRetirableGrants: { RetiringPrincipal: "arn:aws:iam::000000000000:root" },
    ListKeyRotations: async (make) => ({ KeyId: await firstKeyId(make) }),
  },
  single: ["ListKeyPolicies", "DescribeCustomKeyStores"],
};

const sqs: Listings = {
  async fill(make) {
    await make("sqs:CreateQueue", { QueueName: "dead" });
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:dead",
      maxReceiveCount: 3,
    });
    for (const number of numbers)
      await make("sqs:CreateQueue", { QueueName: `queue-${number}`, Attributes: { RedrivePolicy } });
  },
  inputs: {
    ListQueues: {},
    ListDeadLetterSourceQueues: async (make) => {
      const { QueueUrl } = await make("sqs:GetQueueUrl", { QueueName: "dead" });
      return { QueueUrl };
    },
  },
};

const sns: Listings = {
  async fill(make) {
    for (const number of numbers) {
      await make("sns:CreateSMSSandboxPhoneNumber", { PhoneNumber: `+1555010${number}` });
    }
  },
  inputs: { ListOriginationNumbers: {}, ListSMSSandboxPhoneNumbers: {} },
  single: ["ListOriginationNumbers"],
};

const ssm: Listings = {
  async fill(make) {
    for (const number of numbers) {
      await make("ssm:PutParameter", { Name: `/several/p${number}`, Value: "x", Type: "String" });
      await make("ssm:PutParameter", {
        Name: "/changing",
        Value: String(number),
        Type: "String",
        Overwrite: true,
      });
    }
    await make("ssm:PutParameter", { Name: "/shared", Value: "x", Type: "String", Tier: "Advanced" });
  },
  inputs: {
    DescribeParameters: {},
    GetParametersByPath: { Path: "/several" },
    GetParameterHistory: { Name: "/changing" },
    GetResourcePolicies: { ResourceArn: "arn:aws:ssm:us-east-1:000000000000:parameter/shared" },
  },
  single: ["GetResourcePolicies"],
};

const scheduler: Listings = {
  async fill(make) {
    const role = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "scheduler.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    };
    await make("iam:CreateRole", { RoleName: "planner", AssumeRolePolicyDocument: JSON.stringify(role) });
    for (const number of numbers) {
      await make("scheduler:CreateScheduleGroup", { Name: `group-${number}` });
      await make("scheduler:CreateSchedule", {
        Name: `schedule-${number}`, ScheduleExpression: "rate(1 day)", State: "DISABLED",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: "arn:aws:sqs:us-east-1:000000000000:queue",
          RoleArn: "arn:aws:iam::000000000000:role/planner",
        },
      });
    }
  },
  inputs: { ListSchedules: {}, ListScheduleGroups: {} },
};

const pipes: Listings = {
  async fill(make) {
    await make("iam:CreateRole", {
      RoleName: "piper",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "pipes.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    for (const number of numbers) {
      await make("pipes:CreatePipe", {
        Name: `pipe-${number}`, DesiredState: "STOPPED",
        Source: "arn:aws:sqs:us-east-1:000000000000:from", Target: "arn:aws:sqs:us-east-1:000000000000:to",
        RoleArn: "arn:aws:iam::000000000000:role/piper",
      });
    }
  },
  inputs: { ListPipes: {} },
};

const secretsManager: Listings = {
  async fill(make) {
    for (const number of numbers)
      await make("secrets-manager:CreateSecret", { Name: `secret-${number}`, SecretString: "x" });
    for (const number of numbers) {
      await make("secrets-manager:PutSecretValue", {
        SecretId: "secret-1",
        SecretString: String(number),
        VersionStages: [`stage-${number}`],
      });
    }
  },
  inputs: {
    ListSecrets: {},
    BatchGetSecretValue: { Filters: [{ Key: "name", Values: ["secret"] }] },
    ListSecretVersionIds: { SecretId: "secret-1" },
  },
};

async function firstUpload(make: Make): Promise<Input> {
  const { Uploads } = await make("s3:ListMultipartUploads", { Bucket: "several-1" });
  const [first] = Uploads as { Key: string; UploadId: string }[];
  return { Bucket: "several-1", Key: first?.Key, UploadId: first?.UploadId };
}

const s3: Listings = {
  async fill(make) {
    for (const number of numbers) {
      await make("s3:CreateBucket", { Bucket: `several-${number}` });
      await make("s3:PutObject", { Bucket: "several-1", Key: `key-${number}`, Body: "x" });
      await make("s3:CreateMultipartUpload", { Bucket: "several-1", Key: `upload-${number}` });
    }
    const upload = await firstUpload(make);
    for (const PartNumber of numbers) await make("s3:UploadPart", { ...upload, PartNumber, Body: "x" });
  },
  inputs: {
    ListBuckets: { Prefix: "several" },
    ListObjects: { Bucket: "several-1" },
    ListObjectsV2: { Bucket: "several-1" },
    ListObjectVersions: { Bucket: "several-1" },
    ListMultipartUploads: { Bucket: "several-1" },
    ListParts: firstUpload,
  },
  afterKeys: ["ListObjects", "ListObjectVersions", "ListMultipartUploads", "ListParts"],
};

/** A table of one partition. */
export function tableInput(TableName: string): Input {
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" },
    ],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  };
}

const TableName = "several-1";

const dynamodb: Listings = {
  async prepare(make) {
    for (const number of numbers) await make("dynamodb:CreateTable", tableInput(`several-${number}`));
  },
  async fill(make) {
    for (const number of numbers) {
      const Item = { pk: { S: "a" }, sk: { S: `sort-${number}` } };
      await make("dynamodb:PutItem", { TableName, Item });
      await make("dynamodb:CreateBackup", { TableName, BackupName: `backup-${number}` });
    }
  },
  inputs: {
    ListTables: {},
    ListBackups: {},
    Scan: { TableName },
    Query: {
      TableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: "a" } },
    },
  },
  afterKeys: ["ListTables", "Query", "Scan"],
};

const AccountId = "000000000000";

const s3Control: Listings = {
  async fill(make) {
    await make("s3-control:CreateAccessGrantsInstance", { AccountId });
    const IAMRoleArn = "arn:aws:iam::000000000000:role/location";
    const location = { AccountId, LocationScope: "s3://", IAMRoleArn };
    await make("s3-control:CreateAccessGrantsLocation", location);
    for (const number of numbers) {
      await make("s3-control:CreateAccessPoint", { AccountId, Name: `point-${number}`, Bucket: "several-1" });
      await make("s3-control:CreateAccessGrant", {
        AccountId,
        AccessGrantsLocationId: "default",
        AccessGrantsLocationConfiguration: { S3SubPrefix: `several-${number}/*` },
        Grantee: { GranteeType: "IAM", GranteeIdentifier: "arn:aws:iam::000000000000:root" },
        Permission: "READ",
      });
    }
  },
  inputs: { ListCallerAccessGrants: { AccountId } },
};

const StreamName = "several-1";
const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`;

const kinesis: Listings = {
  async prepare(make) {
    for (const number of numbers) {
      await make("kinesis:CreateStream", { StreamName: `several-${number}`, ShardCount: 5 });
    }
  },
  async fill(make) {
    for (const number of numbers) {
      await make("kinesis:RegisterStreamConsumer", { StreamARN, ConsumerName: `consumer-${number}` });
    }
  },
  inputs: {
    DescribeStream: { StreamName },
    ListStreams: {},
    ListShards: { StreamName },
    ListStreamConsumers: { StreamARN },
  },
  tokenAlone: ["ListShards"],
  // One lists within a description, the other the same twice: their own tests walk them.
  single: ["DescribeStream", "ListStreams"],
  afterKeys: ["DescribeStream"],
};

/** What the event history lists has been made by the others. Insights take more than a day. */
const cloudtrail: Listings = {
  async fill(make) {
    const Policy = JSON.stringify({
      Version: "2012-10-17", Statement: [{
        Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
        Resource: "arn:aws:s3:::trail-files/*",
      }],
    });
    await make("s3:CreateBucket", { Bucket: "trail-files" });
    await make("s3:PutBucketPolicy", { Bucket: "trail-files", Policy });
    await make("cloudtrail:CreateTrail", { Name: "watched", S3BucketName: "trail-files" });
  },
  inputs: {
    LookupEvents: { LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateKey" }] },
    ListInsightsData: {
      InsightSource: "arn:aws:cloudtrail:us-east-1:000000000000:trail/watched", DataType: "InsightsEvents",
    },
  },
  single: ["ListInsightsData"],
};

const cloudwatch: Listings = {
  async fill(make) {
    for (const number of numbers) {
      const metric = { Namespace: "app", MetricName: `metric-${number}` };
      await make("cloudwatch:PutMetricData", { Namespace: "app", MetricData: [{ ...metric, Value: 1 }] });
      await make("cloudwatch:PutMetricAlarm", {
        AlarmName: `alarm-${number}`, ...metric, Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
        Threshold: 1, ComparisonOperator: "GreaterThanThreshold",
      });
      await make("cloudwatch:PutAnomalyDetector", { ...metric, Stat: "Sum" });
      await make("cloudwatch:PutAlarmMuteRule", {
        Name: `mute-${number}`, Rule: { Schedule: { Expression: "cron(0 2 * * *)", Duration: "PT2H" } },
      });
    }
  },
  inputs: {
    ListAlarmMuteRules: {},
    DescribeAlarms: {},
    DescribeAlarmHistory: {},
    DescribeAnomalyDetectors: {},
    // Its pages are of data points, not of results.
    GetMetricData: {
      StartTime: Date.UTC(2026, 0, 1), EndTime: Date.UTC(2026, 0, 2),
      MetricDataQueries: [
        {
          Id: "m",
          MetricStat: { Metric: { Namespace: "app", MetricName: "metric-1" }, Period: 60, Stat: "Sum" },
        },
      ],
    },
  },
  single: ["GetMetricData"],
};

const tagging: Listings = {
  fill: async () => undefined,
  inputs: { GetResources: {} },
};

/** By service, in an order in which each finds what it needs. */
export const listings: Readonly<Record<string, Listings>> = {
  iam: iamListings,
  kms,
  sqs,
  sns,
  "cloudwatch-logs": logsListings,
  ssm,
  pipes,
  scheduler,
  eventbridge,
  schemas,
  "secrets-manager": secretsManager,
  s3,
  "s3-control": s3Control,
  dynamodb,
  kinesis,
  lambda: lambdaListings,
  cloudtrail,
  cloudwatch,
  "resource-groups-tagging-api": tagging,
};
