import assert from "node:assert/strict";
import { test } from "node:test";
import { modelled, unmodelled } from "../errors.ts";
import type { Shape } from "../model/model.ts";
import { restXml } from "./rest-xml.ts";
import { operationOf, testRequest, testService } from "./test-service.ts";

const shapes: Record<string, Shape> = {
  Location: { type: "structure", members: { LocationConstraint: { shape: "Text" } } },
  List: {
    type: "structure",
    members: {
      Name: { shape: "Text" }, At: { shape: "When" },
      MaxKeys: { shape: "Count", location: "querystring", locationName: "max-keys" },
    },
  },
  Put: {
    type: "structure", payload: "Versioning",
    members: {
      Bucket: { shape: "Text", location: "uri" },
      Versioning: { shape: "Versioning", locationName: "VersioningConfiguration" },
    },
  },
  Versioning: { type: "structure", members: { Status: { shape: "Text" }, Days: { shape: "Count" } } },
  Get: {
    type: "structure", payload: "Body",
    members: {
      Body: { shape: "Body", streaming: true },
      ContentType: { shape: "Text", location: "header", locationName: "Content-Type" },
      Meta: { shape: "Meta", location: "headers", locationName: "x-amz-meta-" },
    },
  },
  Body: { type: "blob" }, Text: { type: "string" }, When: { type: "timestamp" }, Count: { type: "integer" },
  Meta: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
  NoSuchKey: { type: "structure", members: {}, exception: true },
};
const s3 = testService("rest-xml", shapes, {
  GetBucketLocation: {
    http: { method: "GET", requestUri: "/{Bucket}?location" }, output: { shape: "Location" },
  },
  ListObjectsV2: {
    http: { method: "GET", requestUri: "/{Bucket}?list-type=2" }, input: { shape: "List" },
    output: { shape: "List" },
  },
  PutBucketVersioning: {
    http: { method: "PUT", requestUri: "/{Bucket}?versioning" }, input: { shape: "Put" },
  },
  GetObject: { http: { method: "GET", requestUri: "/{Bucket}/{Key+}" }, output: { shape: "Get" } },
}, { serviceId: "S3", xmlNamespace: "http://s3.amazonaws.com/doc/2006-03-01/" });
const route53 = {
  ...s3, serviceId: "Route 53", xmlNamespace: "https://route53.amazonaws.com/doc/2013-04-01/",
};
const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';

test("S3 answers errors without a wrapper, with what its model does not declare", () => {
  const error = modelled(
    { shape: "NoSuchKey", code: "NoSuchKey", status: 404 }, "The specified key does not exist.",
    { Key: "a&b" },
  );
  const answer = restXml.serializeError(error, undefined, s3, "ID", testRequest({ method: "GET" }));
  assert.equal(answer.status, 404);
  assert.deepEqual(
    answer.headers, { "content-type": "application/xml", "x-amz-request-id": "ID", "x-amz-id-2": "SURJRA==" },
  );
  assert.equal(
    answer.body,
    `${prolog}<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>` +
      "<Key>a&amp;b</Key><RequestId>ID</RequestId><HostId>SURJRA==</HostId></Error>",
  );
  assert.equal(restXml.serializeError(error, undefined, s3, "ID", testRequest({ method: "HEAD" })).body, "");
});

test("other services wrap their errors", () => {
  const answer = restXml.serializeError(
    unmodelled("Oops", "No.", 500), undefined, route53, "ID", testRequest({}),
  );
  assert.equal(
    answer.body,
    `${prolog}<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>` +
      "<Type>Receiver</Type><Code>Oops</Code><Message>No.</Message></Error>" +
      "<RequestId>ID</RequestId></ErrorResponse>",
  );
});

test("S3's answers have the roots and milliseconds of S3", () => {
  const location = { LocationConstraint: "eu-west-1" };
  assert.equal(
    restXml.serialize(location, operationOf(s3, "GetBucketLocation"), s3, "ID").body,
    `${prolog}<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      "eu-west-1</LocationConstraint>",
  );
  assert.equal(
    restXml.serialize({ Name: "b", At: 0 }, operationOf(s3, "ListObjectsV2"), s3, "ID").body,
    `${prolog}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>` +
      "<At>1970-01-01T00:00:00.000Z</At></ListBucketResult>",
  );
});

test("XML that is not XML is refused in the words of S3", () => {
  const parse = (body: string): unknown => {
    return restXml.parse(
      testRequest({ method: "PUT", path: "/b", query: "versioning", body }),
      operationOf(s3, "PutBucketVersioning"), s3,
    );
  };
  const message = "The XML you provided was not well-formed or did not validate against our published schema";
  assert.throws(() => parse("<VersioningConfiguration>"), { code: "MalformedXML", message, status: 400 });
  assert.throws(
    () => parse("<VersioningConfiguration>x</VersioningConfiguration>"), { code: "MalformedXML", message },
  );
  const days = (text: string): unknown =>
    parse(`<VersioningConfiguration><Days>${text}</Days></VersioningConfiguration>`);
  assert.deepEqual(days("2147483647"), { Bucket: "b", Versioning: { Days: 2_147_483_647 } });
  for (const text of ["2147483648", "-2147483649", "1.5", ""]) {
    assert.throws(() => days(text), { code: "MalformedXML", message });
  }
  assert.throws(() => parse("<!DOCTYPE a><VersioningConfiguration/>"), { code: "MalformedXML", message });
  assert.deepEqual(parse("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), {
    Bucket: "b", Versioning: { Status: "Enabled" },
  });
});

test("a number in a query that is none, or too large for one, is refused", () => {
  for (const keys of ["x", "2147483648"]) {
    const request = testRequest({ method: "GET", path: "/b", query: `list-type=2&max-keys=${keys}` });
    assert.throws(
      () => restXml.parse(request, operationOf(s3, "ListObjectsV2"), s3),
      { code: "InvalidArgument", status: 400 },
    );
  }
});

test("a body goes out as it is, and what a caller stored does not become a header of its own", () => {
  const body = Buffer.from("bytes");
  const output = { Body: body, ContentType: "image/png", Meta: { One: "a\r\nset-cookie: b" } };
  const answer = restXml.serialize(output, operationOf(s3, "GetObject"), s3, "ID");
  assert.equal(answer.body, body);
  assert.equal(answer.headers["content-type"], "image/png");
  assert.equal(answer.headers["x-amz-meta-one"], "a set-cookie: b");
});
