import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAccessKeyCommand, CreateUserCommand, DeleteAccessKeyCommand, GetAccessKeyLastUsedCommand,
  GetUserCommand, IAMClient, ListAccessKeysCommand, UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { accountOfAccessKeyId } from "../../kernel/auth/access-key-id.ts";
import { refusal } from "./test-policies.ts";

test("A user has two access keys at most, and an id tells its account", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient, { credentials: region.root("111122223333") });
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  assert.match(AccessKey?.AccessKeyId ?? "", /^AKIA[A-Z2-7]{16}$/);
  assert.match(AccessKey?.SecretAccessKey ?? "", /^[A-Za-z0-9+/]{40}$/);
  assert.equal(accountOfAccessKeyId(AccessKey?.AccessKeyId ?? ""), "111122223333");
  assert.deepEqual([AccessKey?.UserName, AccessKey?.Status], ["alice", "Active"]);
  await iam.send(new CreateAccessKeyCommand({ UserName }));
  assert.deepEqual(await refusal(iam.send(new CreateAccessKeyCommand({ UserName }))),
    ["LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409]);
  const { AccessKeyMetadata, IsTruncated } = await iam.send(new ListAccessKeysCommand({ UserName }));
  assert.equal(AccessKeyMetadata?.length, 2);
  assert.equal(IsTruncated, false);
});

test("A key that is inactive or deleted opens nothing", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice", allow("iam:*"));
  const alice = region.client(IAMClient, { credentials });
  const AccessKeyId = credentials.accessKeyId;
  await alice.send(new GetUserCommand({}));
  await iam.send(new UpdateAccessKeyCommand({ UserName: "alice", AccessKeyId, Status: "Inactive" }));
  const invalid = ["InvalidClientTokenId", "The security token included in the request is invalid.", 403];
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({}))), invalid);
  await iam.send(new UpdateAccessKeyCommand({ UserName: "alice", AccessKeyId, Status: "Active" }));
  const { AccessKeyMetadata } = await alice.send(new ListAccessKeysCommand({}));
  assert.deepEqual(
    AccessKeyMetadata?.map((key) => [key.UserName, key.AccessKeyId]),
    [["alice", AccessKeyId]],
  );
  await alice.send(new DeleteAccessKeyCommand({ AccessKeyId }));
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({}))), invalid);
});

test("A key of somebody else, or of nobody, cannot be found", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { accessKeyId } = await region.user("alice");
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  for (const AccessKeyId of [accessKeyId, "AKIAIOSFODNN7EXAMPLE"]) {
    const updating = iam.send(new UpdateAccessKeyCommand({
      UserName: "bob", AccessKeyId, Status: "Inactive",
    }));
    assert.deepEqual(await refusal(updating),
      ["NoSuchEntity", `The Access Key with id ${AccessKeyId} cannot be found.`, 404]);
  }
  assert.deepEqual(await refusal(iam.send(new GetAccessKeyLastUsedCommand({
    AccessKeyId: "AKIAIOSFODNN7EXAMPLE",
  }))), [
    "AccessDenied", "User: arn:aws:iam::000000000000:root is not authorized to perform " +
    "iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE", 403,
  ]);
});

test("A key knows when, where and for what it was last used", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice", allow("iam:GetUser"));
  const asked = new GetAccessKeyLastUsedCommand({ AccessKeyId: credentials.accessKeyId });
  const unused = await iam.send(asked);
  assert.deepEqual(
    [unused.UserName, unused.AccessKeyLastUsed],
    ["alice", { ServiceName: "N/A", Region: "N/A" }],
  );
  await region.client(IAMClient, { credentials }).send(new GetUserCommand({}));
  const used = await iam.send(asked);
  assert.deepEqual(used.AccessKeyLastUsed, {
    LastUsedDate: new Date("2026-01-01T00:00:00Z"), ServiceName: "iam", Region: "us-east-1",
  });
});

test("Root makes keys for itself, which are root's", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({}));
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const { User } = await region.client(IAMClient, { credentials }).send(new GetUserCommand({}));
  assert.equal(User?.Arn, "arn:aws:iam::000000000000:root");
});
