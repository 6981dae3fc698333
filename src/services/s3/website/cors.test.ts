import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCorsCommand, GetBucketCorsCommand, PutBucketCorsCommand, PutObjectCommand,
  S3Client, type CORSRule,
} from "@aws-sdk/client-s3";
import { element, http, type Answered } from "../../../../test/http.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

async function withRules(region: TestRegion, ...CORSRules: CORSRule[]): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  if (CORSRules.length > 0) {
    await s3.send(new PutBucketCorsCommand({ Bucket: "bucket", CORSConfiguration: { CORSRules } }));
  }
  return s3;
}

function ask(
  region: TestRegion,
  headers: Record<string, string>,
  method = "OPTIONS",
  path = "/bucket/key",
): Promise<Answered> {
  return http(region, path, { method, headers });
}

/** Of the answer, what CORS is about. */
function told({ status, headers }: Answered): object {
  const shown = Object.entries(headers).filter(([name]) => /^(access-control|vary)/.test(name));
  return { status, ...Object.fromEntries(shown) };
}

function refused({ status, text }: Answered): unknown[] {
  return [status, ...["Code", "Message", "Method", "ResourceType"].map((name) => element(text, name))];
}

const notAllowed =
  "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, " +
  "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by " +
  "the resource's CORS spec.";

const site = {
  AllowedOrigins: ["https://a.com"],
  AllowedMethods: ["GET", "PUT"],
  AllowedHeaders: ["*"],
  MaxAgeSeconds: 3000,
};

test("s3-cors-cross-bucket: a preflight is refused without rules, and answered by one", async () => {
  await using region = await startRegion();
  const s3 = await withRules(region);
  const origin = { origin: "https://a.com", "access-control-request-method": "PUT" };
  assert.deepEqual(refused(await ask(region, {})), [
    400, "BadRequest", "Insufficient information. Origin request header needed.", undefined, undefined,
  ]);
  assert.deepEqual(refused(await ask(region, origin, "OPTIONS", "/nobodys/key")), [
    403, "AccessForbidden", "CORSResponse: Bucket not found", "PUT", "BUCKET",
  ]);
  const disabled = [403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."];
  assert.deepEqual(refused(await ask(region, origin)), [...disabled, "PUT", "BUCKET"]);
  assert.deepEqual(refused(await ask(region, { origin: "x" })), [...disabled, "OPTIONS", "BUCKET"]);

  await s3.send(new PutBucketCorsCommand({ Bucket: "bucket", CORSConfiguration: { CORSRules: [site] } }));
  const answer = await ask(region, origin);
  assert.deepEqual(told(answer), {
    status: 200,
    "access-control-allow-origin": "https://a.com",
    "access-control-allow-methods": "GET, PUT",
    "access-control-max-age": "3000",
    "access-control-allow-credentials": "true",
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  });
  assert.equal(answer.text, "");
  assert.deepEqual(refused(await ask(region, { origin: "https://a.com" })), [
    400, "BadRequest", "Invalid Access-Control-Request-Method: null", undefined, undefined,
  ]);
});

test("s3-cors-limits-websites: one origin gets the headers, another none and a 403", async () => {
  await using region = await startRegion();
  const s3 = await withRules(region, site);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "text" }));
  const method = { "access-control-request-method": "GET" };
  assert.equal((await ask(region, { origin: "https://a.com", ...method })).status, 200);
  for (const path of ["/bucket/key", "/bucket"]) {
    const ofWhat = path === "/bucket" ? "BUCKET" : "OBJECT";
    assert.deepEqual(refused(await ask(region, { origin: "https://b.com", ...method }, "OPTIONS", path)), [
      403, "AccessForbidden", notAllowed, "GET", ofWhat,
    ]);
  }
  // Also on a refusal, which a page could not read without.
  const known = await ask(region, { origin: "https://a.com" }, "GET");
  assert.equal(known.status, 403);
  assert.equal(known.headers["access-control-allow-origin"], "https://a.com");
  assert.deepEqual(told(await ask(region, { origin: "https://b.com" }, "GET")), { status: 403 });
  assert.deepEqual(told(await ask(region, {}, "GET")), { status: 403 });
  // The method that is announced decides, also when another one is sent.
  const announced = { origin: "https://a.com", "access-control-request-method": "DELETE" };
  assert.deepEqual(told(await ask(region, announced, "GET")), { status: 403 });
});

test("wildcards in origins and headers match any run of characters, and none", async () => {
  await using region = await startRegion();
  await withRules(
    region,
    {
      AllowedOrigins: ["http://*.a.com"],
      AllowedMethods: ["GET"],
      AllowedHeaders: ["x-amz-*", "Content-TYPE"],
    },
    { AllowedOrigins: ["*"], AllowedMethods: ["HEAD"], ExposeHeaders: ["ETag", "x-amz-id-2"] },
  );
  const method = { "access-control-request-method": "GET" };
  const get = (origin: string): Promise<Answered> => ask(region, { origin, ...method });
  const getWith = (names: string): Promise<Answered> =>
    ask(region, { origin: "http://www.a.com", ...method, "access-control-request-headers": names });
  assert.equal((await get("http://www.a.com")).status, 200);
  assert.equal((await get("http://.a.com")).status, 200);
  assert.equal((await get("http://www.a.com/")).status, 403);
  assert.equal((await get("http://a.com")).status, 403);
  const asked = await getWith("X-Amz-Date,content-type");
  assert.equal(asked.headers["access-control-allow-headers"], "x-amz-date, content-type");
  assert.equal((await getWith("x-other")).status, 403);
  const anybody = await ask(region, { origin: "null", "access-control-request-method": "HEAD" });
  assert.deepEqual(told(anybody), {
    status: 200,
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "HEAD",
    "access-control-expose-headers": "ETag, x-amz-id-2",
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  });
});

test("a preflight under the bucket's own host name is answered too", async () => {
  await using region = await startRegion();
  await withRules(region, site);
  const headers = { origin: "https://a.com", "access-control-request-method": "GET" };
  const sent = { method: "OPTIONS", host: "bucket.localhost", headers };
  const answer = await http(region, "/key?X-Amz-Signature=0", sent);
  assert.equal(answer.status, 200);
});

test("configurations are given back, deleted, and refused in S3's words", async () => {
  await using region = await startRegion();
  const s3 = await withRules(region, { ...site, ID: "site" });
  const get = () => s3.send(new GetBucketCorsCommand({ Bucket: "bucket" }));
  assert.deepEqual((await get()).CORSRules, [{ ...site, ID: "site" }]);
  await s3.send(new DeleteBucketCorsCommand({ Bucket: "bucket" }));
  await s3.send(new DeleteBucketCorsCommand({ Bucket: "bucket" }));
  assert.equal(await refusal(get()), "NoSuchCORSConfiguration: The CORS configuration does not exist");

  const put = (...CORSRules: CORSRule[]): Promise<string> =>
    refusal(s3.send(new PutBucketCorsCommand({ Bucket: "bucket", CORSConfiguration: { CORSRules } })));
  const malformed =
    "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema";
  const rule = { AllowedOrigins: ["*"], AllowedMethods: ["GET"] };
  assert.equal(await put(), malformed);
  assert.equal(await put(...Array.from({ length: 101 }, () => rule)), malformed);
  assert.equal(await put(...Array.from({ length: 100 }, () => rule)), "no refusal");
  assert.equal(await put({ ...rule, AllowedOrigins: [] }), malformed);
  assert.equal(await put({ ...rule, AllowedMethods: undefined }), malformed);
  assert.equal(
    await put({ ...rule, AllowedMethods: ["OPTIONS"] }),
    "InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS",
  );
  assert.equal(
    await put({ ...rule, AllowedOrigins: ["*example*.com"] }),
    'InvalidRequest: AllowedOrigin "*example*.com" can not have more than one wildcard.',
  );
  assert.equal(
    await put({ ...rule, ExposeHeaders: ["*"] }),
    'InvalidRequest: ExposeHeader "*" contains wildcard. ' +
      "We currently do not support wildcard for ExposeHeader.",
  );
  assert.equal(
    await put({ ...rule, ID: "i".repeat(256) }),
    "InvalidArgument: ID length should not exceed allowed limit of 255",
  );
});
