import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateAccessGrantCommand, CreateAccessGrantsInstanceCommand, CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand, DeleteAccessGrantsInstanceCommand, DeleteAccessGrantsLocationCommand,
  GetDataAccessCommand, ListAccessGrantsCommand, ListCallerAccessGrantsCommand, ListTagsForResourceCommand,
  S3ControlClient, TagResourceCommand, UntagResourceCommand, type Permission,
} from "@aws-sdk/client-s3-control";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { clientOf, makeBucket } from "../../../test/s3-access.ts";

const AccountId = "000000000000";
const user = "arn:aws:iam::000000000000:user/alice";
const IAMRoleArn = "arn:aws:iam::000000000000:role/location";

async function makeRole(region: TestRegion): Promise<void> {
  const iam = region.client(IAMClient);
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const trust = {
    Effect: "Allow", Principal: { Service: "access-grants.s3.amazonaws.com" }, Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": AccountId } },
  };
  const RoleName = "location";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: "Allow", Action: "s3:*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument }));
}

test("who was granted a prefix gets credentials that reach it, and nothing else", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  await makeRole(region);
  for (const Key of ["team/a", "secret"]) {
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "x" }));
  }
  const control = region.client(S3ControlClient);
  const alice = region.client(S3ControlClient, {
    credentials: await region.user("alice", {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:GetDataAccess", "s3:ListCallerAccessGrants"], Resource: "*" },
      ],
    }),
  });
  const ask = (Target: string, Permission: Permission) =>
    alice.send(new GetDataAccessCommand({ AccountId, Target, Permission, DurationSeconds: 900 }));
  await assert.rejects(ask("s3://bucket/team/*", "READ"), {
    name: "AccessGrantsInstanceNotExistsError", message: "Access Grants Instance does not exist",
  });
  await control.send(new CreateAccessGrantsInstanceCommand({ AccountId }));
  const location = { AccountId, LocationScope: "s3://", IAMRoleArn };
  const { AccessGrantsLocationId } = await control.send(new CreateAccessGrantsLocationCommand(location));
  assert.equal(AccessGrantsLocationId, "default");
  const { AccessGrantId, GrantScope } = await control.send(
    new CreateAccessGrantCommand({
      AccountId, AccessGrantsLocationId,
      AccessGrantsLocationConfiguration: { S3SubPrefix: "bucket/team/*" },
      Grantee: { GranteeType: "IAM", GranteeIdentifier: user },
      Permission: "READ",
    }),
  );
  assert.equal(GrantScope, "s3://bucket/team/*");
  assert.equal(
    await refusal(ask("s3://bucket/secret", "READ")),
    "AccessDenied: You do not have READ or WRITE permissions to the requested Prefix",
  );
  await assert.rejects(ask("s3://bucket/team/*", "WRITE"), { name: "AccessDenied" });

  const { Credentials, MatchedGrantTarget, Grantee } = await ask("s3://bucket/team/a", "READ");
  assert.equal(MatchedGrantTarget, "s3://bucket/team/*");
  assert.equal(Grantee?.GranteeIdentifier, user);
  const given = clientOf(region, {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  });
  const get = (Key: string) => refusal(given.send(new GetObjectCommand({ Bucket: "bucket", Key })));
  assert.equal(await get("team/a"), "no refusal");
  assert.match(await get("secret"), /because no session policy allows the s3:GetObject action$/);
  const put = new PutObjectCommand({ Bucket: "bucket", Key: "team/b", Body: "x" });
  assert.match(await refusal(given.send(put)), /because no session policy allows the s3:PutObject action$/);
  const list = (Prefix: string) =>
    refusal(given.send(new ListObjectsV2Command({ Bucket: "bucket", Prefix })));
  assert.equal(await list("team/"), "no refusal");
  assert.match(await list(""), /^AccessDenied: /);
  await region.clock.advance({ minutes: 16 });
  assert.match(await get("team/a"), /^ExpiredToken: /);

  const own = await alice.send(new ListCallerAccessGrantsCommand({ AccountId }));
  assert.deepEqual(own.CallerAccessGrantsList, [{ Permission: "READ", GrantScope: "s3://bucket/team/*" }]);
  const remove = () =>
    control.send(new DeleteAccessGrantsLocationCommand({ AccountId, AccessGrantsLocationId }));
  await assert.rejects(remove(), { name: "AccessGrantsLocationNotEmptyError" });
  await assert.rejects(control.send(new DeleteAccessGrantsInstanceCommand({ AccountId })), {
    name: "AccessGrantsInstanceNotEmptyError",
  });
  await control.send(new DeleteAccessGrantCommand({ AccountId, AccessGrantId }));
  assert.deepEqual((await control.send(new ListAccessGrantsCommand({ AccountId }))).AccessGrantsList, []);
  await remove();
  await control.send(new DeleteAccessGrantsInstanceCommand({ AccountId }));
});

test("what S3 Control has, and buckets, are tagged by their ARNs", async () => {
  await using region = await startRegion();
  await makeBucket(region);
  const control = region.client(S3ControlClient);
  const { AccessGrantsInstanceArn } = await control.send(
    new CreateAccessGrantsInstanceCommand({ AccountId, Tags: [{ Key: "team", Value: "red" }] }),
  );
  for (const ResourceArn of [AccessGrantsInstanceArn, "arn:aws:s3:::bucket"]) {
    const named = { AccountId, ResourceArn };
    await control.send(new TagResourceCommand({ ...named, Tags: [{ Key: "team", Value: "blue" }] }));
    const { Tags } = await control.send(new ListTagsForResourceCommand(named));
    assert.deepEqual(Tags, [{ Key: "team", Value: "blue" }]);
    await control.send(new UntagResourceCommand({ ...named, TagKeys: ["team"] }));
    assert.deepEqual((await control.send(new ListTagsForResourceCommand(named))).Tags, []);
  }
  const nothing = { AccountId, ResourceArn: `${AccessGrantsInstanceArn}/grant/nothing` };
  await assert.rejects(control.send(new ListTagsForResourceCommand(nothing)), {
    name: "NoSuchResource", message: "The specified resource doesn't exist.",
  });
});

test("roles of locations are passed to Access Grants, and to nobody else", async () => {
  await using region = await startRegion();
  await makeRole(region);
  const create = async (service: string): Promise<string> => {
    const credentials = await region.user(service, {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: "*" },
        {
          Effect: "Allow", Action: "iam:PassRole", Resource: IAMRoleArn,
          Condition: { StringEquals: { "iam:PassedToService": service } },
        },
      ],
    });
    const control = region.client(S3ControlClient, { credentials });
    const input = { AccountId, LocationScope: "s3://", IAMRoleArn };
    return refusal(control.send(new CreateAccessGrantsLocationCommand(input)));
  };
  await region.client(S3ControlClient).send(new CreateAccessGrantsInstanceCommand({ AccountId }));
  assert.match(await create("lambda.amazonaws.com"), /^AccessDenied: .*: iam:PassRole on resource: /);
  assert.equal(await create("access-grants.s3.amazonaws.com"), "no refusal");
});
