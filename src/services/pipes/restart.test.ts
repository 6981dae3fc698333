import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreatePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";

test("schedules and pipes go on when a region starts again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pipes-restart-"));
  const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const RoleArn = "arn:aws:iam::000000000000:role/mover";
  const first = await startRegion({ dataDir: folder });
  const iam = first.client(IAMClient);
  for (const QueueName of ["in", "out"]) await first.client(SQSClient).send(
    new CreateQueueCommand({ QueueName }),
  );
  const Principal = { Service: ["pipes.amazonaws.com", "scheduler.amazonaws.com"] };
  await iam.send(new CreateRoleCommand({
    RoleName: "mover", AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }],
    }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "mover", PolicyName: "move", PolicyDocument: JSON.stringify(allow("sqs:*")),
  }));
  await first.client(PipesClient).send(new CreatePipeCommand({
    Name: "moving", Source: queueArn("in"), Target: queueArn("out"), RoleArn,
    TargetParameters: { InputTemplate: "<$.body>" },
  }));
  await first.clock.advance({ seconds: 10 });
  await first.client(SchedulerClient).send(new CreateScheduleCommand({
    Name: "later", ScheduleExpression: "at(2026-01-01T01:00:00)", FlexibleTimeWindow: { Mode: "OFF" },
    Target: { Arn: queueArn("in"), RoleArn, Input: "after the restart" },
  }));
  await first.stop();

  const second = await startRegion({ dataDir: folder });
  await second.clock.advance({ hours: 1 });
  await second.engine.settled();
  const sqs = second.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "out" }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  assert.deepEqual(Messages.map(({ Body }) => Body), ["after the restart"]);
  await second.stop();
  rmSync(folder, { recursive: true, force: true });
});
