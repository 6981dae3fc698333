import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AttachRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand, GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { functionInput, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

let bench: Bench;
before(async () => void (bench = await startBench()));
after(() => bench.region.stop());

const VpcConfig = { SubnetIds: ["subnet-071f712345678e7c8"], SecurityGroupIds: ["sg-085912345678492fb"] };

test("a function in a VPC needs a role that may have interfaces there", async () => {
  const Role = roleArn("networked");
  await bench.role("networked");
  const create = (): Promise<string> =>
    refusal(bench.lambda.send(new CreateFunctionCommand(functionInput("inside", { Role, VpcConfig }))));
  const notPermitted = (call: string): string =>
    "InvalidParameterValueException: "
    + `The provided execution role does not have permissions to call ${call} on EC2`;
  assert.equal(await create(), notPermitted("CreateNetworkInterface"));
  await bench.role("half", { Effect: "Allow", Action: "ec2:CreateNetworkInterface", Resource: "*" });
  await bench.region.client(IAMClient).send(new AttachRolePolicyCommand({
    RoleName: "networked", PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
  }));
  assert.equal(await create(), "no refusal");
  await bench.region.clock.advance({ seconds: 1 });
  const shown = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "inside" }));
  assert.deepEqual(shown.VpcConfig, { ...VpcConfig, VpcId: "" });
  const update = (change: object): Promise<string> =>
    refusal(bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "inside", ...change })));
  assert.equal(await update({ Role: roleArn("half") }), notPermitted("DescribeNetworkInterfaces"));
  const outside = { VpcConfig: { SubnetIds: [], SecurityGroupIds: [] }, Role: roleArn("half") };
  assert.equal(await update(outside), "no refusal");
});

test("subnets and security groups are given together, or not at all", async () => {
  for (const one of [{ SubnetIds: VpcConfig.SubnetIds }, { SecurityGroupIds: VpcConfig.SecurityGroupIds }]) {
    const partly = functionInput("partly", { VpcConfig: one });
    assert.equal(
      await refusal(bench.lambda.send(new CreateFunctionCommand(partly))),
      "InvalidParameterValueException: SubnetIds and SecurityIds must coexist or be both empty list.",
    );
  }
});
