/** Makes a function in a folder, says so, and waits to be killed. */

import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { fileURLToPath } from "node:url";
import { functionInput, lambdaTrust } from "../lambda-bench.ts";
import { startRegion, type TestRegion } from "../region.ts";

export async function makeFunction(region: TestRegion): Promise<void> {
  const iam = region.client(IAMClient);
  const AssumeRolePolicyDocument = JSON.stringify(lambdaTrust);
  await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({
    RoleName: "worker", PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
  }));
  await region.client(LambdaClient).send(new CreateFunctionCommand(functionInput("f")));
}

export async function invoke(region: TestRegion): Promise<string> {
  const { Payload } = await region.client(LambdaClient).send(
    new InvokeCommand({ FunctionName: "f", Payload: Buffer.from('"said"') }),
  );
  return Buffer.from(Payload ?? []).toString();
}

const [, program, dataDir] = process.argv;
if (program === fileURLToPath(import.meta.url)) {
  const region = await startRegion(dataDir === undefined ? {} : { dataDir });
  await makeFunction(region);
  process.stdout.write("made\n");
  process.stdin.resume();
}
