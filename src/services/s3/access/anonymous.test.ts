/** Over a real socket: nobody, presigned URLs, and whoever pays. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import {
  DeleteObjectsCommand, DeletePublicAccessBlockCommand, GetBucketRequestPaymentCommand, GetObjectCommand,
  HeadObjectCommand, ListObjectsV2Command, PutBucketRequestPaymentCommand, PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { presign } from "../../../kernel/auth/signing.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestCredentials, type TestRegion } from "../../../../test/region.ts";
import {
  clientOf, letsEverybodyRead, makeBucket, objects, other, putPolicy,
} from "../../../../test/s3-access.ts";

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** @returns status, and the code and text of a refusal or the body */
async function send(region: TestRegion, path: string, sending: Sent = {}): Promise<string> {
  const { method = "GET", headers, body } = sending;
  const { hostname, port } = new URL(await region.endpoint());
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += String(chunk)));
      answer.on("end", () => {
        const found = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text);
        const shown = found ? `${found[1] ?? ""}: ${found[2] ?? ""}` : text;
        resolve(`${answer.statusCode ?? 0} ${shown}`.trim());
      });
    });
    sent.on("error", reject).end(body);
  });
}

interface Signing {
  readonly path?: string;
  readonly query?: string;
  readonly method?: string;
  readonly expiresSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

async function signed(region: TestRegion, credentials: TestCredentials, asked: Signing): Promise<string> {
  const { host } = new URL(await region.endpoint());
  const { path = "/bucket/key", query = "", method = "GET", expiresSeconds = 900 } = asked;
  const url = presign(
    { method, path, query, headers: { host, ...asked.headers } },
    { credentials, region: "us-east-1", service: "s3", nowMs: region.engine.clock.now(), expiresSeconds },
  );
  return `${url.path}?${url.query}`;
}

const mayEverything = {
  Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};

test("s3-http-endpoint: a public object is read over a plain socket, by path and by host name", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  assert.equal(await send(region, "/bucket/key"), "403 AccessDenied: Access Denied");
  await putPolicy(s3, letsEverybodyRead);
  assert.equal(await send(region, "/bucket/key"), "200 content");
  for (const host of ["bucket.localhost", "bucket.s3.localhost", "bucket.s3.us-east-1.amazonaws.com"]) {
    assert.equal(await send(region, "/key", { headers: { host } }), "200 content");
  }
  assert.equal(await send(region, "/bucket/key", { method: "HEAD" }), "200");
  assert.equal(await send(region, "/bucket/key", { method: "DELETE" }), "403 AccessDenied: Access Denied");
  assert.equal(
    await send(region, "/bucket/key?response-content-type=text/html"),
    "400 InvalidRequest: Request specific response headers cannot be used for anonymous GET requests.",
  );
});

test("s3-signed-urls: a URL is valid for as long as it says, for what was signed", async () => {
  await using region = await startRegion();
  await makeBucket(region);
  const alice = await region.user("alice", mayEverything);
  const url = await signed(region, alice, { expiresSeconds: 5 });
  assert.equal(await send(region, url), "200 content");
  const mismatch =
    "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you " +
    "provided. Check your key and signing method.";
  assert.equal(await send(region, url.replace("/key", "/other")), mismatch);
  assert.equal(await send(region, url, { method: "PUT", body: "x" }), mismatch);
  await region.clock.advance({ seconds: 6 });
  assert.equal(await send(region, url), "403 AccessDenied: Request has expired");
  assert.equal(
    await send(region, url.replace("X-Amz-Expires=5", "X-Amz-Expires=604801")),
    "400 AuthorizationQueryParametersError: X-Amz-Expires must be less than a week (in seconds); that is, " +
      "the given X-Amz-Expires must be less than 604800 seconds",
  );
  const unknown = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" };
  assert.equal(
    await send(region, await signed(region, unknown, {})),
    "403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
  );
});

test("s3-signed-urls: an upload that the SDK presigned without its body takes any body", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const put = new PutObjectCommand({ Bucket: "bucket", Key: "uploaded", Metadata: { a: "b" } });
  const signingDate = new Date(region.engine.clock.now());
  const url = new URL(await getSignedUrl(s3, put, { signingDate }));
  assert.equal(url.searchParams.get("x-amz-checksum-crc32"), "AAAAAA==");
  const sending = { method: "PUT", headers: { host: url.host }, body: "more than nothing" };
  assert.equal(await send(region, url.pathname + url.search, sending), "200");
  const stored = await s3.send(
    new GetObjectCommand({ Bucket: "bucket", Key: "uploaded", ChecksumMode: "ENABLED" }),
  );
  assert.equal(await stored.Body?.transformToString(), "more than nothing");
  assert.deepEqual(stored.Metadata, { a: "b" });
  assert.equal(stored.ChecksumCRC32, undefined);
  assert.notEqual(stored.ChecksumCRC64NVME, undefined);
});

test("s3-signed-urls: URLs of development keys, too, run out, and are for what was signed", async () => {
  await using region = await startRegion();
  await makeBucket(region);
  const mismatch =
    "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you " +
    "provided. Check your key and signing method.";
  for (const secretAccessKey of ["test", "any"]) {
    const accessKeyId = secretAccessKey === "test" ? "test" : "000000000000";
    const url = await signed(region, { accessKeyId, secretAccessKey }, { expiresSeconds: 5 });
    assert.equal(await send(region, url), "200 content");
    const changed = await send(region, url.replace("/key", "/other"));
    // Of a secret that is not the usual one nobody knows what it would have signed.
    if (secretAccessKey === "test") assert.equal(changed, mismatch);
    else assert.match(changed, /^404 NoSuchKey/);
    await region.clock.advance({ seconds: 6 });
    assert.equal(await send(region, url), "403 AccessDenied: Request has expired");
  }
});

test("what a URL was signed with counts, headers in its query too", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const alice = await region.user("alice", mayEverything);
  const query = "x-amz-meta-color=red&x-amz-tagging=team%3Dblue";
  const put = await signed(region, alice, { method: "PUT", path: "/bucket/new", query });
  assert.equal(await send(region, put, { method: "PUT", body: "x" }), "200");
  const { Metadata, TagCount } = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: "new" }));
  assert.deepEqual([Metadata, TagCount], [{ color: "red" }, 1]);
  const overriding = await signed(region, alice, { query: "response-content-type=text%2Fplain" });
  assert.equal(await send(region, overriding), "200 content");
  assert.equal(
    await send(region, await signed(region, alice, {}), { headers: { "x-amz-acl": "private" } }),
    "403 AccessDenied: There were headers present in the request which were not signed",
  );
  await putPolicy(s3, {
    Effect: "Deny", Principal: "*", Action: "s3:*", Resource: objects,
    Condition: { NumericGreaterThan: { "s3:signatureAge": "600000" } },
  });
  const url = await signed(region, alice, { expiresSeconds: 3_600 });
  assert.equal(await send(region, url), "200 content");
  await region.clock.advance({ minutes: 11 });
  assert.match(await send(region, url), /^403 AccessDenied: User: .* with an explicit deny/);
});

test("headers with a signature of version 2 are refused", async () => {
  await using region = await startRegion();
  await makeBucket(region);
  const headers = { authorization: "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl" };
  assert.equal(
    await send(region, "/bucket/key", { headers }),
    "400 InvalidRequest: The authorization mechanism you have provided is not supported. Please use " +
      "AWS4-HMAC-SHA256.",
  );
});

test("who is not the owner of a bucket says that he pays, or gets nothing", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Allow", Principal: "*", Action: ["s3:ListBucket", "s3:PutObject"],
    Resource: ["arn:aws:s3:::bucket", objects],
  });
  const payment = () => s3.send(new GetBucketRequestPaymentCommand({ Bucket: "bucket" }));
  assert.equal((await payment()).Payer, "BucketOwner");
  const RequestPaymentConfiguration = { Payer: "Requester" as const };
  await s3.send(new PutBucketRequestPaymentCommand({ Bucket: "bucket", RequestPaymentConfiguration }));
  assert.equal((await payment()).Payer, "Requester");
  const theirs = clientOf(region, other);
  const RequestPayer = "requester" as const;
  const object = { Bucket: "bucket", Key: "key" };
  assert.equal(await refusal(theirs.send(new GetObjectCommand(object))), "AccessDenied: Access Denied");
  assert.equal(await send(region, "/bucket/key"), "403 AccessDenied: Access Denied");
  assert.equal(
    await send(region, "/bucket/key", { headers: { "x-amz-request-payer": "requester" } }),
    "403 AccessDenied: Access Denied",
  );
  const answers = [
    await theirs.send(new GetObjectCommand({ ...object, RequestPayer })),
    await theirs.send(new HeadObjectCommand({ ...object, RequestPayer })),
    await theirs.send(new ListObjectsV2Command({ Bucket: "bucket", RequestPayer })),
    await theirs.send(new PutObjectCommand({ ...object, Body: "x", RequestPayer })),
  ];
  const Delete = { Objects: [{ Key: "key" }] };
  assert.equal(
    await refusal(theirs.send(new DeleteObjectsCommand({ Bucket: "bucket", Delete }))),
    "AccessDenied: Access Denied",
  );
  assert.deepEqual(answers.map(({ RequestCharged }) => RequestCharged), Array(4).fill("requester"));
  assert.equal((await s3.send(new GetObjectCommand(object))).RequestCharged, undefined);
});

test("a bucket that is not open says nothing of itself to nobody", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "bucket" }));
  for (const rest of ["", "/", "?acl", "?policy", "/missing", "/key?acl"]) {
    const path = `/bucket${rest}`;
    assert.equal(await send(region, path), "403 AccessDenied: Access Denied", path);
  }
  const missing = "404 NoSuchBucket: The specified bucket does not exist";
  assert.equal(await send(region, "/nobodys-bucket"), missing);
});
