/** What there is to list of Lambda. */

import { echo } from "../lambda-bench.ts";
import { nodePackage } from "../zip-archive.ts";
import type { Listings, Make } from "./listings.ts";

const numbers = [1, 2, 3, 4, 5];
const Role = "arn:aws:iam::000000000000:role/several-functions";
const FunctionName = "several-1";

export const lambdaTrustText = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

export const functionMembers = {
  Role, Runtime: "nodejs20.x", Handler: "index.handler", Code: { ZipFile: echo },
};

/** One that goes on tags itself with what its state may be asked for with, and stays. */
const lasting = nodePackage(`
  import {
    LambdaClient, CheckpointDurableExecutionCommand, TagResourceCommand,
  } from "@aws-sdk/client-lambda";
  const lambda = new LambdaClient({});
  export const handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }) => {
    if (InitialExecutionState.Operations[0].ExecutionDetails.InputPayload !== '"stay"') return;
    const Updates = ["a", "b", "c", "d"].map((Id) => ({ Id, Type: "CONTEXT", Action: "START" }));
    const checkpoint = { DurableExecutionArn, CheckpointToken, Updates };
    const next = await lambda.send(new CheckpointDurableExecutionCommand(checkpoint));
    const Tags = { arn: DurableExecutionArn, token: next.CheckpointToken };
    const Resource = DurableExecutionArn.split(":").slice(0, 7).join(":");
    await lambda.send(new TagResourceCommand({ Resource, Tags }));
    await new Promise((done) => setTimeout(done, 600_000));
  };
`);
const durable = "several-executions";

interface Lasting {
  readonly DurableExecutionArn: string;
  readonly CheckpointToken: string;
}

/** The execution that stays, once it says that it is there. */
async function lastingExecution(make: Make): Promise<Lasting> {
  const Resource = `arn:aws:lambda:us-east-1:000000000000:function:${durable}`;
  for (let look = 0; look < 20_000; look += 1) {
    const { Tags = {} } = (await make("lambda:ListTags", { Resource })) as { Tags?: Record<string, string> };
    const { arn, token } = Tags;
    if (arn !== undefined && token !== undefined) return { DurableExecutionArn: arn, CheckpointToken: token };
  }
  throw new Error(`${durable} did not begin`);
}

/** Until no execution changes any more by itself: one runs, the others have ended. */
async function untilQuiet(make: Make): Promise<void> {
  await lastingExecution(make);
  for (let look = 0; look < 20_000; look += 1) {
    const answer = await make("lambda:ListDurableExecutionsByFunction", { FunctionName: durable });
    const executions = answer["DurableExecutions"] as { Status: string }[];
    if (executions.filter(({ Status }) => Status === "RUNNING").length === 1) return;
  }
  throw new Error(`executions of ${durable} do not end`);
}

async function firstConfigArn(make: Make): Promise<string> {
  const { CodeSigningConfigs } = await make("lambda:ListCodeSigningConfigs", {});
  return (CodeSigningConfigs as { CodeSigningConfigArn: string }[])[0]?.CodeSigningConfigArn ?? "";
}

export const lambdaListings: Listings = {
  async prepare(make) {
    const RoleName = "several-functions";
    await make("iam:CreateRole", { RoleName, AssumeRolePolicyDocument: lambdaTrustText });
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole";
    await make("iam:AttachRolePolicy", { RoleName, PolicyArn });
    const everything = "arn:aws:iam::aws:policy/AWSLambda_FullAccess";
    await make("iam:AttachRolePolicy", { RoleName, PolicyArn: everything });
    await make("lambda:CreateFunction", {
      ...functionMembers, FunctionName: durable, Code: { ZipFile: lasting }, Timeout: 900,
      DurableConfig: { ExecutionTimeout: 900 },
    });
    const SigningProfileVersionArns = ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/a/b"];
    for (const _ of numbers) {
      await make("lambda:CreateCodeSigningConfig", { AllowedPublishers: { SigningProfileVersionArns } });
    }
    const CodeSigningConfigArn = await firstConfigArn(make);
    for (const number of numbers) {
      const named = { FunctionName: `several-${number}` };
      await make("lambda:CreateFunction", { ...functionMembers, ...named, CodeSigningConfigArn });
      for (const _ of numbers) {
        await make("lambda:PublishLayerVersion", {
          LayerName: `several-${number}`, Content: { ZipFile: echo },
        });
      }
    }
  },
  async fill(make) {
    for (const text of ["stay", ...numbers]) {
      await make("lambda:Invoke", {
        FunctionName: durable, Qualifier: "$LATEST", InvocationType: "Event",
        Payload: Buffer.from(JSON.stringify(text)),
      });
    }
    for (const number of numbers) {
      await make("sqs:CreateQueue", { QueueName: `source-${number}` });
      const EventSourceArn = `arn:aws:sqs:us-east-1:000000000000:source-${number}`;
      await make("lambda:CreateEventSourceMapping", { FunctionName, EventSourceArn, Enabled: false });
      await make("lambda:PublishVersion", { FunctionName });
      const alias = `alias-${number}`;
      await make("lambda:CreateAlias", { FunctionName, Name: alias, FunctionVersion: "1" });
      const Qualifier = alias;
      await make("lambda:PutFunctionEventInvokeConfig", { FunctionName, Qualifier, MaximumRetryAttempts: 1 });
      await make("lambda:CreateFunctionUrlConfig", { FunctionName, Qualifier, AuthType: "NONE" });
      await make("lambda:PutProvisionedConcurrencyConfig", {
        FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1,
      });
    }
    await untilQuiet(make);
  },
  inputs: {
    ListFunctions: {},
    ListVersionsByFunction: { FunctionName },
    ListAliases: { FunctionName },
    ListLayers: {},
    ListLayerVersions: { LayerName: "several-1" },
    ListProvisionedConcurrencyConfigs: { FunctionName },
    ListFunctionEventInvokeConfigs: { FunctionName },
    ListFunctionUrlConfigs: { FunctionName },
    ListCodeSigningConfigs: {},
    ListEventSourceMappings: {},
    ListDurableExecutionsByFunction: { FunctionName: durable },
    GetDurableExecutionHistory: async (make) => {
      const { DurableExecutionArn } = await lastingExecution(make);
      return { DurableExecutionArn };
    },
    GetDurableExecutionState: async (make) => ({ ...(await lastingExecution(make)) }),
    ListFunctionsByCodeSigningConfig: async (make) => ({ CodeSigningConfigArn: await firstConfigArn(make) }),
  },
};
