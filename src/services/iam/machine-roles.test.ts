import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { account, roleArn, startBench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

const code = nodePackage(`
  import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
  import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
  const s3 = new S3Client({});
  const read = async (Key) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "data", Key }));
      return await Body.transformToString();
    } catch (error) { return error.name; }
  };
  export const handler = async () => {
    const { Arn, Account } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
    return { Arn, Account, read: [await read("open"), await read("closed")] };
  };
`);

test("iam-roles-for-machines: code in a function acts as its role, with no keys of its own", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "data" }));
  for (const Key of ["open", "closed"]) {
    await s3.send(new PutObjectCommand({ Bucket: "data", Key, Body: `it is ${Key}` }));
  }
  assert.ok(await s3.send(new GetObjectCommand({ Bucket: "data", Key: "closed" })));
  await bench.role("machine", {
    Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/open",
  });
  await bench.make("machine", { Code: { ZipFile: code }, Role: roleArn("machine"), Timeout: 30 });
  assert.deepEqual((await bench.invoke("machine")).answer, {
    Arn: `arn:aws:sts::${account}:assumed-role/machine/machine`,
    Account: account,
    read: ["it is open", "AccessDenied"],
  });
});
