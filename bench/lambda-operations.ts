/** Warm synchronous invocations of a Node.js function that answers what it is given. */

import {
  AttachRolePolicyCommand, CreateRoleCommand, IAMClient, type IAMClientConfig,
} from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { nodePackage } from "../test/zip-archive.ts";
import type { BenchOperation } from "./operations.ts";

const FunctionName = "bench";

const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

export async function invokeOperation(options: IAMClientConfig): Promise<BenchOperation> {
  const lambda = new LambdaClient(options as object);
  const iam = new IAMClient(options);
  const RoleName = "bench";
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  await lambda.send(new CreateFunctionCommand({
    FunctionName, Role: Role?.Arn, Runtime: "nodejs20.x", Handler: "index.handler",
    Code: { ZipFile: nodePackage("export const handler = async (event) => event;") },
  }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10, minDelay: 1 }, { FunctionName });
  await lambda.send(new InvokeCommand({ FunctionName }));
  return {
    name: "lambda Invoke",
    service: "lambda",
    floorShare: 0.15,
    runsPrograms: true,
    headers: { "content-type": "application/json" },
    path: `/2015-03-31/functions/${FunctionName}/invocations`,
    bodies: ['{"key":"value"}'],
  };
}
