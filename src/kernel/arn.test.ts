import assert from "node:assert/strict";
import { test } from "node:test";
import { formatArn, parseArn } from "./arn.ts";

test("an ARN is read as it was written", () => {
  const arns = [
    { partition: "aws", service: "sqs", region: "us-east-1", account: "000000000000", resource: "queue" },
    { partition: "aws", service: "iam", region: "", account: "000000000000", resource: "user/a/b" },
    { partition: "aws-cn", service: "s3", region: "", account: "", resource: "bucket/key:with:colons" },
    {
      partition: "aws",
      service: "secretsmanager",
      region: "eu-west-1",
      account: "1",
      resource: "secret:name-AbCdEf",
    },
  ];
  for (const arn of arns) assert.deepEqual(parseArn(formatArn(arn)), arn);
  assert.equal(
    formatArn({ service: "kms", region: "r", account: "a", resource: "key/k" }),
    "arn:aws:kms:r:a:key/k",
  );
});

test("what is no ARN is not read as one", () => {
  for (const text of [
    "",
    "arn",
    "arn:aws:sqs:r:a",
    "urn:aws:sqs:r:a:q",
    "arn::sqs:r:a:q",
    "arn:aws::r:a:q",
    "ARN:aws:sqs:r:a:q",
  ]) {
    assert.equal(parseArn(text), undefined, text);
  }
});
