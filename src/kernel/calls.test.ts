import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateQueueCommand, GetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../test/region.ts";
import * as sqs from "../generated/sqs.ts";
import * as ssm from "../generated/ssm.ts";

const account = "000000000000";
const as = { as: "service", sourceArn: `arn:aws:sns:us-east-1:${account}:topic` } as const;

async function queue(region: TestRegion, QueueName: string): Promise<string> {
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "*", Resource: "*" },
  });
  const { QueueUrl = "" } = await region.client(SQSClient).send(
    new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
  return QueueUrl;
}

async function count(region: TestRegion, QueueUrl: string): Promise<number> {
  const { Attributes } = await region.client(SQSClient).send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }));
  return Number(Attributes?.["ApproximateNumberOfMessages"]);
}

function service(region: TestRegion) {
  return region.engine.contextIn("sns", { account, region: "us-east-1" });
}

test("calls made together: one that is refused, before or while it runs, stops no other", async () => {
  await using region = await startRegion();
  const first = await queue(region, "first");
  const second = await queue(region, "second");
  const send = (QueueUrl: string, MessageBody: string) => ({ QueueUrl, MessageBody });
  const outcomes = await service(region).callEach(sqs.SendMessage, [
    send(first, "a"), send(`/${account}/none`, "b"), send(second, "c"), send(first, "\u0000"),
    send(first, "d"),
  ], as);
  const codes = outcomes.map((outcome) =>
    ("error" in outcome ? outcome.error.shape ?? outcome.error.code : ""));
  assert.deepEqual(codes, ["", "AccessDeniedException", "", "InvalidMessageContents", ""]);
  // What ran together and was taken back for the one that failed has been done once.
  assert.deepEqual([await count(region, first), await count(region, second)], [2, 1]);
});

test("calls made together are recorded each, and answered in their order", async () => {
  await using region = await startRegion();
  const ctx = service(region);
  const heard: string[] = [];
  region.engine.bus.listen(({ detail }) => heard.push(String(detail["eventName"])));
  const put = (Name: string) => ({ Name, Value: Name, Type: "String" as const });
  const caller = { ...ctx.caller, type: "Root" as const, account, arn: `arn:aws:iam::${account}:root` };
  const inputs = [put("a"), put("b"), put("a")];
  const outcomes = await ctx.callEach(ssm.PutParameter, inputs, { as: { for: caller } });
  const said = outcomes.map((outcome) =>
    ("output" in outcome ? outcome.output.Version : outcome.error.code));
  assert.deepEqual(said, [1, 1, "ParameterAlreadyExists"]);
  assert.deepEqual(heard.filter((name) => name === "PutParameter").length, 3);
});
