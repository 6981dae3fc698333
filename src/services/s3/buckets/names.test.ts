import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCommand, HeadBucketCommand, S3Client, type CreateBucketCommandInput,
} from "@aws-sdk/client-s3";
import { send } from "../../../../test/raw-request.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { clientOf, other } from "../../../../test/s3-access.ts";

const ireland = { CreateBucketConfiguration: { LocationConstraint: "eu-west-1" as const } };
const notValid = "InvalidBucketName: The specified bucket is not valid.";
const notAvailable = "BucketAlreadyExists: The requested bucket name is not available. The bucket " +
  "namespace is shared by all users of the system. Please select a different name and try again.";
const alreadyYours = "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded " +
  "and you already own it.";

function make(s3: S3Client, Bucket: string, more: Partial<CreateBucketCommandInput> = {}): Promise<string> {
  return refusal(s3.send(new CreateBucketCommand({ Bucket, ...more })));
}

/** In the region that once let more names pass, and in one that never did. */
async function requireNames(region: TestRegion, valid: string[], invalid: string[]): Promise<void> {
  const there = region.client(S3Client, { region: "eu-west-1" });
  for (const [s3, more] of [[clientOf(region), {}], [there, ireland]] as const) {
    for (const name of invalid) assert.equal(await make(s3, name, more), notValid, name);
    for (const name of valid) {
      assert.equal(await make(s3, name, more), "no refusal", name);
      await s3.send(new HeadBucketCommand({ Bucket: name }));
      await s3.send(new DeleteBucketCommand({ Bucket: name }));
    }
  }
}

test("s3-globally-unique-name: a name is one bucket's, over all accounts and regions", async () => {
  await using region = await startRegion();
  const s3 = clientOf(region);
  const theirs = clientOf(region, other);
  const ofIreland = { region: "eu-west-1" };
  const there = region.client(S3Client, ofIreland);
  const theirsThere = region.client(S3Client, { ...ofIreland, credentials: region.root(other) });
  assert.equal(await make(s3, "bucket"), "no refusal");
  assert.equal(await make(s3, "bucket"), "no refusal");
  assert.equal(await make(theirs, "bucket"), notAvailable);
  assert.equal(await make(theirsThere, "bucket", ireland), notAvailable);
  assert.equal(await make(there, "bucket", ireland), alreadyYours);

  assert.equal(await make(there, "irish", ireland), "no refusal");
  assert.equal(await make(there, "irish", ireland), alreadyYours);
  assert.equal(await make(s3, "irish"), alreadyYours);
  assert.equal(await make(theirs, "irish"), notAvailable);

  await s3.send(new DeleteBucketCommand({ Bucket: "bucket" }));
  assert.equal(await make(theirsThere, "bucket", ireland), "no refusal");
  assert.equal(await make(s3, "bucket"), notAvailable);
});

test("s3-name-no-uppercase: capital letters are refused wherever they stand", async () => {
  await using region = await startRegion();
  await requireNames(region, ["mybucket"], ["MyBucket", "myBucket", "mybuckeT", "MYBUCKET", "bÜcket"]);
});

test("s3-name-no-underscore: underscores are refused wherever they stand", async () => {
  await using region = await startRegion();
  await requireNames(region, ["my-bucket", "my.bucket"], ["my_bucket", "_bucket", "bucket_", "my+bucket"]);
});

test("s3-name-length-3-63: names have 3 to 63 characters", async () => {
  await using region = await startRegion();
  await requireNames(region, ["abc", "a".repeat(63)], ["ab", "a", "a".repeat(64), "a".repeat(1_000)]);
});

test("s3-name-not-ip: a name that is an address is refused, one that only resembles it is not", async () => {
  await using region = await startRegion();
  await requireNames(
    region,
    ["192-168-5-4", "192.168.5", "192.168.5.4.6", "192.168.5.a"],
    ["192.168.5.4", "10.0.0.1", "999.999.999.999"],
  );
});

test("s3-name-start-lowercase-or-number: names begin and end with a letter or a digit", async () => {
  await using region = await startRegion();
  await requireNames(
    region,
    ["1abc", "abc1", "123", "a-b", "a--b"],
    ["-abc", ".abc", "abc-", "abc.", "a..b", "sthree-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap"],
  );
  // SDKs take this one for a host name in Punycode, and send nothing.
  const { status, body } = await send(region, { path: "/xn--abc" });
  assert.equal(status, 400);
  assert.match(body, /<Code>InvalidBucketName<\/Code>/);
});

test("names of the account regional namespace are the account's and the region's alone", async () => {
  await using region = await startRegion();
  const s3 = clientOf(region);
  const regional = { BucketNamespace: "account-regional" as const };
  assert.equal(await make(s3, "logs-000000000000-us-east-1-an", regional), "no refusal");
  assert.equal(await make(s3, `logs-${other}-us-east-1-an`, regional), notValid);
  assert.equal(await make(s3, `logs-${other}-us-east-1-an`), notValid);
  assert.equal(await make(s3, "logs-000000000000-eu-west-1-an", regional), notValid);
  assert.equal(
    await make(s3, "logs", regional),
    "InvalidNamespaceHeader: The requested bucket name did not include the account-regional namespace " +
      "suffix, but the provided x-amz-bucket-namespace header value is account-regional. Specify " +
      "-000000000000-us-east-1-an as the bucket name suffix to create a bucket in your account-regional " +
      "namespace, or remove the header.",
  );
  assert.equal(
    await make(s3, "data-000000000000-us-east-1-an"),
    "MissingNamespaceHeader: The requested bucket is an account-regional namespace bucket, but your " +
      "request is missing the required x-amz-bucket-namespace header.",
  );
  for (const name of ["data-an", "data-000000000000-an", "data-us-east-1-an"]) {
    assert.equal(await make(s3, name), notValid);
  }
  assert.equal(await make(clientOf(region, other), `logs-${other}-us-east-1-an`, regional), "no refusal");
});
