import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand, GetObjectCommand, PutBucketEncryptionCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";

const Bucket = "bucket";

test("s3-kms-throttling: while KMS throttles, S3 says so; what has a bucket key need not ask", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client, { maxAttempts: 1 });
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  await s3.send(new CreateBucketCommand({ Bucket }));
  const byDefault = { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KeyMetadata?.Arn } as const;
  const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true }];
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  const put = (Key: string, BucketKeyEnabled?: boolean) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: `text of ${Key}`, BucketKeyEnabled }));
  const read = async (Key: string) =>
    (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
  await put("cheap");
  await put("dear", false);
  const message = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
  region.engine.faults.add(
    { service: "kms", code: "ThrottlingException", message, status: 400, remaining: 100 },
  );
  const busy = (error: Error & { $metadata?: { httpStatusCode?: number } }): boolean => {
    assert.deepEqual([error.name, error.message, error.$metadata?.httpStatusCode], [
      "SlowDown", "Please reduce your request rate for operations involving AWS KMS.", 503,
    ]);
    return true;
  };
  await assert.rejects(read("dear"), busy);
  await assert.rejects(put("new", false), busy);
  assert.equal(await read("cheap"), "text of cheap");
  await put("another");
  region.engine.faults.clear();
  assert.equal(await read("dear"), "text of dear");
});
