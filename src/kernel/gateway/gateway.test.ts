import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { IAMClient, ListUsersCommand, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startRegion, testEpoch, type TestCredentials } from "../../../test/region.ts";
import { presign, signRequest } from "../auth/signing.ts";

const form = { "content-type": "application/x-www-form-urlencoded" };
const callerIdentity = "Action=GetCallerIdentity&Version=2011-06-15";

interface Post {
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly credentials?: TestCredentials;
  readonly service?: string;
  readonly nowMs?: number;
}

/** Signs by hand, so that a test can do it wrongly. */
async function post(
  endpoint: string,
  what: Post,
): Promise<{ status: number; text: string; headers: Headers }> {
  const unsigned = {
    method: "POST",
    path: "/",
    query: "",
    body: Buffer.from(what.body),
    headers: { host: new URL(endpoint).host, ...form, ...what.headers },
  };
  const { headers } = what.credentials
    ? signRequest(unsigned, {
        credentials: what.credentials,
        region: "us-east-1",
        service: what.service ?? "sts",
        nowMs: what.nowMs ?? testEpoch,
      })
    : unsigned;
  const { host: _host, ...sent } = headers as Record<string, string>;
  const body = new Uint8Array(unsigned.body);
  const answer = await fetch(endpoint, { method: "POST", headers: sent, body });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

function errorOf(text: string): { code: string | undefined; message: string | undefined } {
  return {
    code: /<Code>(.*?)<\/Code>/s.exec(text)?.[1],
    message: /<Message>(.*?)<\/Message>/s.exec(text)?.[1],
  };
}

test("an account's number and `test` are root keys with any secret", async () => {
  await using region = await startRegion();
  const mine = await region.client(STSClient).send(new GetCallerIdentityCommand({}));
  assert.equal(mine.Account, "000000000000");
  assert.equal(mine.Arn, "arn:aws:iam::000000000000:root");
  const other = region.client(STSClient, { credentials: region.root("111122223333") });
  assert.equal((await other.send(new GetCallerIdentityCommand({}))).Account, "111122223333");
});

test("a form may be packed, as SDKs do with large ones, and is answered as a form", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const send = async (body: Buffer, encoding: string) => {
    const { status, text } = await post(endpoint, {
      body, service: "monitoring", credentials: region.root("000000000000"),
      headers: { "content-encoding": encoding },
    });
    return `${status} ${errorOf(text).code ?? /<(\w+)Response /.exec(text)?.[1]}`;
  };
  const metric = "&MetricData.member.1.MetricName=orders&MetricData.member.1.Value=1";
  const put = gzipSync(`Action=PutMetricData&Version=2010-08-01&Namespace=shop${metric}`);
  assert.equal(await send(put, "gzip"), "200 PutMetricData");
  assert.equal(await send(put.subarray(0, 20), "gzip"), "400 MissingAction");
  assert.equal(await send(Buffer.from("MetricName=orders"), "identity"), "400 MissingAction");
});

test("a service that is not here is named, in a form that its clients read", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = region.root("000000000000");
  const send = async (service: string, body: string, headers = {}) => {
    const { status, text } = await post(endpoint, { body, service, credentials, headers });
    assert.equal(status, 501);
    return text.replace(/[0-9a-f-]{36}/, "ID");
  };
  const said = (name: string) =>
    `<Code>NotImplemented</Code><Message>${name} is not implemented by us-local-1 yet.</Message>`;
  assert.equal(
    await send("cloudformation", "Action=ListStacks&Version=2010-05-15"),
    `<ErrorResponse><Error><Type>Sender</Type>${said("cloudformation:ListStacks")}</Error>` +
      "<RequestId>ID</RequestId></ErrorResponse>",
  );
  assert.equal(
    await send("ec2", "Action=DescribeVpcs&Version=2016-11-15"),
    `<Response><Errors><Error>${said("ec2:DescribeVpcs")}</Error></Errors>` +
      "<RequestID>ID</RequestID></Response>",
  );
  const json = { "content-type": "application/x-amz-json-1.0" };
  assert.deepEqual(
    JSON.parse(await send("states", "{}", { ...json, "x-amz-target": "AWSStepFunctions.ListActivities" })),
    { __type: "NotImplemented", message: "states:ListActivities is not implemented by us-local-1 yet." },
  );
  assert.equal(
    JSON.parse(await send("apigateway", "", json)).message,
    "The service apigateway is not implemented by us-local-1 yet.",
  );
  assert.match(await send("route53", "", json), /^<ErrorResponse>.*The service route53 is not/);
});

test("a body in signed chunks is taken under keys with any secret, and must be whole", async () => {
  await using region = await startRegion();
  const json = '{"QueueName":"framed"}';
  const endpoint = await region.endpoint();
  const send = (chunks: string) =>
    post(endpoint, {
      body: chunks,
      service: "sqs",
      credentials: region.root("000000000000"),
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "content-encoding": "aws-chunked",
        "x-amz-target": "AmazonSQS.CreateQueue",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": String(json.length),
      },
    });
  const signature = `;chunk-signature=${"0".repeat(64)}\r\n`;
  const framed = `${json.length.toString(16)}${signature}${json}\r\n0${signature}\r\n`;
  const answer = await send(framed);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, /"QueueUrl":".*framed"/);
  const cut = await send(framed.slice(0, 100));
  assert.equal(cut.status, 400);
  assert.match(cut.text, /IncompleteBody/);
});

test("without development keys an account's number is an unknown key", async () => {
  await using region = await startRegion({ devKeys: false });
  await assert.rejects(region.client(STSClient).send(new GetCallerIdentityCommand({})), {
    name: "InvalidClientTokenId",
    message: "The security token included in the request is invalid.",
  });
});

test("cli-sdk-protected-by-access-keys: wrong secrets, unknown and inactive keys are refused", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice");
  const asAlice = region.client(STSClient, { credentials: alice });
  assert.equal(
    (await asAlice.send(new GetCallerIdentityCommand({}))).Arn,
    "arn:aws:iam::000000000000:user/alice",
  );

  const wrong = region.client(STSClient, { credentials: { ...alice, secretAccessKey: "wrong" } });
  await assert.rejects(wrong.send(new GetCallerIdentityCommand({})), { name: "SignatureDoesNotMatch" });
  const unknown = region.client(STSClient, {
    credentials: { ...alice, accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
  });
  await assert.rejects(unknown.send(new GetCallerIdentityCommand({})), { name: "InvalidClientTokenId" });
  const trail = region.client(CloudTrailClient, { credentials: { ...alice, secretAccessKey: "wrong" } });
  await assert.rejects(trail.send(new LookupEventsCommand({})), { name: "InvalidSignatureException" });

  await region.client(IAMClient).send(
    new UpdateAccessKeyCommand({
      UserName: "alice",
      AccessKeyId: alice.accessKeyId,
      Status: "Inactive",
    }),
  );
  await assert.rejects(asAlice.send(new GetCallerIdentityCommand({})), { name: "InvalidClientTokenId" });
});

test("a request without a signature is told so in its family's words", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const query = await post(endpoint, { body: callerIdentity });
  assert.equal(query.status, 403);
  assert.deepEqual(errorOf(query.text), {
    code: "MissingAuthenticationToken",
    message: "Request is missing Authentication Token",
  });
  const json = await post(endpoint, {
    body: "{}",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "CloudTrail_20131101.LookupEvents",
    },
  });
  assert.equal(json.status, 400);
  assert.deepEqual(JSON.parse(json.text), {
    __type: "MissingAuthenticationTokenException",
    message: "Request is missing Authentication Token",
  });
});

test("signatures are compared with the region's clock", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = await region.user("alice");
  const at = (nowMs: number) => post(endpoint, { body: callerIdentity, credentials, nowMs });
  assert.equal((await at(testEpoch)).status, 200);
  assert.equal((await at(testEpoch - 14 * 60_000)).status, 200);
  assert.equal(errorOf((await at(testEpoch - 16 * 60_000)).text).code, "SignatureDoesNotMatch");
  assert.equal(errorOf((await at(testEpoch + 16 * 60_000)).text).code, "SignatureDoesNotMatch");
});

test("what is signed by the machine's clock is accepted, wherever the region's clock stands", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = await region.user("alice");
  await region.clock.advance({ days: 30 });
  assert.equal(
    (
      await post(endpoint, {
        body: callerIdentity,
        credentials,
        nowMs: performance.timeOrigin + performance.now(),
      })
    ).status,
    200,
  );
});

test("a presigned request works until it expires by the clock", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = await region.user("alice");
  const { query } = presign(
    { method: "GET", path: "/", query: callerIdentity, headers: { host: new URL(endpoint).host } },
    { credentials, region: "us-east-1", service: "sts", nowMs: testEpoch, expiresSeconds: 60 },
  );
  assert.equal((await fetch(`${endpoint}/?${query}`)).status, 200);
  await region.clock.advance({ seconds: 61 });
  assert.equal((await fetch(`${endpoint}/?${query}`)).status, 403);
});

test("operations that do not exist, and those that are not built, name themselves", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = region.root("000000000000");
  const unknown = await post(endpoint, { body: "Action=Nonsense&Version=2011-06-15", credentials });
  assert.equal(unknown.status, 400);
  assert.deepEqual(errorOf(unknown.text), {
    code: "InvalidAction",
    message: "Could not find operation Nonsense for version 2011-06-15",
  });
  const missing = await post(endpoint, { body: "Version=2011-06-15", credentials });
  assert.equal(errorOf(missing.text).code, "MissingAction");
  const unbuilt = await post(endpoint, {
    body: "{}",
    credentials,
    service: "cloudtrail",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "CloudTrail_20131101.ListImports",
    },
  });
  assert.equal(unbuilt.status, 501);
  assert.deepEqual(JSON.parse(unbuilt.text), {
    __type: "NotImplemented",
    message: "cloudtrail:ListImports is not implemented by us-local-1 yet.",
  });
});

test("hostile bodies get an error and leave the region standing", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const credentials = region.root("000000000000");
  const target = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "CloudTrail_20131101.LookupEvents",
  };
  const bodies = [
    "",
    "{",
    "[]",
    "null",
    "1",
    `{"__proto__":{"polluted":true}}`,
    "[".repeat(100_000),
    `{"MaxResults":"x"}`,
    "\u0000",
  ];
  for (const body of bodies) {
    const { status } = await post(endpoint, { body, credentials, service: "cloudtrail", headers: target });
    assert.ok(status === 200 || status === 400, `${body.slice(0, 20)} got ${status}`);
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.equal((await post(endpoint, { body: callerIdentity, credentials })).status, 200);
});

test("a body over the limit is refused, and a client that hangs up midway harms nothing", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: form,
    body: "x".repeat(17 * 1024 * 1024),
  }).catch(() => undefined);
  assert.ok(answer === undefined || answer.status === 413);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(new URL(endpoint).port), "127.0.0.1", () => {
      socket.end("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nhalf");
      socket.once("close", () => resolve());
      socket.resume();
    });
  });
  assert.equal(
    (await post(endpoint, { body: callerIdentity, credentials: region.root("000000000000") })).status,
    200,
  );
});

test("iam-global-view: IAM is one for all regions, other services are apart", async () => {
  await using region = await startRegion();
  await region.user("alice");
  const ireland = region.client(IAMClient, { region: "eu-west-1" });
  const { Users = [] } = await ireland.send(new ListUsersCommand({}));
  assert.deepEqual(
    Users.map((user) => user.Arn),
    ["arn:aws:iam::000000000000:user/alice"],
  );
});
