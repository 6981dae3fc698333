/** Regions with roles and functions, for tests. */

import {
  AttachRolePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand, InvokeCommand, LambdaClient, type CreateFunctionCommandInput,
  type InvokeCommandInput,
} from "@aws-sdk/client-lambda";
import { startRegion, type TestCredentials, type TestRegion } from "./region.ts";
import { nodePackage } from "./zip-archive.ts";

export const account = "000000000000";
export const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:${account}:function:${name}`;
export const roleArn = (name = "worker"): string => `arn:aws:iam::${account}:role/${name}`;

/** Answers what it is given. */
export const echo = nodePackage("export const handler = async (event) => event;");

export interface Bench {
  readonly region: TestRegion;
  readonly lambda: LambdaClient;
  as(credentials: TestCredentials): LambdaClient;
  /** A role that Lambda may assume, allowed what the statements say. */
  role(name: string, ...statements: object[]): Promise<string>;
  /** A function that is there and may run. */
  make(name: string, more?: Partial<CreateFunctionCommandInput>): Promise<string>;
  invoke(name: string, event?: unknown, more?: Partial<InvokeCommandInput>): Promise<Invoked>;
}

export interface Invoked {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly version: string | undefined;
  readonly requestId: string | undefined;
  readonly answer: unknown;
  readonly log: string;
}

export async function startBench(): Promise<Bench> {
  const region = await startRegion();
  const lambda = region.client(LambdaClient);
  const bench: Bench = {
    region,
    lambda,
    as: (credentials) => region.client(LambdaClient, { credentials }),
    role: (name, ...statements) => makeRole(region, name, statements),
    async make(name, more = {}) {
      await lambda.send(new CreateFunctionCommand(functionInput(name, more)));
      await region.clock.advance({ seconds: 1 });
      return arnOf(name);
    },
    async invoke(name, event, more = {}) {
      const Payload = event === undefined ? {} : { Payload: Buffer.from(JSON.stringify(event)) };
      const answer = await lambda.send(new InvokeCommand({ FunctionName: name, ...Payload, ...more }));
      const text = Buffer.from(answer.Payload ?? []).toString("utf8");
      return {
        status: answer.StatusCode,
        error: answer.FunctionError,
        version: answer.ExecutedVersion,
        requestId: answer.$metadata.requestId,
        answer: text === "" ? undefined : JSON.parse(text),
        log: Buffer.from(answer.LogResult ?? "", "base64").toString("utf8"),
      };
    },
  };
  await bench.role("worker");
  return bench;
}

export function functionInput(
  name: string, more: Partial<CreateFunctionCommandInput> = {},
): CreateFunctionCommandInput {
  return {
    FunctionName: name,
    Role: roleArn(),
    Runtime: "nodejs20.x",
    Handler: "index.handler",
    Code: { ZipFile: echo },
    // Functions are timed by the machine's clock, and the machine may be busy.
    Timeout: 30,
    ...more,
  };
}

export const lambdaTrust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

export async function makeRole(
  region: TestRegion, name: string, statements: readonly object[],
): Promise<string> {
  const iam = region.client(IAMClient);
  const AssumeRolePolicyDocument = JSON.stringify(lambdaTrust);
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({
    RoleName: name, PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
  }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "inline", PolicyDocument }));
  }
  return roleArn(name);
}
