import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../test/effort.ts";
import { identify, parameter, type RequestHead } from "./identify.ts";

const none: RequestHead = { method: "POST", path: "/", query: "", headers: {} };

function signed(service: string, region = "us-east-1"): string {
  const credential = `AKIA/20260101/${region}/${service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
}

/** `service protocol operation region`, or nothing. */
function seen(head: Partial<RequestHead>, form = ""): string {
  const found = identify({ ...none, ...head }, form);
  return found
    ? `${found.entry.service} ${found.protocol} ${found.operation ?? "-"} ${found.region}`
    : "nothing";
}

const formType = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };

test("the RPC target says service and operation, the signature the region", () => {
  const target = { "x-amz-target": "TrentService.CreateKey" };
  assert.equal(
    seen({ headers: { ...target, authorization: signed("kms", "eu-west-1") } }),
    "kms json CreateKey eu-west-1",
  );
  assert.equal(seen({ headers: target }), "kms json CreateKey us-east-1");
  assert.equal(
    seen({ headers: { ...target, host: "kms.ap-south-1.amazonaws.com" } }),
    "kms json CreateKey ap-south-1",
  );
  const long = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
  assert.equal(seen({ headers: { "x-amz-target": long } }), "cloudtrail json LookupEvents us-east-1");
  assert.equal(
    seen({ headers: { "x-amz-target": "CloudTrail_20131101.LookupEvents" } }),
    "cloudtrail json LookupEvents us-east-1",
  );
  assert.equal(seen({ headers: { "x-amz-target": "Nobody.Nothing" } }), "nothing");
  assert.equal(seen({ headers: { "x-amz-target": "" } }), "nothing");
});

test("a Query request is told by its signature, by its host, and last by its version", () => {
  const form = "Action=ListUsers&Version=2010-05-08";
  assert.equal(
    seen({ headers: { ...formType, authorization: signed("iam") } }, form),
    "iam query ListUsers us-east-1",
  );
  assert.equal(
    seen({ headers: { ...formType, host: "iam.amazonaws.com" } }, form),
    "iam query ListUsers us-east-1",
  );
  assert.equal(seen({ headers: formType }, form), "iam query ListUsers us-east-1");
  assert.equal(seen({ headers: formType }, "Action=ListUsers&Version=1999-01-01"), "nothing");
  assert.equal(
    seen({ method: "GET", query: "Action=GetCallerIdentity&Version=2011-06-15" }),
    "sts query GetCallerIdentity us-east-1",
  );
});

test("host names say service and region in each of AWS's ways", () => {
  const of = (host: string) => seen({ headers: { ...formType, host } }, "Action=ListQueues");
  assert.equal(of("sqs.eu-west-1.amazonaws.com"), "sqs query ListQueues eu-west-1");
  assert.equal(of("sqs.eu-west-1.localhost:4566"), "sqs query ListQueues eu-west-1");
  assert.equal(of("SQS.EU-WEST-1.amazonaws.com"), "sqs query ListQueues eu-west-1");
  assert.equal(of("eu-west-1.queue.amazonaws.com"), "sqs query ListQueues eu-west-1");
  assert.equal(of("queue.amazonaws.com"), "sqs query ListQueues us-east-1");
  assert.equal(of("sqs.us-gov-west-1.amazonaws.com"), "sqs query ListQueues us-gov-west-1");
  assert.equal(of("localhost:4566"), "nothing");
  assert.equal(of(""), "nothing");
});

test("the signature goes before the host", () => {
  const headers = {
    ...formType,
    host: "sqs.eu-west-1.amazonaws.com",
    authorization: signed("sts", "ap-south-1"),
  };
  assert.equal(seen({ headers }, "Action=GetCallerIdentity"), "sts query GetCallerIdentity ap-south-1");
});

test("a presigned request is told by its query", () => {
  const query =
    "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
    "&X-Amz-Credential=AKIA%2F20260101%2Feu-north-1%2Fsts%2Faws4_request&X-Amz-Signature=0";
  assert.equal(seen({ method: "GET", query }), "sts query GetCallerIdentity eu-north-1");
  assert.equal(
    seen({ method: "GET", query: query.replaceAll("%2F", "/") }),
    "sts query GetCallerIdentity eu-north-1",
  );
});

test("a SigV4A scope has no region; a host may say it", () => {
  const authorization =
    "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20260101/sts/aws4_request, SignedHeaders=host, Signature=0";
  assert.equal(
    seen({ headers: { ...formType, authorization } }, "Action=GetCallerIdentity"),
    "sts query GetCallerIdentity us-east-1",
  );
});

test("a CBOR request names service and operation in its path", () => {
  const headers = { "smithy-protocol": "rpc-v2-cbor", authorization: signed("sqs", "eu-west-1") };
  const path = "/service/AmazonSQS/operation/SendMessage";
  assert.equal(seen({ path, headers }), "sqs smithy-rpc-v2-cbor SendMessage eu-west-1");
  assert.equal(seen({ path: `${path}/`, headers }), "sqs smithy-rpc-v2-cbor SendMessage eu-west-1");
  assert.match(seen({ path: "/service/Nobody/operation/X", headers }), /^sqs (?!smithy)/);
});

test("hostile heads name nothing, and take no time", () => {
  const long = "a".repeat(60_000);
  const heads: Partial<RequestHead>[] = [
    { headers: { authorization: long } },
    { headers: { authorization: `Credential=${"/".repeat(60_000)}` } },
    { headers: { host: ".".repeat(60_000) } },
    { headers: { host: `${"a-".repeat(30_000)}1` } },
    { headers: { host: `s3-${"ab-".repeat(20_000)}!` } },
    { headers: { authorization: `AWS4-HMAC-SHA256 ${"Credential=".repeat(5_400)}` } },
    { query: `X-Amz-Credential=${"%2F".repeat(20_000)}` },
    { query: `${"&X-Amz-Credential=".repeat(3_000)}` },
    { path: `/service/${long}/operation/${long}`, headers: { "smithy-protocol": "rpc-v2-cbor" } },
    { headers: { "x-amz-target": "__proto__.constructor" } },
    { headers: { authorization: signed("__proto__") } },
  ];
  const before = effort();
  for (const head of heads) assert.equal(seen(head), "nothing");
  assert.ok(effort() - before < 1);
});

test("a parameter is found by its whole name, and decoded", () => {
  assert.equal(parameter("Action=a+b%20c&X=1", "Action"), "a b c");
  assert.equal(parameter("X=1&Action=a", "Action"), "a");
  assert.equal(parameter("XAction=a", "Action"), undefined);
  assert.equal(parameter("Action", "Action"), undefined);
  assert.equal(parameter("", "Action"), undefined);
  assert.equal(parameter("Action=%", "Action"), "%");
  assert.equal(parameter("Action=&X=1", "Action"), "");
});
