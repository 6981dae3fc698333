import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, GetBucketAccelerateConfigurationCommand, GetBucketLocationCommand,
  GetObjectCommand, HeadBucketCommand, PutBucketAccelerateConfigurationCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { element, http, type Answered } from "../../../../test/http.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../../test/region.ts";
import { signRequest } from "../../../kernel/auth/signing.ts";

async function make(region: TestRegion, Bucket: string, where = "us-east-1"): Promise<S3Client> {
  const s3 = region.client(S3Client, { region: where });
  await s3.send(new CreateBucketCommand({
    Bucket,
    ...(where !== "us-east-1" && { CreateBucketConfiguration: { LocationConstraint: where as "eu-west-1" } }),
  }));
  return s3;
}

/** A request signed for one region, and sent to an endpoint. */
async function send(
  region: TestRegion,
  host: string,
  path: string,
  signedFor: string,
  method = "GET",
): Promise<Answered> {
  const { headers } = signRequest(
    { method, path, query: "", headers: { host } },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: signedFor,
      service: "s3",
      nowMs: testEpoch,
    },
  );
  return http(region, path, { method, host, headers });
}

test("s3-transfer-acceleration: the accelerate endpoints serve buckets for which it is enabled", async () => {
  await using region = await startRegion();
  const s3 = await make(region, "bucket");
  const get = () => s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket: "bucket" }));
  const set = (Status: "Enabled" | "Suspended", Bucket = "bucket") =>
    s3.send(new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status } }));
  assert.equal((await get()).Status, undefined);
  for (const useDualstackEndpoint of [false, true]) {
    const accelerated = region.client(S3Client, { useAccelerateEndpoint: true, useDualstackEndpoint });
    const put = () => accelerated.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "fast" }));
    if (!useDualstackEndpoint) {
      const message = "InvalidRequest: S3 Transfer Acceleration is not configured on this bucket";
      assert.equal(await refusal(put()), message);
    }
    await set("Enabled");
    await put();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key" }));
    assert.equal(await Body?.transformToString(), "fast");
    await set("Suspended");
    const disabled = "InvalidRequest: S3 Transfer Acceleration is disabled on this bucket";
    assert.equal(await refusal(put()), disabled);
  }
  assert.equal((await get()).Status, "Suspended");
  await make(region, "with.periods");
  assert.equal(
    await refusal(set("Enabled", "with.periods")),
    "InvalidRequest: S3 Transfer Acceleration is not supported for buckets with periods (.) in their " +
      "names",
  );
  assert.match(await refusal(set("On" as "Enabled")), /^MalformedXML: /);
  const inPath = await send(region, "s3-accelerate.amazonaws.com", "/bucket/key", "us-east-1");
  assert.equal(inPath.status, 400);
  assert.equal(element(inPath.text, "Code"), "InvalidRequest");
});

test("s3-regional-service: a bucket is answered for in its region, elsewhere redirected to it", async () => {
  await using region = await startRegion();
  await make(region, "bucket", "eu-west-1");
  const moved = await send(region, "localhost", "/bucket", "us-east-1");
  assert.equal(moved.status, 301);
  assert.equal(moved.headers["x-amz-bucket-region"], "eu-west-1");
  assert.equal(element(moved.text, "Code"), "PermanentRedirect");
  assert.equal(element(moved.text, "Endpoint"), "bucket.s3.eu-west-1.amazonaws.com");
  const head = await send(region, "localhost", "/bucket", "us-east-1", "HEAD");
  assert.deepEqual([head.status, head.headers["x-amz-bucket-region"], head.text], [301, "eu-west-1", ""]);
  assert.equal((await send(region, "localhost", "/bucket", "eu-west-1")).status, 200);
  for (const where of ["us-east-1", "eu-west-1"]) {
    const asked = new GetBucketLocationCommand({ Bucket: "bucket" });
    const { LocationConstraint } = await region.client(S3Client, { region: where }).send(asked);
    assert.equal(LocationConstraint, "eu-west-1");
  }
  // Without a signature nothing names a region, and the bucket is found wherever it is.
  assert.equal((await http(region, "/bucket")).status, 403);
});

test("an endpoint of one region takes no signature for another", async () => {
  await using region = await startRegion();
  const s3 = await make(region, "bucket", "eu-west-1");
  const domains = ["s3.eu-west-1.localhost", "s3.eu-west-1.amazonaws.com"];
  for (const host of [...domains, "s3.dualstack.eu-west-1.amazonaws.com"]) {
    const wrong = await send(region, host, "/bucket", "us-east-1");
    assert.equal(wrong.status, 400);
    assert.equal(element(wrong.text, "Code"), "AuthorizationHeaderMalformed");
    assert.equal(
      element(wrong.text, "Message"),
      "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
    );
    assert.equal(element(wrong.text, "Region"), "eu-west-1");
    assert.equal((await send(region, host, "/bucket", "eu-west-1")).status, 200);
  }
  await s3.send(new HeadBucketCommand({ Bucket: "bucket" }));
});

test("a new bucket is redirected to for a day from where its name leads at first", async () => {
  await using region = await startRegion();
  await make(region, "bucket", "eu-west-1");
  const host = "bucket.s3.amazonaws.com";
  const sent = await send(region, host, "/a%20key", "us-east-1");
  assert.equal(sent.status, 307);
  assert.equal(sent.headers.location, "http://bucket.s3.eu-west-1.amazonaws.com/a%20key");
  assert.equal(element(sent.text, "Code"), "TemporaryRedirect");
  assert.equal(element(sent.text, "Endpoint"), "bucket.s3.eu-west-1.amazonaws.com");
  await region.clock.advance({ days: 1 });
  const later = await send(region, host, "/a%20key", "us-east-1");
  assert.equal(later.status, 400);
  assert.equal(element(later.text, "Region"), "eu-west-1");
  assert.equal(later.headers["x-amz-bucket-region"], "eu-west-1");
});
