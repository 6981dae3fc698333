import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startRegion } from "../../../test/region.ts";
import { running, settled } from "../../../test/processes.ts";

const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};
const writeOne = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::made-by-functions/*" }],
};

const code = `
  import { spawn } from "node:child_process";
  import { PutObjectCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
  const s3 = new S3Client({});
  export const handler = async ({ mark }) => {
    spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)", mark], { stdio: "ignore" }).unref();
    await s3.send(new PutObjectCommand({ Bucket: "made-by-functions", Key: "a", Body: "from inside" }));
    return s3.send(new ListBucketsCommand({})).then(() => "listed", (error) => error.name);
  };`;

test("a function's SDK calls come to its region under its role, and none outlives it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "function-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "index.mjs"), code);
  const region = await startRegion();
  const iam = region.client(IAMClient);
  const role = { RoleName: "writer", AssumeRolePolicyDocument: JSON.stringify(trust) };
  const { Role } = await iam.send(new CreateRoleCommand(role));
  const policy = { RoleName: "writer", PolicyName: "one", PolicyDocument: JSON.stringify(writeOne) };
  await iam.send(new PutRolePolicyCommand(policy));
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "made-by-functions" }));
  const lambda = region.client(LambdaClient);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "writes",
      Runtime: "nodejs20.x",
      Handler: "index.handler",
      Role: Role?.Arn,
      Timeout: 30,
      Code: { S3Bucket: "hot-reload", S3Key: folder },
    }),
  );
  await region.clock.advance({ seconds: 30 });
  const mark = `function-of-region-${process.pid}`;
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: "writes", Payload: JSON.stringify({ mark }) }),
  );
  assert.equal(FunctionError, undefined);
  assert.equal(Buffer.from(Payload ?? []).toString(), '"AccessDenied"');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "made-by-functions", Key: "a" }));
  assert.equal(await Body?.transformToString(), "from inside");
  assert.equal(running(mark), 1);
  await region.stop();
  await settled(() => running(mark) === 0);
  assert.equal(running(mark), 0);
});
