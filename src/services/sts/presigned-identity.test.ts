import assert from "node:assert/strict";
import { after, test } from "node:test";
import { presign } from "../../kernel/auth/signing.ts";
import { startRegion, testEpoch, type TestCredentials } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const endpoint = new URL(await region.endpoint());
const ana = await region.user("ana");

/** What a node hands over, to be sent by whoever wants to know who the node is. */
function identityOf(credentials: TestCredentials, action = "GetCallerIdentity") {
  const headers = { host: endpoint.host, "x-k8s-aws-id": "cluster" };
  const asked = `Action=${action}&Version=2011-06-15`;
  const { query } = presign(
    { method: "GET", path: "/", query: asked, headers, body: Buffer.alloc(0) },
    { credentials, region: "us-east-1", service: "sts", nowMs: testEpoch, expiresSeconds: 60 },
  );
  return async (accept?: string, cluster = "cluster") => {
    const response = await fetch(`${endpoint.origin}/?${query}`, {
      headers: { "x-k8s-aws-id": cluster, ...(accept && { accept }) },
    });
    const type = response.headers.get("content-type");
    return { status: response.status, type, text: await response.text() };
  };
}

test("who presigned a GetCallerIdentity is told in XML, and in JSON to whoever asks for it", async () => {
  const ask = identityOf(ana);
  const xml = await ask();
  assert.deepEqual([xml.status, xml.type], [200, "text/xml"]);
  assert.match(xml.text, /<Arn>arn:aws:iam::000000000000:user\/ana<\/Arn>/);
  const { status, type, text } = await ask("application/json");
  assert.deepEqual([status, type], [200, "application/json"]);
  const answer = JSON.parse(text.replace(/"RequestId":"[\w-]+"/, '"RequestId":"id"')) as unknown;
  assert.deepEqual(answer, {
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: {
        UserId: /"UserId":"(AIDA\w+)"/.exec(text)?.[1], Account: "000000000000",
        Arn: "arn:aws:iam::000000000000:user/ana",
      },
      ResponseMetadata: { RequestId: "id" },
    },
  });
});

test("a presigned identity is for the headers that were signed", async () => {
  const { status, text } = await identityOf(ana)("application/json", "other");
  const { Error: error } = JSON.parse(text) as { Error: { Code: string; Type: string } };
  assert.deepEqual([status, error.Code, error.Type], [403, "SignatureDoesNotMatch", "Sender"]);
});

test("times are seconds in JSON, and an operation that is not there is refused in it", async () => {
  const { text } = await identityOf({ accessKeyId: "test", secretAccessKey: "test" }, "GetSessionToken")(
    "application/json");
  assert.match(text, /"Expiration":1767229200[,}]/);
  const refused = await identityOf(ana, "Nothing")("application/json");
  assert.match(refused.text, /^\{"Error":\{"Code":"InvalidAction","Message":"Could not find operation /);
});
