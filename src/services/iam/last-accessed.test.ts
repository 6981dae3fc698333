import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddUserToGroupCommand, AttachGroupPolicyCommand, CreateGroupCommand,
    GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand, GetServiceLastAccessedDetailsWithEntitiesCommand, IAMClient,
    ListUsersCommand,
} from "@aws-sdk/client-iam";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const alice = "arn:aws:iam::000000000000:user/alice";

test("iam-best-least-privilege: what somebody may use and has not used shows", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice", allow(["iam:*", "elasticache:*", "sqs:List*"]));
  await region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  const { JobId } = await iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn: alice }));
  const report = await iam.send(new GetServiceLastAccessedDetailsCommand({ JobId }));
  assert.deepEqual([report.JobStatus, report.JobType, report.IsTruncated],
    ["COMPLETED", "SERVICE_LEVEL", false]);
  assert.deepEqual(report.ServicesLastAccessed, [
    { ServiceName: "elasticache", ServiceNamespace: "elasticache", TotalAuthenticatedEntities: 0 },
    {
      ServiceName: "IAM", ServiceNamespace: "iam", TotalAuthenticatedEntities: 1,
      LastAuthenticated: new Date("2026-01-01T00:00:00Z"), LastAuthenticatedEntity: alice,
      LastAuthenticatedRegion: "us-east-1",
    },
    { ServiceName: "SQS", ServiceNamespace: "sqs", TotalAuthenticatedEntities: 0 },
  ]);
});

test("A policy was used by the members of the groups that carry it", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice");
  await region.user("bob");
  const Arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new AttachGroupPolicyCommand({ GroupName: "staff", PolicyArn: Arn }));
  for (const UserName of ["alice", "bob"]) {
    await iam.send(new AddUserToGroupCommand({ GroupName: "staff", UserName }));
  }
  await region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  const { JobId } = await iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn }));
  const { EntityDetailsList } = await iam.send(
    new GetServiceLastAccessedDetailsWithEntitiesCommand({ JobId, ServiceNamespace: "iam" }));
  assert.deepEqual(EntityDetailsList, [{
    EntityInfo: { Arn: alice, Name: "alice", Type: "USER", Id: EntityDetailsList?.[0]?.EntityInfo?.Id,
      Path: "/" },
    LastAuthenticated: new Date("2026-01-01T00:00:00Z"),
  }]);
});

test("Reports are about somebody who exists, and are kept for a day", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await region.user("alice", allow("iam:*"));
  const generate = (Arn: string, more: object = {}) =>
    iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn, ...more }));
  const nobody = "arn:aws:iam::000000000000:user/nobody";
  assert.deepEqual(await refusal(generate(nobody)), ["NoSuchEntity", `ARN ${nobody} cannot be found.`, 404]);
  assert.deepEqual(await refusal(generate("arn:aws:s3:::some-bucket-name")),
    ["ValidationError", "ARN arn:aws:s3:::some-bucket-name is not valid.", 400]);
  assert.equal((await refusal(generate(alice, { Granularity: "ACTION_LEVEL" })))[0], "NotImplemented");
  const { JobId } = await generate(alice);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await refusal(iam.send(new GetServiceLastAccessedDetailsCommand({ JobId }))),
    ["NoSuchEntity", `No job with id ${JobId} was found.`, 404]);
});
