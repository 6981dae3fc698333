import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import {
  CreateBucketCommand, DeletePublicAccessBlockCommand, GetObjectCommand, HeadObjectCommand,
  PutBucketCorsCommand, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { createPresignedPost, type PresignedPostOptions } from "@aws-sdk/s3-presigned-post";
import { element, http, type Answered } from "../../../../test/http.ts";
import { startRegion, testEpoch, type TestCredentials, type TestRegion } from "../../../../test/region.ts";

type Fields = Record<string, string>;

const mayPut = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "s3:*", Resource: ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/up*"] },
  ],
};

interface Browser {
  readonly region: TestRegion;
  readonly s3: S3Client;
  readonly signer: S3Client;
}

async function start(region: TestRegion): Promise<Browser> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const credentials = await region.user("signer", mayPut);
  return { region, s3, signer: region.client(S3Client, { credentials }) };
}

async function sign(client: S3Client, options: Partial<PresignedPostOptions> = {}): Promise<Fields> {
  const { fields } = await createPresignedPost(client, { Bucket: "bucket", Key: "upload", ...options });
  return fields;
}

/** Nobody knows what it would have signed, and so a policy may be written by hand. */
function withUnusualSecret(region: TestRegion): S3Client {
  return region.client(S3Client, { credentials: region.root("000000000000") });
}

/** As a browser encodes it. */
function encoded(fields: Fields, file: string | Buffer | undefined, fileName = "my file.txt"): Buffer {
  const part = (disposition: string, content: string | Buffer): Buffer[] => [
    Buffer.from(`--b0undary\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from("\r\n"),
  ];
  return Buffer.concat([
    ...Object.entries(fields).flatMap(([name, value]) => part(`name="${name}"`, value)),
    ...(file === undefined ? [] : part(`name="file"; filename="${fileName}"`, file)),
    Buffer.from("--b0undary--\r\n"),
  ]);
}

function post(region: TestRegion, body: Buffer, path = "/bucket", host?: string): Promise<Answered> {
  const headers = { "content-type": "multipart/form-data; boundary=b0undary" };
  return http(region, path, { method: "POST", headers, body, ...(host !== undefined && { host }) });
}

async function refused(answer: Promise<Answered>, ...names: string[]): Promise<unknown[]> {
  const { status, text } = await answer;
  return [status, ...["Code", "Message", ...names].map((name) => element(text, name))];
}

const quoted = (text: string): string => text.replaceAll('"', "&quot;");

test("a form that was signed puts its file under the signer's rights", async () => {
  await using region = await startRegion();
  const { s3, signer } = await start(region);
  const answer = await post(region, encoded(await sign(signer), "something body"));
  assert.deepEqual([answer.status, answer.text], [204, ""]);
  assert.equal(answer.headers.etag, `"${createHash("md5").update("something body").digest("hex")}"`);
  assert.match(answer.headers.location ?? "", /^http:\/\/127\.0\.0\.1:\d+\/bucket\/upload$/);
  assert.equal(answer.headers["content-type"], undefined);
  const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "upload" }));
  assert.equal(await Body?.transformToString(), "something body");
  assert.equal(ContentType, "binary/octet-stream");

  // What the signer may not put, the form may not either.
  const [status, code] = await refused(post(region, encoded(await sign(signer, { Key: "other" }), "text")));
  assert.deepEqual([status, code], [403, "AccessDenied"]);
});

test("a file of any size streams, whatever is in it, under the bucket's own host too", async () => {
  await using region = await startRegion();
  const { s3, signer } = await start(region);
  for (const size of [0, 1, 16_385, 3_000_000]) {
    const file = Buffer.alloc(size, "\r\n--b0undar\r\n--b0undari");
    const answer = await post(region, encoded(await sign(signer), file), "/", "bucket.localhost");
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.location, "http://bucket.localhost/upload");
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "upload" }));
    assert.deepEqual(Buffer.from((await Body?.transformToByteArray()) ?? []), file);
  }
});

test("the file's name goes into the key, fields into the object", async () => {
  await using region = await startRegion();
  const { s3, signer } = await start(region);
  const Fields = {
    acl: "private",
    "Content-Type": "text/plain",
    "Cache-Control": "no-cache",
    "x-amz-meta-Author": "me",
    "x-amz-storage-class": "STANDARD_IA",
    tagging: "<Tagging><TagSet><Tag><Key>a b</Key><Value>c-d</Value></Tag></TagSet></Tagging>",
    success_action_status: "201",
    "x-amz-checksum-sha256": createHash("sha256").update("body").digest("base64"),
  };
  const fields = await sign(signer, { Key: "up/${filename}", Fields });
  const answer = await post(region, encoded(fields, "body"));
  assert.equal(answer.status, 201);
  assert.equal(element(answer.text, "Key"), "up/my file.txt");
  assert.equal(element(answer.text, "Bucket"), "bucket");
  assert.equal(element(answer.text, "Location"), answer.headers.location);
  assert.match(answer.headers.location ?? "", /\/bucket\/up%2Fmy%20file\.txt$/);
  assert.equal(element(answer.text, "ETag"), quoted(answer.headers.etag ?? ""));
  const Key = "up/my file.txt";
  const head = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key, ChecksumMode: "ENABLED" }));
  assert.equal(head.ContentType, "text/plain");
  assert.equal(head.CacheControl, "no-cache");
  assert.equal(head.StorageClass, "STANDARD_IA");
  assert.deepEqual(head.Metadata, { author: "me" });
  assert.equal(head.ChecksumSHA256, Fields["x-amz-checksum-sha256"]);
});

test("a browser is sent on with bucket, key and entity tag", async () => {
  await using region = await startRegion();
  const { signer } = await start(region);
  const to = async (success_action_redirect: string): Promise<unknown[]> => {
    const fields = await sign(signer, { Key: "up/a b", Fields: { success_action_redirect } });
    const { status, headers } = await post(region, encoded(fields, ""));
    return [status, headers.location];
  };
  const query = "bucket=bucket&key=up%2Fa+b&etag=%22d41d8cd98f00b204e9800998ecf8427e%22";
  assert.deepEqual(await to("https://example.com/done"), [303, `https://example.com/done?${query}`]);
  assert.deepEqual(await to("https://example.com/done?a=b"), [303, `https://example.com/done?a=b&${query}`]);
  assert.equal((await to("/relative"))[0], 204);
});

test("a form must keep to every condition of its policy", async () => {
  await using region = await startRegion();
  const { signer } = await start(region);
  const against = async (options: Partial<PresignedPostOptions>, change: Fields, file = "text") =>
    refused(post(region, encoded({ ...(await sign(signer, options)), ...change }, file)));
  const failed = (condition: string) => [
    403, "AccessDenied", `Invalid according to Policy: Policy Condition failed: ${quoted(condition)}`,
  ];
  assert.deepEqual(await against({}, { key: "upside" }), failed('["eq", "$key", "upload"]'));
  const Conditions: PresignedPostOptions["Conditions"] = [["starts-with", "$Content-Type", "image/"]];
  const images = failed('["starts-with", "$Content-Type", "image/"]');
  assert.deepEqual(await against({ Conditions }, { "Content-Type": "text/plain" }), images);
  assert.deepEqual(await against({ Conditions }, {}), images);
  const allowed = [204, undefined, undefined];
  assert.deepEqual(await against({ Conditions }, { "CONTENT-type": "image/png" }), allowed);
  assert.deepEqual(await against({}, { "X-Amz-Meta-Foo": "bar" }), [
    403, "AccessDenied", "Invalid according to Policy: Extra input fields: X-Amz-Meta-Foo",
  ]);
  assert.deepEqual(await against({}, { "x-ignore-this": "bar" }), allowed);

});

test("a form is valid until its policy expires, by the region's clock", async () => {
  await using region = await startRegion();
  await start(region);
  const expiration = new Date(testEpoch + 600_000).toISOString();
  const covered = ["key", "bucket", "x-amz-algorithm", "x-amz-credential", "x-amz-date"];
  const conditions = covered.map((name) => ["starts-with", `$${name}`, ""]);
  const fields = {
    ...(await sign(withUnusualSecret(region))),
    Policy: Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64"),
    "X-Amz-Date": "20260101T000000Z",
  };
  await region.clock.advance({ seconds: 599 });
  assert.equal((await post(region, encoded(fields, "text"))).status, 204);
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await refused(post(region, encoded(fields, "text"))), [
    403, "AccessDenied", "Invalid according to Policy: Policy expired.",
  ]);
});

test("s3-signed-urls: a form of a development key is for what was signed", async () => {
  await using region = await startRegion();
  const { s3 } = await start(region);
  const fields = await sign(s3);
  assert.equal((await post(region, encoded(fields, "text"))).status, 204);
  const Policy = Buffer.from(JSON.stringify({ expiration: "2100-01-01T00:00:00Z", conditions: [] }));
  const [status, code] = await refused(
    post(region, encoded({ ...fields, Policy: Policy.toString("base64") }, "text")),
  );
  assert.deepEqual([status, code], [403, "SignatureDoesNotMatch"]);
});

test("the file's size is held to the policy's range, bounds included", async () => {
  await using region = await startRegion();
  const { s3, signer } = await start(region);
  const fields = await sign(signer, { Conditions: [["content-length-range", 5, 10]] });
  const of = (size: number) => post(region, encoded(fields, "x".repeat(size)));
  assert.deepEqual(await refused(of(12), "ProposedSize", "MaxSizeAllowed"), [
    400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", "12", "10",
  ]);
  assert.deepEqual(await refused(of(1), "ProposedSize", "MinSizeAllowed"), [
    400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", "1", "5",
  ]);
  const head = s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: "upload" }));
  await assert.rejects(head, { name: "NotFound" });
  assert.equal((await of(5)).status, 204);
  assert.equal((await of(10)).status, 204);
  assert.deepEqual(await refused(of(1_000_000), "ProposedSize", "MaxSizeAllowed"), [
    400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", "1000000", "10",
  ]);
});

test("what is signed badly, or in part, is refused in S3's words", async () => {
  await using region = await startRegion();
  const { signer } = await start(region);
  const fields = await sign(signer);
  const without = (...names: string[]): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
  const needed = (name: string) => [
    400,
    "InvalidArgument",
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the ` +
      "fields.",
    name,
  ];
  const answer = (change: Fields) => refused(post(region, encoded(change, "text")), "ArgumentName");
  assert.deepEqual(await answer(without("X-Amz-Signature")), needed("X-Amz-Signature"));
  assert.deepEqual(await answer(without("X-Amz-Algorithm", "X-Amz-Credential")), needed("X-Amz-Algorithm"));
  assert.deepEqual(await answer(without("key")), needed("key"));
  const cut = fields["Policy"]?.slice(0, -2) ?? "";
  const wrong = post(region, encoded({ ...fields, Policy: cut }, "text"));
  assert.deepEqual(
    await refused(wrong, "StringToSign", "SignatureProvided"),
    [
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and " +
        "signing method.",
      cut,
      fields["X-Amz-Signature"],
    ],
  );
  const credential = "AKIA/20260101/eu-west-1/s3/aws4_request";
  assert.deepEqual(await answer({ ...fields, "X-Amz-Credential": credential }), [
    400, "InvalidArgument", "the region 'eu-west-1' is wrong; expecting 'us-east-1'", "X-Amz-Credential",
  ]);
  const unsigned = await answer({ key: "upload", policy: fields["Policy"] ?? "" });
  assert.deepEqual(unsigned.slice(0, 2), [403, "AccessDenied"]);
});

test("a form with a signature of version 2 is taken, until its policy ends", async () => {
  await using region = await startRegion();
  const { s3 } = await start(region);
  const { accessKeyId, secretAccessKey } = await region.user("older", mayPut);
  const expiration = new Date(testEpoch + 60_000).toISOString();
  const document = { expiration, conditions: [{ bucket: "bucket" }, ["starts-with", "$key", "up"]] };
  const policy = Buffer.from(JSON.stringify(document)).toString("base64");
  const signature = createHmac("sha1", secretAccessKey).update(policy).digest("base64");
  const fields = { key: "upload", AWSAccessKeyId: accessKeyId, policy, signature };
  const sent = (change: Fields) => post(region, encoded({ ...fields, ...change }, "text"));
  assert.equal((await sent({})).status, 204);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "upload" }));
  assert.equal(await Body?.transformToString(), "text");
  const codes = async (change: Fields) => (await refused(sent(change))).slice(0, 2);
  assert.deepEqual(await codes({ signature: "x" }), [403, "SignatureDoesNotMatch"]);
  assert.deepEqual(await codes({ AWSAccessKeyId: "AKIA" }), [403, "InvalidAccessKeyId"]);
  assert.deepEqual(await codes({ key: "other" }), [403, "AccessDenied"]);
  assert.deepEqual(await codes({ "x-amz-meta-a": "b" }), [403, "AccessDenied"]);
  await region.clock.advance({ minutes: 2 });
  assert.deepEqual(await refused(sent({})), [
    403, "AccessDenied", "Invalid according to Policy: Policy expired.",
  ]);
});

test("temporary credentials sign forms with their token", async () => {
  await using region = await startRegion();
  const { s3 } = await start(region);
  const iam = region.client(IAMClient);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" }],
  };
  const RoleName = "uploader";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const PolicyDocument = JSON.stringify(mayPut);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "inline", PolicyDocument }));
  const RoleArn = "arn:aws:iam::000000000000:role/uploader";
  const assume = new AssumeRoleCommand({ RoleArn, RoleSessionName: "session" });
  const assumed = await region.client(STSClient).send(assume);
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = assumed.Credentials ?? {};
  const credentials: TestCredentials = {
    accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken,
  };
  const fields = await sign(region.client(S3Client, { credentials }));
  assert.equal((await post(region, encoded(fields, "text"))).status, 204);
  const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: "upload" }));
  assert.deepEqual(Metadata, {});
});

test("anybody posts to a bucket that lets everybody, and a page of another origin may see it", async () => {
  await using region = await startRegion();
  const { s3 } = await start(region);
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "bucket" }));
  const Resource = "arn:aws:s3:::bucket/public/*";
  const Statement = { Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy }));
  assert.equal((await post(region, encoded({ key: "public/a" }, "text"))).status, 204);
  assert.equal((await post(region, encoded({ key: "private/a" }, "text"))).status, 403);
  const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: "public/a" }));
  assert.equal(ContentLength, 4);

  const CORSRules = [{ AllowedOrigins: ["http://a.com"], AllowedMethods: ["POST"] }];
  await s3.send(new PutBucketCorsCommand({ Bucket: "bucket", CORSConfiguration: { CORSRules } }));
  for (const key of ["public/a", "private/a"]) {
    const headers = { "content-type": "multipart/form-data; boundary=b0undary", origin: "http://a.com" };
    const answer = await http(region, "/bucket", { method: "POST", headers, body: encoded({ key }, "text") });
    assert.equal(answer.headers["access-control-allow-origin"], "http://a.com");
  }
});

test("policies that are none are refused", async () => {
  await using region = await startRegion();
  await start(region);
  const base = await sign(withUnusualSecret(region));
  const of = async (policy: unknown, isText = false): Promise<unknown> => {
    const text = isText ? String(policy) : JSON.stringify(policy);
    const fields = { ...base, Policy: Buffer.from(text).toString("base64") };
    const [status, code, message] = await refused(post(region, encoded(fields, "text")));
    return status === 400 && code === "InvalidPolicyDocument" ? message : [status, code, message];
  };
  const expiration = "2100-01-01T00:00:00Z";
  assert.equal(await of("{", true), "Invalid Policy: Invalid JSON.");
  assert.equal(await of([]), "Invalid Policy: Invalid JSON.");
  assert.equal(await of({ conditions: [] }), "Invalid Policy: Policy missing expiration.");
  assert.equal(await of({ expiration }), "Invalid Policy: Policy missing conditions.");
  assert.equal(
    await of({ expiration, conditions: {} }),
    "Invalid Policy: Invalid &apos;conditions&apos; value: must be a List.".replaceAll("&apos;", "'"),
  );
  assert.equal(
    await of({ expiration: "2100-01-01 00:00:00 UTC", conditions: [] }),
    "Invalid Policy: Invalid 'expiration' value: '2100-01-01 00:00:00 UTC'",
  );
  assert.equal(await of({ Statement: [] }), "Invalid Policy: Unexpected: 'statement'");
  assert.equal(
    await of({ expiration, conditions: [{ a: "b", c: "d" }] }),
    "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
  );
  assert.equal(
    await of({ expiration, conditions: [{ a: 1 }] }),
    "Invalid Policy: Invalid Simple-Condition: value must be a string.",
  );
  assert.equal(await of({ expiration, conditions: [["eq", "$key", null]] }), "Invalid Policy: Invalid JSON.");
  const nested = `{"expiration":${"[".repeat(5_000)}${"]".repeat(5_000)},"conditions":[]}`;
  assert.equal(await of(nested, true), "Invalid Policy: Invalid 'expiration' value: ''");
});

test("what is no form is refused in S3's words", async () => {
  await using region = await startRegion();
  const { signer } = await start(region);
  const fields = await sign(signer);
  const html = { method: "POST", headers: { "content-type": "text/html" }, body: "text" };
  assert.deepEqual(await refused(http(region, "/bucket", html), "Condition"), [
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    "Bucket POST must be of the enclosure-type multipart/form-data",
  ]);
  const malformed = [
    400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.",
  ];
  const headless = "--b0undary\r\n\r\n\r\n";
  for (const body of ["", "text", "--b0undary", headless, "--b0undary\r\nContent-Disposition: form"]) {
    assert.deepEqual(await refused(post(region, Buffer.from(body))), malformed, body);
  }
  const whole = encoded(fields, "text");
  assert.deepEqual(await refused(post(region, whole.subarray(0, -20))), malformed);
  assert.deepEqual(await refused(post(region, encoded(fields, undefined)), "ArgumentName", "ArgumentValue"), [
    400, "InvalidArgument", "POST requires exactly one file upload per request.", "file", "0",
  ]);
  const large = encoded({ ...fields, "x-ignore": "x".repeat(20_480) }, "text");
  assert.deepEqual(await refused(post(region, large), "MaxPostPreDataLengthBytes"), [
    400,
    "MaxPostPreDataLengthExceeded",
    "Your POST request fields preceeding the upload file was too large.",
    "20480",
  ]);
  assert.deepEqual(await refused(post(region, whole, "/nobodys")), [
    404, "NoSuchBucket", "The specified bucket does not exist",
  ]);
});
