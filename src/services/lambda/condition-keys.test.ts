import assert from "node:assert/strict";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { after, before, test } from "node:test";
import {
  AddPermissionCommand, CreateAliasCommand, CreateEventSourceMappingCommand, CreateFunctionCommand,
  CreateFunctionUrlConfigCommand, DeleteEventSourceMappingCommand, DeleteFunctionUrlConfigCommand,
  GetEventSourceMappingCommand, GetFunctionUrlConfigCommand, InvokeCommand, LambdaClient,
  ListFunctionUrlConfigsCommand,
  PutFunctionCodeSigningConfigCommand, RemovePermissionCommand, UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand, UpdateFunctionUrlConfigCommand,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { conditionKeys, type ConditionKeys } from "../../../test/condition-keys.ts";
import { account, arnOf, echo, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

const FunctionName = "watched";
const layer = `arn:aws:lambda:us-east-1:${account}:layer:one:1`;
const signing = "lambda:CodeSigningConfigArn";
const CodeSigningConfigArn = `arn:aws:lambda:us-east-1:${account}:code-signing-config:csc-0a1b2c3d4e5f60718`;
const VpcConfig = { SubnetIds: ["subnet-0a1b2c3d"], SecurityGroupIds: ["sg-0a1b2c3d"] };

let bench: Bench;
let keys: ConditionKeys<LambdaClient>;
before(async () => {
  bench = await startBench();
  keys = conditionKeys(bench.region, "lambda", (credentials) => bench.as(credentials));
  await bench.make(FunctionName);
});
after(() => bench.region.stop());

test("layers, networks and code signing can be asked for in policies", async () => {
  const create = (as: LambdaClient) => as.send(new CreateFunctionCommand({
    FunctionName: "new", Role: roleArn(), Runtime: "nodejs22.x", Handler: "index.handler",
    Code: { ZipFile: echo }, Layers: [layer], VpcConfig, CodeSigningConfigArn,
  }));
  const update = (as: LambdaClient) =>
    as.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers: [layer], VpcConfig }));
  for (const [action, call] of [
    ["CreateFunction", create], ["UpdateFunctionConfiguration", update],
  ] as const) {
    await keys.says(action, "lambda:Layer", layer, call);
    await keys.says(action, "lambda:SubnetIds", "subnet-0a1b2c3d", call);
    await keys.says(action, "lambda:SecurityGroupIds", "sg-0a1b2c3d", call);
    await keys.says(action, "lambda:VpcIds", "vpc-unknown", call);
  }
  const sign = (as: LambdaClient) =>
    as.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }));
  await keys.says("PutFunctionCodeSigningConfig", signing, CodeSigningConfigArn, sign);
  await keys.says("CreateFunction", signing, CodeSigningConfigArn, create);
});

test("who may be let in can be limited by principal and kind of address", async () => {
  const permission = {
    FunctionName, StatementId: "s1", Action: "lambda:InvokeFunctionUrl", Principal: "*",
    FunctionUrlAuthType: "NONE" as const,
  };
  const add = (as: LambdaClient) => as.send(new AddPermissionCommand(permission));
  await keys.says("AddPermission", "lambda:Principal", "*", add);
  await bench.lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: "s1" }));
  await keys.says("AddPermission", "lambda:FunctionUrlAuthType", "NONE", add);
  const remove = (as: LambdaClient) =>
    as.send(new RemovePermissionCommand({ FunctionName, StatementId: "s1" }));
  await keys.says("RemovePermission", "lambda:FunctionUrlAuthType", "NONE", remove);
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName, StatementId: "s1", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com",
  }));
  await keys.says("RemovePermission", "lambda:Principal", "s3.amazonaws.com", remove);
});

test("addresses and event sources say whose they are, and of what kind", async () => {
  await keys.says("CreateFunctionUrlConfig", "lambda:FunctionArn", arnOf(FunctionName), (as) =>
    as.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" })));
  for (const [key, value] of [
    ["lambda:FunctionArn", arnOf(FunctionName)], ["lambda:FunctionUrlAuthType", "AWS_IAM"],
  ] as const) {
    await keys.says("GetFunctionUrlConfig", key, value, (as) =>
      as.send(new GetFunctionUrlConfigCommand({ FunctionName })));
  }
  await keys.says("ListFunctionUrlConfigs", "lambda:FunctionUrlAuthType", "AWS_IAM", (as) =>
    as.send(new ListFunctionUrlConfigsCommand({ FunctionName })));
  await keys.says("UpdateFunctionUrlConfig", "lambda:FunctionUrlAuthType", "NONE", (as) =>
    as.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" })));
  await keys.says("DeleteFunctionUrlConfig", "lambda:FunctionUrlAuthType", "NONE", (as) =>
    as.send(new DeleteFunctionUrlConfigCommand({ FunctionName })));

  await bench.role("worker-of-queue", { Effect: "Allow", Action: "sqs:*", Resource: "*" });
  await bench.make("consumer", { Role: roleArn("worker-of-queue") });
  await bench.region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "source" }));
  const { UUID } = await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: "consumer", EventSourceArn: `arn:aws:sqs:us-east-1:${account}:source`,
  }));
  const consumer = arnOf("consumer");
  await keys.says("GetEventSourceMapping", "lambda:FunctionArn", consumer, (as) =>
    as.send(new GetEventSourceMappingCommand({ UUID })));
  await keys.says("UpdateEventSourceMapping", "lambda:FunctionArn", arnOf(FunctionName), (as) =>
    as.send(new UpdateEventSourceMappingCommand({ UUID, FunctionName })));
  await keys.says("DeleteEventSourceMapping", "lambda:FunctionArn", consumer, (as) =>
    as.send(new DeleteEventSourceMappingCommand({ UUID })));
});

test("a function's tags count for its versions and aliases", async () => {
  await bench.make("tagged", { Publish: true, Tags: { team: "a" } });
  await bench.lambda.send(new CreateAliasCommand({
    FunctionName: "tagged", Name: "live", FunctionVersion: "1",
  }));
  for (const Qualifier of [undefined, "1", "live"]) {
    await keys.says("InvokeFunction", "aws:ResourceTag/team", "a", (as) =>
      as.send(new InvokeCommand({ FunctionName: "tagged", Qualifier, InvocationType: "DryRun" })));
  }
});

test("what a function asks for says from which function it comes", async () => {
  const Role = await bench.role("source-of-requests", {
    Effect: "Allow", Action: "sqs:ListQueues", Resource: "*",
    Condition: { ArnEquals: { "lambda:SourceFunctionArn": arnOf("may") } },
  });
  const ZipFile = nodePackage(`
    import { SQSClient, ListQueuesCommand } from "@aws-sdk/client-sqs";
    const list = () => new SQSClient({}).send(new ListQueuesCommand({}));
    export const handler = () => list().then(() => "may", ({ name }) => name);
  `);
  for (const name of ["may", "mayNot"]) await bench.make(name, { Role, Code: { ZipFile }, Timeout: 30 });
  assert.equal((await bench.invoke("may")).answer, "may");
  assert.match(String((await bench.invoke("mayNot")).answer), /AccessDenied/);
});

/** @evidence IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail": a role for a service */
test("the trail has Lambda's taking of a role as a call of the API", async () => {
  const { Events = [] } = await bench.region.client(CloudTrailClient).send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "AssumeRole" }],
  }));
  const records = Events.map(({ CloudTrailEvent }) =>
    JSON.parse(CloudTrailEvent ?? "{}") as { userIdentity: object; eventType: string });
  const taken = records.find(({ userIdentity }) => "invokedBy" in userIdentity);
  assert.deepEqual(taken?.userIdentity, { type: "AWSService", invokedBy: "lambda.amazonaws.com" });
  assert.equal(taken.eventType, "AwsApiCall");
});
