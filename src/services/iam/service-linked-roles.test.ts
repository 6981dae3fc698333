import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachRolePolicyCommand, CreateServiceLinkedRoleCommand, DeleteRoleCommand, DeleteServiceLinkedRoleCommand,
  GetRoleCommand, GetServiceLinkedRoleDeletionStatusCommand, IAMClient, ListAttachedRolePoliciesCommand,
  TagRoleCommand, UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { startRegion } from "../../../test/region.ts";
import { findAwsManagedPolicy } from "./aws-managed-policies.ts";
import { linkedServices } from "./linked-services.ts";
import { refusal } from "./test-policies.ts";

test("Every linked service's policy is one of AWS's", () => {
  for (const { policy } of linkedServices.values()) {
    assert.ok(findAwsManagedPolicy(`arn:aws:iam::aws:policy/aws-service-role/${policy}`), policy);
  }
});

test("A service-linked role has its service's name, path, trust and policy", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { Role } =
    await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" }));
  assert.equal(Role?.Arn,
    "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
  assert.deepEqual(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")), {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ecs.amazonaws.com" }, Action: "sts:AssumeRole" }],
  });
  const { AttachedPolicies } = await iam.send(
    new ListAttachedRolePoliciesCommand({ RoleName: "AWSServiceRoleForECS" }));
  assert.deepEqual(AttachedPolicies, [{
    PolicyName: "AmazonECSServiceRolePolicy",
    PolicyArn: "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy",
  }]);
  const again = await refusal(
    iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" })));
  assert.deepEqual(again,
    ["InvalidInput", "Service role name AWSServiceRoleForECS has been taken in this account, "
    + "please try a different suffix.", 400]);
});

test("Only some services take a suffix, and only services have such roles", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const create = (AWSServiceName: string, CustomSuffix?: string) =>
    iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName, CustomSuffix }));
  assert.deepEqual(await refusal(create("ecs.amazonaws.com", "mine")),
    ["InvalidInput", "Custom suffix is not allowed for ecs.amazonaws.com", 400]);
  const { Role } = await create("autoscaling.amazonaws.com", "mine");
  assert.equal(Role?.RoleName, "AWSServiceRoleForAutoScaling_mine");
  assert.deepEqual(await refusal(create("nothing.amazonaws.com")),
    ["InvalidInput", "nothing.amazonaws.com is not a service with service-linked roles.", 400]);
});

test("Nobody else changes a service-linked role", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" }));
  const RoleName = "AWSServiceRoleForECS";
  const expected = ["UnmodifiableEntity", "Cannot perform the operation on the protected role "
    + "'AWSServiceRoleForECS' - this role is only modifiable by AWS", 400];
  assert.deepEqual(await refusal(iam.send(new DeleteRoleCommand({ RoleName }))), expected);
  assert.deepEqual(await refusal(iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7200 }))),
    expected);
  assert.deepEqual(await refusal(iam.send(new AttachRolePolicyCommand({
    RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
  }))), expected);
});

test("A service-linked role may be described and tagged", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" }));
  const RoleName = "AWSServiceRoleForECS";
  await iam.send(new UpdateRoleCommand({ RoleName, Description: "ours" }));
  await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "team", Value: "shop" }] }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  assert.equal(Role?.Description, "ours");
  assert.deepEqual(Role?.Tags, [{ Key: "team", Value: "shop" }]);
});

test("Deleting a service-linked role is a task, which has succeeded", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" }));
  const { DeletionTaskId } = await iam.send(
    new DeleteServiceLinkedRoleCommand({ RoleName: "AWSServiceRoleForECS" }));
  assert.match(DeletionTaskId ?? "",
    /^task\/aws-service-role\/ecs\.amazonaws\.com\/AWSServiceRoleForECS\/[0-9a-f-]{36}$/);
  const { Status } = await iam.send(new GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId }));
  assert.equal(Status, "SUCCEEDED");
  assert.deepEqual(await refusal(iam.send(new GetRoleCommand({ RoleName: "AWSServiceRoleForECS" }))),
    ["NoSuchEntity", "The role with name AWSServiceRoleForECS cannot be found.", 404]);
});

test("A policy may say which services' roles somebody makes", async () => {
  await using region = await startRegion();
  const policy = {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "iam:CreateServiceLinkedRole", Resource: "*",
      Condition: { StringEquals: { "iam:AWSServiceName": "ecs.amazonaws.com" } },
    }],
  };
  const iam = region.client(IAMClient, { credentials: await region.user("alice", policy) });
  const other =
    await refusal(iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "rds.amazonaws.com" })));
  assert.equal(other[0], "AccessDenied");
  await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "ecs.amazonaws.com" }));
});
