/** For each kind of resource that takes tags: the calls that make it, tag it and say its tags. */

import { leafCertificate, leafKey } from "../../src/services/iam/test-certificates.ts";
import { samlMetadata, trustPolicy } from "./documents.ts";
import { tableInput, type Make } from "./listings.ts";
import { functionMembers, lambdaTrustText } from "./paging-lambda.ts";
import type { Input } from "./wire.ts";

export type Tags = Readonly<Record<string, string>>;
type Call = readonly [operation: string, input: Input];

export interface Taggable {
  readonly kind: string;
  /** Its operations are asked for; a kind whose service is not built is left out. */
  readonly service: string;
  /** @returns what names the resource: its name, id, URL or ARN */
  create(make: Make, name: string, tags: Tags): Promise<string>;
  remove(id: string): Call;
  tag(id: string, tags: Tags): Call;
  untag(id: string, keys: readonly string[]): Call;
  list(make: Make, id: string): Promise<Tags>;
  arn(id: string): string;
  /** The action that making it with tags takes besides, where it is not that of `tag`. */
  readonly taggedBy?: string;
  /** Keys that differ by case alone are one key. */
  readonly ignoresCase?: true;
  /** The Resource Groups Tagging API does not know the kind. */
  readonly ungrouped?: true;
}

const pairs = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function asTags(list: unknown): Tags {
  return Object.fromEntries(
    ((list ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  );
}

interface IamKind {
  readonly kind: string;
  /** `User`: CreateUser, TagUser, UntagUser, ListUserTags, DeleteUser. */
  readonly noun: string;
  readonly member: string;
  readonly create: (name: string) => Call;
  readonly id?: (name: string) => string;
  readonly resource: (name: string) => string;
  readonly remove?: string;
  readonly ignoresCase?: true;
  readonly ungrouped?: true;
}

function iamTaggable({ kind, noun, member, create, id, resource, remove, ...rest }: IamKind): Taggable {
  const arn = (name: string) => `arn:aws:iam::000000000000:${resource(name)}`;
  const idOf = id ?? ((name) => name);
  return {
    kind: `iam ${kind}`,
    service: "iam",
    ...rest,
    async create(make, name, tags) {
      const [operation, input] = create(name);
      await make(operation, { ...input, ...(Object.keys(tags).length > 0 && { Tags: pairs(tags) }) });
      return idOf(name);
    },
    remove: (name) => [`iam:${remove ?? `Delete${noun}`}`, { [member]: name }],
    tag: (name, tags) => [`iam:Tag${noun}`, { [member]: name, Tags: pairs(tags) }],
    untag: (name, keys) => [`iam:Untag${noun}`, { [member]: name, TagKeys: keys }],
    list: async (make, name) => asTags((await make(`iam:List${noun}Tags`, { [member]: name })).Tags),
    arn: (name) => (name.startsWith("arn:") ? name : arn(name)),
  };
}

const policyDocument = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
});
const iamArn = (resource: string) => `arn:aws:iam::000000000000:${resource}`;

const iamTaggables: readonly Taggable[] = [
  iamTaggable({
    kind: "user",
    noun: "User",
    member: "UserName",
    resource: (name) => `user/${name}`,
    ignoresCase: true,
    ungrouped: true,
    create: (name) => ["iam:CreateUser", { UserName: name }],
  }),
  iamTaggable({
    kind: "role",
    noun: "Role",
    member: "RoleName",
    resource: (name) => `role/${name}`,
    ignoresCase: true,
    ungrouped: true,
    create: (name) => ["iam:CreateRole", { RoleName: name, AssumeRolePolicyDocument: trustPolicy }],
  }),
  iamTaggable({
    kind: "policy",
    noun: "Policy",
    member: "PolicyArn",
    resource: (name) => `policy/${name}`,
    id: (name) => iamArn(`policy/${name}`),
    create: (name) => ["iam:CreatePolicy", { PolicyName: name, PolicyDocument: policyDocument }],
  }),
  iamTaggable({
    kind: "instance profile",
    noun: "InstanceProfile",
    member: "InstanceProfileName",
    resource: (name) => `instance-profile/${name}`,
    create: (name) => ["iam:CreateInstanceProfile", { InstanceProfileName: name }],
  }),
  iamTaggable({
    kind: "MFA device",
    noun: "MFADevice",
    member: "SerialNumber",
    resource: (name) => `mfa/${name}`,
    id: (name) => iamArn(`mfa/${name}`),
    remove: "DeleteVirtualMFADevice",
    create: (name) => ["iam:CreateVirtualMFADevice", { VirtualMFADeviceName: name }],
  }),
  iamTaggable({
    kind: "OIDC provider",
    noun: "OpenIDConnectProvider",
    member: "OpenIDConnectProviderArn",
    resource: (name) => `oidc-provider/${name}`,
    id: (name) => iamArn(`oidc-provider/${name}.example.com`),
    create: (name) => ["iam:CreateOpenIDConnectProvider", { Url: `https://${name}.example.com` }],
  }),
  iamTaggable({
    kind: "SAML provider",
    noun: "SAMLProvider",
    member: "SAMLProviderArn",
    resource: (name) => `saml-provider/${name}`,
    id: (name) => iamArn(`saml-provider/${name}`),
    create: (name) => ["iam:CreateSAMLProvider", { Name: name, SAMLMetadataDocument: samlMetadata }],
  }),
  iamTaggable({
    kind: "server certificate",
    noun: "ServerCertificate",
    member: "ServerCertificateName",
    ignoresCase: true,
    resource: (name) => `server-certificate/${name}`,
    create: (name) => [
      "iam:UploadServerCertificate",
      { ServerCertificateName: name, CertificateBody: leafCertificate, PrivateKey: leafKey },
    ],
  }),
];

const key: Taggable = {
  kind: "kms key",
  service: "kms",
  async create(make, _name, tags) {
    const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    return ((await make("kms:CreateKey", { Tags })).KeyMetadata as { KeyId: string }).KeyId;
  },
  remove: (KeyId) => ["kms:ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }],
  tag: (KeyId, tags) => [
    "kms:TagResource",
    { KeyId, Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })) },
  ],
  untag: (KeyId, TagKeys) => ["kms:UntagResource", { KeyId, TagKeys }],
  async list(make, KeyId) {
    const { Tags } = await make("kms:ListResourceTags", { KeyId });
    return Object.fromEntries(
      (Tags as { TagKey: string; TagValue: string }[]).map((tag) => [tag.TagKey, tag.TagValue]),
    );
  },
  arn: (KeyId) => `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
};

const queue: Taggable = {
  kind: "sqs queue",
  service: "sqs",
  create: async (make, QueueName, tags) =>
    String((await make("sqs:CreateQueue", { QueueName, tags })).QueueUrl),
  remove: (QueueUrl) => ["sqs:DeleteQueue", { QueueUrl }],
  tag: (QueueUrl, Tags) => ["sqs:TagQueue", { QueueUrl, Tags }],
  untag: (QueueUrl, TagKeys) => ["sqs:UntagQueue", { QueueUrl, TagKeys }],
  list: async (make, QueueUrl) => ((await make("sqs:ListQueueTags", { QueueUrl })).Tags ?? {}) as Tags,
  arn: (url) => `arn:aws:sqs:us-east-1:000000000000:${url.slice(url.lastIndexOf("/") + 1)}`,
};

const topic: Taggable = {
  kind: "sns topic",
  service: "sns",
  create: async (make, Name, tags) =>
    String((await make("sns:CreateTopic", { Name, Tags: pairs(tags) })).TopicArn),
  remove: (TopicArn) => ["sns:DeleteTopic", { TopicArn }],
  tag: (ResourceArn, tags) => ["sns:TagResource", { ResourceArn, Tags: pairs(tags) }],
  untag: (ResourceArn, TagKeys) => ["sns:UntagResource", { ResourceArn, TagKeys }],
  list: async (make, ResourceArn) =>
    asTags((await make("sns:ListTagsForResource", { ResourceArn })).Tags),
  arn: (arn) => arn,
};

const logGroup: Taggable = {
  kind: "log group",
  service: "cloudwatch-logs",
  async create(make, logGroupName, tags) {
    const given = Object.keys(tags).length > 0 && { tags };
    await make("cloudwatch-logs:CreateLogGroup", { logGroupName, ...given });
    return logGroupName;
  },
  remove: (logGroupName) => ["cloudwatch-logs:DeleteLogGroup", { logGroupName }],
  tag: (id, tags) => ["cloudwatch-logs:TagResource", { resourceArn: logGroup.arn(id), tags }],
  untag: (id, tagKeys) => ["cloudwatch-logs:UntagResource", { resourceArn: logGroup.arn(id), tagKeys }],
  list: async (make, id) =>
    (await make("cloudwatch-logs:ListTagsForResource", { resourceArn: logGroup.arn(id) })).tags as Tags,
  arn: (name) => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`,
};

const parameter: Taggable = {
  kind: "ssm parameter",
  service: "ssm",
  async create(make, name, tags) {
    await make("ssm:PutParameter", { Name: name, Value: "x", Type: "String", Tags: pairs(tags) });
    return name;
  },
  remove: (Name) => ["ssm:DeleteParameter", { Name }],
  tag: (id, tags) => [
    "ssm:AddTagsToResource",
    { ResourceType: "Parameter", ResourceId: id, Tags: pairs(tags) },
  ],
  untag: (id, TagKeys) => [
    "ssm:RemoveTagsFromResource",
    { ResourceType: "Parameter", ResourceId: id, TagKeys },
  ],
  list: async (make, id) =>
    asTags((await make("ssm:ListTagsForResource", { ResourceType: "Parameter", ResourceId: id })).TagList),
  arn: (name) => `arn:aws:ssm:us-east-1:000000000000:parameter/${name}`,
};

const secret: Taggable = {
  kind: "secret",
  service: "secrets-manager",
  create: async (make, Name, tags) =>
    String((await make("secrets-manager:CreateSecret", { Name, SecretString: "x", Tags: pairs(tags) })).ARN),
  remove: (SecretId) => ["secrets-manager:DeleteSecret", { SecretId, ForceDeleteWithoutRecovery: true }],
  tag: (SecretId, tags) => ["secrets-manager:TagResource", { SecretId, Tags: pairs(tags) }],
  untag: (SecretId, TagKeys) => ["secrets-manager:UntagResource", { SecretId, TagKeys }],
  list: async (make, SecretId) => asTags((await make("secrets-manager:DescribeSecret", { SecretId })).Tags),
  arn: (arn) => arn,
};

const tableArn = (name: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;

const table: Taggable = {
  kind: "dynamodb table",
  service: "dynamodb",
  async create(make, name, tags) {
    await make("dynamodb:CreateTable", { ...tableInput(name), Tags: pairs(tags) });
    return name;
  },
  remove: (TableName) => ["dynamodb:DeleteTable", { TableName }],
  tag: (name, tags) => ["dynamodb:TagResource", { ResourceArn: tableArn(name), Tags: pairs(tags) }],
  untag: (name, TagKeys) => ["dynamodb:UntagResource", { ResourceArn: tableArn(name), TagKeys }],
  list: async (make, name) =>
    asTags((await make("dynamodb:ListTagsOfResource", { ResourceArn: tableArn(name) })).Tags),
  arn: tableArn,
};

const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

const lambdaFunction: Taggable = {
  kind: "lambda function",
  service: "lambda",
  async create(make, name, tags) {
    const RoleName = `role-of-${name}`;
    // It is there already where the function is made anew.
    await make(
      "iam:CreateRole", { RoleName, AssumeRolePolicyDocument: lambdaTrustText },
    ).catch(() => undefined);
    const Role = `arn:aws:iam::000000000000:role/${RoleName}`;
    await make("lambda:CreateFunction", { ...functionMembers, Role, FunctionName: name, Tags: tags });
    return name;
  },
  remove: (FunctionName) => ["lambda:DeleteFunction", { FunctionName }],
  tag: (name, Tags) => ["lambda:TagResource", { Resource: functionArn(name), Tags }],
  untag: (name, TagKeys) => ["lambda:UntagResource", { Resource: functionArn(name), TagKeys }],
  list: async (make, name) =>
    ((await make("lambda:ListTags", { Resource: functionArn(name) })).Tags ?? {}) as Tags,
  arn: functionArn,
};

const ruleArn = (name: string) => `arn:aws:events:us-east-1:000000000000:rule/${name}`;

const rule: Taggable = {
  kind: "eventbridge rule",
  service: "eventbridge",
  async create(make, Name, tags) {
    await make("eventbridge:PutRule", { Name, EventPattern: '{"source":["x"]}', Tags: pairs(tags) });
    return Name;
  },
  remove: (Name) => ["eventbridge:DeleteRule", { Name }],
  tag: (name, tags) => ["eventbridge:TagResource", { ResourceARN: ruleArn(name), Tags: pairs(tags) }],
  untag: (name, TagKeys) => ["eventbridge:UntagResource", { ResourceARN: ruleArn(name), TagKeys }],
  list: async (make, name) =>
    asTags((await make("eventbridge:ListTagsForResource", { ResourceARN: ruleArn(name) })).Tags),
  arn: ruleArn,
};

const eventBusArn = (name: string) => `arn:aws:events:us-east-1:000000000000:event-bus/${name}`;

const eventBus: Taggable = {
  kind: "eventbridge event bus",
  service: "eventbridge",
  async create(make, Name, tags) {
    await make("eventbridge:CreateEventBus", { Name, Tags: pairs(tags) });
    return Name;
  },
  remove: (Name) => ["eventbridge:DeleteEventBus", { Name }],
  tag: (name, tags) => ["eventbridge:TagResource", { ResourceARN: eventBusArn(name), Tags: pairs(tags) }],
  untag: (name, TagKeys) => ["eventbridge:UntagResource", { ResourceARN: eventBusArn(name), TagKeys }],
  list: async (make, name) =>
    asTags((await make("eventbridge:ListTagsForResource", { ResourceARN: eventBusArn(name) })).Tags),
  arn: eventBusArn,
};

const registryArn = (name: string) => `arn:aws:schemas:us-east-1:000000000000:registry/${name}`;

const registry: Taggable = {
  kind: "schema registry",
  service: "schemas",
  async create(make, RegistryName, Tags) {
    await make("schemas:CreateRegistry", { RegistryName, Tags });
    return RegistryName;
  },
  remove: (RegistryName) => ["schemas:DeleteRegistry", { RegistryName }],
  tag: (name, Tags) => ["schemas:TagResource", { ResourceArn: registryArn(name), Tags }],
  untag: (name, TagKeys) => ["schemas:UntagResource", { ResourceArn: registryArn(name), TagKeys }],
  list: async (make, name) =>
    ((await make("schemas:ListTagsForResource", { ResourceArn: registryArn(name) })).Tags ?? {}) as Tags,
  arn: registryArn,
};

const alarmArn = (name: string): string => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;

const alarm: Taggable = {
  kind: "CloudWatch alarm",
  service: "cloudwatch",
  async create(make, name, tags) {
    await make("cloudwatch:PutMetricAlarm", {
      AlarmName: name, Namespace: "app", MetricName: "m", Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
      Threshold: 1, ComparisonOperator: "GreaterThanThreshold", Tags: pairs(tags),
    });
    return name;
  },
  remove: (name) => ["cloudwatch:DeleteAlarms", { AlarmNames: [name] }],
  tag: (name, tags) => ["cloudwatch:TagResource", { ResourceARN: alarmArn(name), Tags: pairs(tags) }],
  untag: (name, keys) => ["cloudwatch:UntagResource", { ResourceARN: alarmArn(name), TagKeys: keys }],
  list: async (make, name) =>
    asTags((await make("cloudwatch:ListTagsForResource", { ResourceARN: alarmArn(name) }))["Tags"]),
  arn: alarmArn,
};

const kinesisArn = (name: string): string => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;

const stream: Taggable = {
  kind: "kinesis stream",
  // @evidence Kinesis API Reference, CreateStream: kinesis:TagResource does not do
  taggedBy: "kinesis:AddTagsToStream",
  service: "kinesis",
  async create(make, StreamName, Tags) {
    const given = Object.keys(Tags).length > 0 && { Tags };
    await make("kinesis:CreateStream", { StreamName, ShardCount: 1, ...given });
    return StreamName;
  },
  remove: (StreamName) => ["kinesis:DeleteStream", { StreamName }],
  tag: (name, Tags) => ["kinesis:TagResource", { ResourceARN: kinesisArn(name), Tags }],
  untag: (name, TagKeys) => ["kinesis:UntagResource", { ResourceARN: kinesisArn(name), TagKeys }],
  list: async (make, name) =>
    asTags((await make("kinesis:ListTagsForResource", { ResourceARN: kinesisArn(name) }))["Tags"]),
  arn: kinesisArn,
};

export const taggables: readonly Taggable[] = [
  ...iamTaggables, key, queue, topic, logGroup, parameter, secret, table, lambdaFunction, rule, eventBus,
  registry, alarm, stream,
];
