import assert from "node:assert/strict";
import { test } from "node:test";
import type { Shape } from "../model/model.ts";
import { RestRouter } from "./rest-router.ts";
import { testService } from "./test-service.ts";

const shapes: Record<string, Shape> = {
  Upload: {
    type: "structure", required: ["UploadId"],
    members: { UploadId: { shape: "Text", location: "querystring", locationName: "uploadId" } },
  },
  Copy: {
    type: "structure", required: ["Source"],
    members: { Source: { shape: "Text", location: "header", locationName: "x-amz-copy-source" } },
  },
  Text: { type: "string" },
};
const key = "/{Bucket}/{Key+}";
const bindings: Record<string, readonly [method: string, requestUri: string, input?: string]> = {
  ListBuckets: ["GET", "/"], ListDirectoryBuckets: ["GET", "/"], ListObjects: ["GET", "/{Bucket}"],
  ListObjectsV2: ["GET", "/{Bucket}?list-type=2"], GetBucketLocation: ["GET", "/{Bucket}?location"],
  GetObject: ["GET", key], GetObjectAcl: ["GET", `${key}?acl`], ListParts: ["GET", key, "Upload"],
  PutObject: ["PUT", key], CopyObject: ["PUT", key, "Copy"], UploadPart: ["PUT", key, "Upload"],
  CreateMultipartUpload: ["POST", `${key}?uploads`], CompleteMultipartUpload: ["POST", key, "Upload"],
  SelectObjectContent: ["POST", `${key}?select&select-type=2`],
  GetBucketLifecycle: ["GET", "/{Bucket}?lifecycle"],
  GetBucketLifecycleConfiguration: ["GET", "/{Bucket}?lifecycle"],
  ListFunctions: ["DELETE", "/2015-03-31/functions/"],
  GetFunction: ["DELETE", "/2015-03-31/functions/{Name}"],
  Special: ["DELETE", "/2015-03-31/functions/special"], Middle: ["PATCH", "/a/{Rest+}/end/{Last}"],
};
const router = new RestRouter(testService("rest-xml", shapes, Object.fromEntries(
  Object.entries(bindings).map(([name, [method, requestUri, input]]) => {
    return [name, { http: { method, requestUri }, ...(input && { input: { shape: input } }) }];
  }),
)));

type Expected = readonly [request: string, operation: string | undefined, labels?: Record<string, string>];
const requests: readonly Expected[] = [
  ["GET /", "ListBuckets", {}],
  ["GET /b", "ListObjects", { Bucket: "b" }],
  ["GET /b/", "ListObjects", { Bucket: "b" }],
  ["GET /b?list-type=2&prefix=x", "ListObjectsV2", { Bucket: "b" }],
  ["GET /b?list-type=1", "ListObjects", { Bucket: "b" }],
  ["GET /b?location=", "GetBucketLocation", { Bucket: "b" }],
  ["GET /b?lifecycle", "GetBucketLifecycleConfiguration", { Bucket: "b" }],
  ["GET /b/a%20b/c/", "GetObject", { Bucket: "b", Key: "a b/c/" }],
  ["GET /b//c", "GetObject", { Bucket: "b", Key: "/c" }],
  ["GET /b/k?x-id=GetObject", "GetObject", { Bucket: "b", Key: "k" }],
  ["GET /b/k?acl", "GetObjectAcl", { Bucket: "b", Key: "k" }],
  ["GET /b/k?uploadId=1", "ListParts", { Bucket: "b", Key: "k" }],
  ["PUT /b/k", "PutObject", { Bucket: "b", Key: "k" }],
  ["PUT /b/k?uploadId=1&partNumber=1", "UploadPart", { Bucket: "b", Key: "k" }],
  ["POST /b/k?uploads", "CreateMultipartUpload", { Bucket: "b", Key: "k" }],
  ["POST /b/k?select&select-type=2", "SelectObjectContent", { Bucket: "b", Key: "k" }],
  ["POST /b/k", "CompleteMultipartUpload", { Bucket: "b", Key: "k" }],
  ["DELETE /2015-03-31/functions", "ListFunctions", {}],
  ["DELETE /2015-03-31/functions/", "ListFunctions", {}],
  ["DELETE /2015-03-31/functions/special", "Special", {}],
  ["DELETE /2015-03-31/functions/arn%3Aaws", "GetFunction", { Name: "arn:aws" }],
  ["PATCH /a/1/2/end/3", "Middle", { Rest: "1/2", Last: "3" }],
  ["PATCH /a/end/3", undefined],
  ["HEAD /b", undefined],
];
for (const [request, operation, labels] of requests) {
  test(`${request} is for ${operation ?? "no operation"}`, () => {
    const [method = "", uri = ""] = request.split(" ");
    const [path = "", query = ""] = uri.split("?");
    const match = router.match(method, path, query);
    assert.equal(match?.operation.name, operation);
    if (match) assert.deepEqual({ ...match.labels }, labels);
  });
}

test("a required header tells operations apart where headers are given", () => {
  assert.equal(
    router.match("PUT", "/b/k", "", { "x-amz-copy-source": "/b/j" })?.operation.name, "CopyObject",
  );
  assert.equal(router.match("PUT", "/b/k", "", {})?.operation.name, "PutObject");
});

test("a path of very many segments is looked up in time", () => {
  const match = router.match("GET", `/b/${"a/".repeat(100_000)}`, "");
  assert.equal(match?.operation.name, "GetObject");
});
