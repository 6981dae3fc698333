import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreatePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { trust } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";

let region: TestRegion;
let pipes: PipesClient;
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const RoleArn = "arn:aws:iam::000000000000:role/piper";

before(async () => {
  region = await startRegion();
  pipes = region.client(PipesClient);
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "piper", AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
  }));
  const sqs = region.client(SQSClient);
  for (const QueueName of ["in", "out"]) await sqs.send(new CreateQueueCommand({ QueueName }));
});
after(() => region.stop());

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "nothing was refused";
  } catch (cause) {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  }
}

test("who makes a pipe with tags must be allowed to tag", async () => {
  const credentials = await region.user("untagging", { Version: "2012-10-17", Statement: [
    { Effect: "Allow", Action: ["pipes:CreatePipe", "iam:PassRole"], Resource: "*" },
  ] });
  const create = (Name: string, Tags?: Record<string, string>) => refusal(
    region.client(PipesClient, { credentials }).send(new CreatePipeCommand({
      Name, Source: queueArn("in"), Target: queueArn("out"), RoleArn, DesiredState: "STOPPED",
      ...(Tags && { Tags }),
    })),
  );
  assert.match(await create("tagged", { a: "b" }),
    /^AccessDeniedException: .* not authorized to perform: pipes:TagResource on resource: .*pipe\/tagged /);
  assert.equal(await create("plain"), "nothing was refused");
});

test("what can't be a pipe is refused", async () => {
  const refused = (input: object): Promise<string> => refusal(pipes.send(new CreatePipeCommand({
    Name: "wrong", Source: queueArn("in"), Target: queueArn("out"), RoleArn, ...input,
  })));
  assert.match(await refused({ Source: "arn:aws:mq:us-east-1:000000000000:broker:b" }), /^NotImplemented: /);
  assert.match(
    await refused({ Target: "arn:aws:states:us-east-1:000000000000:stateMachine:m" }), /^NotImplemented: /,
  );
  assert.match(await refused({ Enrichment: "arn:aws:events:us-east-1:000000000000:api-destination/d/1" }),
    /^NotImplemented: /);
  assert.match(
    await refused({ Source: "arn:aws:kinesis:us-east-1:000000000000:stream/s" }),
    /^ValidationException: {"ValidationErrorFields":\[{"Name":"SourceParameters\.KinesisStreamParameters",/,
  );
  assert.match(await refused({ SourceParameters: { FilterCriteria: { Filters: [{ Pattern: "{" }] } } }),
    /^ValidationException: Invalid filter pattern: /);
  assert.match(await refused({ SourceParameters: { SqsQueueParameters: { BatchSize: 11 } } }),
    /^ValidationException: MaximumBatchingWindowInSeconds /);
  assert.match(await refused({ RoleArn: "arn:aws:iam::111111111111:role/piper" }), /^ValidationException: /);
  assert.equal(await refused({ LogConfiguration: {
    Level: "INFO",
    CloudwatchLogsLogDestination: { LogGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:l" },
  } }), "ValidationException: The log group arn:aws:logs:us-east-1:000000000000:log-group:l does not exist.");
  assert.equal(await refused({ LogConfiguration: { Level: "ERROR" } }),
    "ValidationException: LogConfiguration must have a destination for a level other than OFF.");
  const credentials = await region.user("plumber", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "pipes:*", Resource: "*" }],
  });
  const plumber = region.client(PipesClient, { credentials });
  assert.match(
    await refusal(plumber.send(new CreatePipeCommand({
      Name: "wrong", Source: queueArn("in"), Target: queueArn("out"), RoleArn,
    }))),
    /^AccessDeniedException: .* is not authorized to perform: iam:PassRole on resource: /,
  );
});
