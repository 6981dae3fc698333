/** The SDKs of the languages that are at hand: who am I, and an object there and back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startWorkstation, without } from "./clients.ts";

const arn = "arn:aws:iam::000000000000:root";

test("sdk-official-languages: Node.js", async () => {
  await using station = await startWorkstation();
  const settings = {
    endpoint: station.endpoint, region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const { Arn } = await new STSClient(settings).send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, arn);
  // Machines differ in whether they know names below localhost.
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const object = { Bucket: "from-node", Key: "a b/ü" };
  await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
  await s3.send(new PutObjectCommand({ ...object, Body: "héllo" }));
  const { Body } = await s3.send(new GetObjectCommand(object));
  assert.equal(await Body?.transformToString(), "héllo");
});

test("sdk-official-languages: Python", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="from-python")
    s3.put_object(Bucket="from-python", Key="a b/ü", Body="héllo".encode())
    body = s3.get_object(Bucket="from-python", Key="a b/ü")["Body"].read().decode()
    answer([boto3.client("sts").get_caller_identity()["Arn"], body])
  `),
    [arn, "héllo"],
  );
});
