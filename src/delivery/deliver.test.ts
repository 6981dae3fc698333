import assert from "node:assert/strict";
import { test } from "node:test";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import {
  CreateRoleCommand, DeleteRoleCommand, DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { allow, trust } from "../../test/policies.ts";
import { startRegion, type TestRegion } from "../../test/region.ts";
import { AwsError } from "../kernel/errors.ts";
import { sendDeadLetter } from "./dead-letter.ts";
import { deliver, type Actor } from "./deliver.ts";
import { failureOf } from "./failure.ts";
import { sessionOf } from "./role-session.ts";

const account = "000000000000";
const arn = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`;

const pipes: Actor = {
  principal: "pipes.amazonaws.com", sourceArn: `arn:aws:pipes:us-east-1:${account}:pipe/p`,
};

function context(region: TestRegion) {
  return region.engine.contextIn("sqs", { account, region: "us-east-1" });
}

async function role(region: TestRegion): Promise<string> {
  const iam = region.client(IAMClient);
  const AssumeRolePolicyDocument = trust("pipes.amazonaws.com");
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "p", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "p", PolicyName: "p", PolicyDocument: JSON.stringify(allow(["sqs:*", "events:*"])),
  }));
  return Role?.Arn ?? "";
}

async function queue(region: TestRegion, QueueName: string, Attributes: Record<string, string> = {}) {
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl, AttributeNames: ["All"], MessageAttributeNames: ["All"],
    }));
    return Messages;
  };
}

test("delivery: as the service the target's policy decides, by principal and source", async () => {
  await using region = await startRegion();
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: pipes.principal }, Action: "sqs:SendMessage", Resource: arn("q"),
    Condition: { ArnEquals: { "aws:SourceArn": pipes.sourceArn } },
  }] });
  const messages = await queue(region, "q", { Policy });
  const ctx = context(region);
  assert.deepEqual(await deliver(ctx, { target: arn("q"), payload: "a", actor: pipes }), {});
  const other = { ...pipes, sourceArn: `${pipes.sourceArn}2` };
  const refused = await deliver(ctx, { target: arn("q"), payload: "b", actor: other });
  assert.ok("failure" in refused);
  assert.deepEqual([refused.failure.code, refused.failure.isRetryable], ["NO_PERMISSIONS", false]);
  const absent = await deliver(ctx, { target: arn("absent"), payload: "b", actor: pipes });
  assert.ok("failure" in absent);
  assert.deepEqual(absent.failure, {
    code: "NO_RESOURCE", message: "The specified queue does not exist.", isRetryable: false,
  });
  assert.deepEqual((await messages()).map(({ Body }) => Body), ["a"]);
});

test("delivery: under a role, to ordered queues and to event buses", async () => {
  await using region = await startRegion();
  const actor = { ...pipes, roleArn: await role(region) };
  const ctx = context(region);
  const ordered = await queue(region, "q.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
  const settings = { messageGroupId: "g" };
  assert.deepEqual(await deliver(ctx, { target: arn("q.fifo"), payload: "a", actor, settings }), {});
  assert.equal((await ordered())[0]?.Attributes?.["MessageGroupId"], "g");
  const events = region.client(EventBridgeClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
    Resource: arn("in"),
  }] });
  const inbox = await queue(region, "in", { Policy });
  await events.send(new PutRuleCommand({ Name: "r", EventPattern: '{"source":["from.pipe"]}' }));
  const Targets = [{ Id: "1", Arn: arn("in"), InputPath: "$.detail" }];
  await events.send(new PutTargetsCommand({ Rule: "r", Targets }));
  const target = `arn:aws:events:us-east-1:${account}:event-bus/default`;
  const event = { source: "from.pipe", detailType: "d" };
  assert.deepEqual(await deliver(ctx, { target, payload: '{"n":1}', actor, settings: { event } }), {});
  await region.engine.settled();
  assert.deepEqual((await inbox()).map(({ Body }) => Body), ['{"n":1}']);
  const malformed = await deliver(ctx, { target, payload: "no JSON", actor, settings: { event } });
  assert.ok("failure" in malformed && malformed.failure.code === "INVALID_PARAMETER");
});

test("delivery: a role's session is kept until it is about to run out", async () => {
  await using region = await startRegion();
  const passed = { ...pipes, roleArn: await role(region) };
  const ctx = context(region);
  const first = await sessionOf(ctx, passed);
  await region.clock.advance({ minutes: 54 });
  assert.equal(await sessionOf(ctx, passed), first);
  await region.clock.advance({ minutes: 2 });
  assert.notEqual(await sessionOf(ctx, passed), first);
  const actor = { ...pipes, roleArn: `arn:aws:iam::${account}:role/none` };
  const failed = await deliver(ctx, { target: arn("q"), payload: "a", actor });
  assert.ok("failure" in failed && failed.failure.code === "FAILED_TO_ASSUME_ROLE");
});

test("delivery: a role that is deleted and made again is assumed again", async () => {
  await using region = await startRegion();
  const actor = { ...pipes, roleArn: await role(region) };
  const messages = await queue(region, "q");
  const ctx = context(region);
  assert.deepEqual(await deliver(ctx, { target: arn("q"), payload: "a", actor }), {});
  const iam = region.client(IAMClient);
  await iam.send(new DeleteRolePolicyCommand({ RoleName: "p", PolicyName: "p" }));
  await iam.send(new DeleteRoleCommand({ RoleName: "p" }));
  const gone = await deliver(ctx, { target: arn("q"), payload: "b", actor });
  assert.ok("failure" in gone && gone.failure.code === "FAILED_TO_ASSUME_ROLE");
  await role(region);
  assert.deepEqual(await deliver(ctx, { target: arn("q"), payload: "c", actor }), {});
  assert.deepEqual([...await messages(), ...await messages()].map(({ Body }) => Body).sort(), ["a", "c"]);
});

test("delivery: what can't be delivered says so, and dead letters have attributes", async () => {
  await using region = await startRegion();
  const ctx = context(region);
  const target = `arn:aws:states:us-east-1:${account}:stateMachine:m`;
  assert.deepEqual(await deliver(ctx, { target, payload: "{}", actor: pipes }), { failure: {
    code: "INTERNAL_ERROR", isRetryable: false,
    message: "Targets of states are not implemented by us-local-1 yet.",
  } });
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: pipes.principal }, Action: "sqs:SendMessage",
      Resource: arn("dead"),
  }] });
  const messages = await queue(region, "dead", { Policy });
  const letter = { body: "{}", attributes: { A: "1", B: undefined, C: "" }, actor: pipes };
  assert.equal(await sendDeadLetter(ctx, { ...letter, queue: arn("dead") }), true);
  assert.equal(await sendDeadLetter(ctx, { ...letter, queue: arn("none") }), false);
  assert.deepEqual(Object.keys((await messages())[0]?.MessageAttributes ?? {}), ["A"]);
});

test("delivery: which failures are worth another try", () => {
  const cases: readonly (readonly [string, number, string, boolean])[] = [
    ["ThrottlingException", 400, "THROTTLING", true], ["TooManyRequestsException", 429, "THROTTLING", true],
    ["ProvisionedThroughputExceededException", 400, "THROTTLING", true],
    ["InternalFailure", 500, "INTERNAL_ERROR", true], ["NotImplemented", 501, "INTERNAL_ERROR", false],
    ["AccessDenied", 403, "NO_PERMISSIONS", false], ["AuthorizationError", 403, "NO_PERMISSIONS", false],
    ["ResourceNotFoundException", 404, "NO_RESOURCE", false], ["QueueDoesNotExist", 400, "NO_RESOURCE",
      false],
    ["InvalidParameterValue", 400, "INVALID_PARAMETER", false],
    ["FunctionError", 500, "ERROR_FROM_TARGET", true],
  ];
  for (const [code, status, expected, isRetryable] of cases) {
    const failure = failureOf(new AwsError({ code, status, message: "m" }));
    assert.deepEqual([failure.code, failure.isRetryable], [expected, isRetryable], code);
  }
});
