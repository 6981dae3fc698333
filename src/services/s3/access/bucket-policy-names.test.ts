import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateUserCommand, DeleteAccessKeyCommand, DeleteUserCommand, IAMClient,
} from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, GetBucketPolicyCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestCredentials } from "../../../../test/region.ts";

const user = "arn:aws:iam::000000000000:user/ana";

function letsIn(principal: string): string {
  const statement = {
    Effect: "Allow", Principal: { AWS: principal }, Action: "s3:ListBucket", Resource: "arn:aws:s3:::bucket",
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, undefined, 1);
}

test("a bucket's policy lets in whom it named, and not who takes the name later", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  const iam = region.client(IAMClient);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const put = (Policy: string) => s3.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy }));
  const shown = async () => (await s3.send(new GetBucketPolicyCommand({ Bucket: "bucket" }))).Policy ?? "";
  const list = (credentials: TestCredentials) =>
    refusal(region.client(S3Client, { credentials }).send(new ListObjectsV2Command({ Bucket: "bucket" })));

  const { User } = await iam.send(new CreateUserCommand({ UserName: "ana" }));
  const id = User?.UserId ?? "";
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  assert.equal(await refusal(put(letsIn(user))), "MalformedPolicy: Invalid principal in policy");
  assert.equal(await refusal(put(letsIn(id))), "MalformedPolicy: Invalid principal in policy");

  const ana = await region.user("ana");
  await put(letsIn(user));
  assert.equal(await shown(), letsIn(user));
  assert.equal(await list(ana), "no refusal");

  await iam.send(new DeleteAccessKeyCommand({ UserName: "ana", AccessKeyId: ana.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  assert.match(await shown(), /"AWS": "AIDA[A-Z0-9]{17}"/);
  const namesake = await region.user("ana");
  assert.match(await list(namesake), /^AccessDenied/);
  assert.match(await shown(), /"AWS": "AIDA[A-Z0-9]{17}"/);
  await put(letsIn(user));
  assert.equal(await list(namesake), "no refusal");
});
