/** One resource of every kind, and inputs that name them. */

import assert from "node:assert/strict";
import type { TestRegion } from "../region.ts";
import { tableInput } from "./listings.ts";
import { functionMembers, lambdaTrustText } from "./paging-lambda.ts";
import { builtOperation, builtServices, type BuiltOperation } from "./services.ts";
import { client, type Input } from "./wire.ts";

export interface Fixtures {
  /** The input with those members that name a resource naming one that is there. */
  fit(operation: BuiltOperation, input: Input): Input;
}

/** Undefined leaves the member out: what is only valid together with others is no help. */
type Named = Readonly<Record<string, unknown>>;

export function isBuilt(service: string): boolean {
  return builtServices.some(({ entry }) => entry.service === service);
}

async function make(region: TestRegion, name: string, input: Input): Promise<Record<string, unknown>> {
  const { status, output, text } = await client(region).call(builtOperation(name), input);
  assert.ok(status < 300, `${name}: ${text}`);
  return output;
}

/** For each service: the members by which its operations name resources, and what is there. */
async function namedResources(region: TestRegion): Promise<Map<string, Named>> {
  const named = new Map<string, Named>();
  if (isBuilt("kms")) {
    const { KeyMetadata } = await make(region, "kms:CreateKey", {});
    const { KeyId } = KeyMetadata as { KeyId: string };
    await make(region, "kms:CreateAlias", { AliasName: "alias/there", TargetKeyId: KeyId });
    named.set("kms", {
      KeyId,
      TargetKeyId: KeyId,
      SourceKeyId: KeyId,
      DestinationKeyId: KeyId,
      AliasName: "alias/there",
      KeySpec: undefined,
      KeyUsage: undefined,
      CustomerMasterKeySpec: undefined,
      Origin: undefined,
      CustomKeyStoreId: undefined,
      XksKeyId: undefined,
      // RSA keys take their time to be made.
      KeyPairSpec: "ECC_NIST_P256",
    });
  }
  if (isBuilt("sqs")) {
    const { QueueUrl } = await make(region, "sqs:CreateQueue", { QueueName: "there" });
    const arn = "arn:aws:sqs:us-east-1:000000000000:there";
    named.set("sqs", { QueueUrl: String(QueueUrl), QueueName: "there", SourceArn: arn });
  }
  if (isBuilt("sns")) named.set("sns", await snsResources(region));
  if (isBuilt("lambda")) named.set("lambda", await lambdaResources(region));
  if (isBuilt("ssm")) {
    await make(region, "ssm:PutParameter", { Name: "there", Value: "x", Type: "String" });
    named.set("ssm", {
      ResourceArn: "arn:aws:ssm:us-east-1:000000000000:parameter/there",
      Name: "there",
      Names: ["there"],
      ResourceType: "Parameter",
      ResourceId: "there",
    });
  }
  if (isBuilt("secrets-manager")) {
    await make(region, "secrets-manager:CreateSecret", { Name: "there", SecretString: "x" });
    named.set("secrets-manager", { SecretId: "there" });
  }
  if (isBuilt("eventbridge")) named.set("eventbridge", await eventBridgeResources(region));
  if (isBuilt("schemas")) named.set("schemas", await schemaResources(region));
  if (isBuilt("cloudwatch-logs")) {
    const logGroupName = "there";
    await make(region, "cloudwatch-logs:CreateLogGroup", { logGroupName });
    await make(region, "cloudwatch-logs:CreateLogStream", { logGroupName, logStreamName: "there" });
    named.set("cloudwatch-logs", {
      logGroupName, logStreamName: "there", logGroupIdentifier: undefined, kmsKeyId: undefined,
      resourceArn: "arn:aws:logs:us-east-1:000000000000:log-group:there",
    });
  }
  if (isBuilt("dynamodb")) await dynamodbResources(region, named);
  if (isBuilt("s3")) named.set("s3", await s3Resources(region));
  if (isBuilt("s3-control")) named.set("s3-control", await s3ControlResources(region));
  named.set("sts", { SerialNumber: undefined, TokenCode: undefined });
  return named;
}

async function snsResources(region: TestRegion): Promise<Named> {
  const { TopicArn } = await make(region, "sns:CreateTopic", { Name: "there" });
  const { PlatformApplicationArn } = await make(region, "sns:CreatePlatformApplication", {
    Name: "there", Platform: "GCM", Attributes: { PlatformCredential: "x" },
  });
  const { EndpointArn } = await make(region, "sns:CreatePlatformEndpoint", {
    PlatformApplicationArn, Token: "there",
  });
  return {
    TopicArn, ResourceArn: TopicArn, PlatformApplicationArn, EndpointArn,
    TargetArn: undefined, PhoneNumber: undefined,
    // An empty map is nothing at all in Query requests.
    Attributes: { DisplayName: "there" },
  };
}

/** A target has one input; a request in the middle of a list is refused for its token. */
async function eventBridgeResources(region: TestRegion): Promise<Named> {
  const EventPattern = '{"source":["there"]}';
  await make(region, "eventbridge:PutRule", { Name: "there", EventPattern });
  await make(region, "eventbridge:CreateEventBus", { Name: "there" });
  const EventSourceArn = "arn:aws:events:us-east-1:000000000000:event-bus/there";
  await make(region, "eventbridge:CreateArchive", { ArchiveName: "there", EventSourceArn });
  return {
    Rule: "there", ArchiveName: "there", EventPattern, ScheduleExpression: undefined,
    EventBusName: "default", NextToken: undefined, EndpointId: undefined,
  };
}

/** What is in paths can be anything, and nothing. */
async function schemaResources(region: TestRegion): Promise<Named> {
  const RegistryName = "there";
  const Content = JSON.stringify({ openapi: "3.0.0", info: { version: "1", title: "there" }, paths: {} });
  const schema = { RegistryName, SchemaName: "there", Type: "OpenApi3", Content };
  await make(region, "schemas:CreateRegistry", { RegistryName });
  await make(region, "schemas:CreateSchema", schema);
  const SourceArn = "arn:aws:events:us-east-1:000000000000:event-bus/default";
  const { DiscovererId } = await make(region, "schemas:CreateDiscoverer", { SourceArn });
  const ResourceArn = "arn:aws:schemas:us-east-1:000000000000:registry/there";
  return { ...schema, SourceArn, DiscovererId, ResourceArn, SchemaVersion: "1", NextToken: undefined };
}

/** Headers that speak of the body, of keys or of conditions are only right with what they speak of. */
async function s3Resources(region: TestRegion): Promise<Named> {
  await make(region, "s3:CreateBucket", { Bucket: "there" });
  await make(region, "s3:PutObject", { Bucket: "there", Key: "there", Body: "x" });
  const ofOther =
    /^(?:Checksum|SSE|ServerSide|If|ContentMD5|ContentLength|Expected|VersionId|PartNumber|MFA)/;
  const { shapes } = builtOperation("s3:PutObject").model;
  const members = Object.values(shapes).flatMap(({ members: each }) => Object.keys(each ?? {}));
  return {
    ...Object.fromEntries(members.filter((name) => ofOther.test(name)).map((name) => [name, undefined])),
    CreateBucketConfiguration: undefined,
    BucketNamespace: undefined,
    BypassGovernanceRetention: undefined,
    Range: undefined,
    Bucket: "there",
    Key: "there",
    CopySource: "there/there",
  };
}

/** Requests in both styles of parameters are refused for that alone. */
async function dynamodbResources(region: TestRegion, named: Map<string, Named>): Promise<void> {
  const { TableDescription } = await make(region, "dynamodb:CreateTable", tableInput("there"));
  await region.clock.advance({ seconds: 1 });
  const ResourceArn = "arn:aws:dynamodb:us-east-1:000000000000:table/there";
  const { BackupDetails } = await make(region, "dynamodb:CreateBackup", {
    TableName: "there",
    BackupName: "there",
  });
  const Key = { pk: { S: "there" }, sk: { S: "there" } };
  await make(region, "dynamodb:PutItem", { TableName: "there", Item: Key });
  named.set("dynamodb", {
    TableName: "there",
    SourceTableName: "there",
    SourceTableArn: undefined,
    ResourceArn,
    BackupArn: (BackupDetails as { BackupArn: string }).BackupArn,
    IndexName: undefined,
    Key,
    Item: Key,
    Expected: undefined,
    ConditionalOperator: undefined,
    AttributeUpdates: undefined,
    AttributesToGet: undefined,
    KeyConditions: undefined,
    QueryFilter: undefined,
    ScanFilter: undefined,
    ExclusiveStartKey: undefined,
    Segment: undefined,
    TotalSegments: undefined,
    ReturnValues: undefined,
  });
  const { LatestStreamArn: StreamArn } = TableDescription as { LatestStreamArn: string };
  const { StreamDescription } = await make(region, "dynamodb-streams:DescribeStream", { StreamArn });
  const { ShardId } = (StreamDescription as { Shards: { ShardId: string }[] }).Shards[0] ?? {};
  named.set("dynamodb-streams", { TableName: "there", StreamArn, ShardId });
}

/** What this region refuses to keep is left out, with what asks for more than a name. */
async function lambdaResources(region: TestRegion): Promise<Named> {
  const RoleName = "several-functions";
  await make(region, "iam:CreateRole", { RoleName, AssumeRolePolicyDocument: lambdaTrustText });
  const FunctionName = "there";
  await make(region, "lambda:CreateFunction", { ...functionMembers, FunctionName });
  await make(region, "lambda:PublishLayerVersion", { LayerName: "there", Content: functionMembers.Code });
  await region.clock.advance({ seconds: 1 });
  const left = [
    "RevisionId", "VpcConfig", "DeadLetterConfig", "Environment", "KMSKeyArn", "Layers", "FileSystemConfigs",
    "ImageConfig", "CodeSigningConfigArn", "CapacityProviderConfig", "DurableConfig", "TenancyConfig",
    "TenantId", "PublishTo", "Qualifier", "DestinationConfig", "S3Bucket", "S3Key", "S3ObjectVersion",
    "ImageUri", "SourceKMSKeyArn", "CodeSha256", "PackageType",
  ];
  return {
    ...Object.fromEntries(left.map((name) => [name, undefined])),
    ...functionMembers,
    FunctionName,
    ZipFile: functionMembers.Code.ZipFile,
    LayerName: "there",
    VersionNumber: 1,
    Arn: "arn:aws:lambda:us-east-1:000000000000:layer:there:1",
    Content: functionMembers.Code,
  };
}

async function s3ControlResources(region: TestRegion): Promise<Named> {
  const AccountId = "000000000000";
  await make(region, "s3-control:CreateAccessPoint", { AccountId, Name: "there", Bucket: "there" });
  await make(region, "s3-control:CreateAccessGrantsInstance", { AccountId });
  const ResourceArn = `arn:aws:s3:us-east-1:${AccountId}:accesspoint/there`;
  return { AccountId, Name: "there", Bucket: "there", ResourceArn, MaxResults: 2 };
}

export async function createFixtures(region: TestRegion): Promise<Fixtures> {
  const named = await namedResources(region);
  return {
    fit({ entry, model, operationModel }, input) {
      const names = named.get(entry.service) ?? {};
      const required = model.shapes[operationModel.input?.shape ?? ""]?.required ?? [];
      return Object.fromEntries(
        Object.entries(input).flatMap(([member, value]) => {
          if (!Object.hasOwn(names, member)) return [[member, value]];
          const named = names[member];
          return named !== undefined || required.includes(member) ? [[member, named ?? value]] : [];
        }),
      );
    },
  };
}
