import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { crc32 } from "node:zlib";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PublishVersionCommand } from "@aws-sdk/client-lambda";
import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, HeadObjectCommand, ListObjectsV2Command,
  PutObjectCommand, UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { JobManifestFieldName, JobOperation } from "@aws-sdk/client-s3-control";
import { Bucket, Report, Stage } from "../../../test/batch-stage.ts";
import { startBench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

const bench = await startBench();
const stage = await new Stage(bench.region).prepare("s3:*", "lambda:InvokeFunction", "kms:*");
after(() => bench.region[Symbol.asyncDispose]());

/** The lines of a job's report, the succeeded ones first. */
async function reported(operation: JobOperation, rows: string[], Fields?: JobManifestFieldName[]) {
  const id = await stage.create(operation, rows, { Report }, Fields);
  const { Status } = await stage.describe(id);
  assert.equal(Status, "Complete");
  const manifest = JSON.parse(await stage.text(`reports/job-${id}/manifest.json`)) as {
    Results: { Key: string }[];
  };
  const texts = await Promise.all(manifest.Results.map(({ Key }) => stage.text(Key)));
  return { id, lines: texts.join("").split("\n").filter(Boolean) };
}

/** Says of each key what its own text asks for; a key `again…` succeeds at the third time. */
const worker = nodePackage(`
let times = 0;
export const handler = async (event) => {
  const [task] = event.tasks;
  const key = decodeURIComponent(task.s3Key.replaceAll("+", " "));
  if (key.startsWith("throw")) throw new Error("no good");
  if (key === "text") return "nothing";
  const answer = { invocationSchemaVersion: event.invocationSchemaVersion, invocationId: event.invocationId };
  if (key === "left out") return { ...answer, treatMissingKeysAs: "Succeeded", results: [] };
  if (key === "left out too") return { ...answer, treatMissingKeysAs: "PermanentFailure", results: [] };
  const resultCode = key.startsWith("again") ? (++times < 3 ? "TemporaryFailure" : "Succeeded")
    : key.startsWith("never") ? "TemporaryFailure" : key.startsWith("no") ? "PermanentFailure" : "Succeeded";
  const resultString = key.startsWith("show") ? JSON.stringify(event) : "times " + times;
  return { ...answer, results: [{ taskId: task.taskId, resultCode, resultString }] };
};`);

test("lambda-sync-s3-batch: a function runs for each object; the report says what it answered", async () => {
  const FunctionArn = await bench.make("worker", { Code: { ZipFile: worker } });
  const LambdaInvoke = { FunctionArn };
  const keys = ["show+1", "no", "throw", "text", "left+out", "left+out+too"];
  const { id, lines } = await reported({ LambdaInvoke }, keys.map((key) => `bucket,${key}`));
  const [shown = "", leftOut, ...others] = lines;
  assert.match(shown, /^bucket,show\+1,,succeeded,200,,"/);
  const event = JSON.parse(shown.slice(shown.indexOf('"') + 1, -1).replaceAll('""', '"')) as {
    invocationId: string;
    tasks: { taskId: string }[];
  };
  assert.deepEqual(event, {
    invocationSchemaVersion: "1.0",
    invocationId: event.invocationId,
    job: { id },
    tasks: [{
      taskId: event.tasks[0]?.taskId, s3BucketArn: "arn:aws:s3:::bucket", s3Key: "show+1", s3VersionId: null,
    }],
  });
  assert.equal(leftOut, "bucket,left+out,,succeeded,200,,");
  assert.equal(others[0], "bucket,no,,failed,200,PermanentFailure,times 0");
  assert.match(
    others[1] ?? "",
    /^bucket,throw,,failed,200,PermanentFailure,"Lambda returned function error: \{""errorType"":""Error"",/,
  );
  assert.deepEqual(others.slice(2), [
    "bucket,text,,failed,200,PermanentFailure,Lambda returned a response that is not valid",
    "bucket,left+out+too,,failed,200,PermanentFailure,",
  ]);
});

test("version 2.0 of the event has names of buckets and arguments; a version of it may run", async () => {
  const { Version = "" } = await bench.lambda.send(new PublishVersionCommand({ FunctionName: "worker" }));
  const FunctionArn = `arn:aws:lambda:us-east-1:000000000000:function:worker:${Version}`;
  const LambdaInvoke = { FunctionArn, InvocationSchemaVersion: "2.0", UserArguments: { mode: "fast" } };
  const { id, lines } = await reported({ LambdaInvoke }, ["bucket,show,v1"], ["Bucket", "Key", "VersionId"]);
  const [shown = ""] = lines;
  const event = JSON.parse(shown.slice(shown.indexOf('"') + 1, -1).replaceAll('""', '"')) as {
    job: object;
    tasks: { taskId: string }[];
  };
  assert.deepEqual(event.job, { id, userArguments: { mode: "fast" } });
  const { taskId } = event.tasks[0] ?? {};
  assert.deepEqual(event.tasks, [{ taskId, s3Bucket: "bucket", s3Key: "show", s3VersionId: "v1" }]);
});

test("temporary failures are tried again, up to a point; who may not invoke fails task by task", async () => {
  const FunctionArn = await bench.make("patient", { Code: { ZipFile: worker } });
  const { lines } = await reported({ LambdaInvoke: { FunctionArn } }, ["bucket,again"]);
  assert.deepEqual(lines, ["bucket,again,,succeeded,200,,times 3"]);
  const never = await reported({ LambdaInvoke: { FunctionArn } }, ["bucket,never"]);
  assert.deepEqual(never.lines, ["bucket,never,,failed,200,TemporaryFailure,times 3"]);
  await stage.permit("s3:*");
  const denied = await reported({ LambdaInvoke: { FunctionArn } }, ["bucket,show"]);
  assert.match(denied.lines[0] ?? "", /^bucket,show,,failed,403,AccessDeniedException,/);
  await stage.permit("s3:*", "kms:*");
});

test("checksums of what is stored, archived or in parts, are in the report", async () => {
  const body = "content";
  const put = new PutObjectCommand({ Bucket, Key: "cold", Body: body, StorageClass: "GLACIER" });
  const { ETag = "" } = await stage.s3.send(put);
  const sum = (S3ComputeObjectChecksum: object, key: string) =>
    reported({ S3ComputeObjectChecksum }, [`bucket,${key}`]);
  const { lines } = await sum({ ChecksumAlgorithm: "SHA256" }, "cold");
  const digest = createHash("sha256").update(body).digest();
  const said = {
    checksum_base64: digest.toString("base64"), etag: ETag.replaceAll('"', ""), checksumAlgorithm: "SHA256",
    checksumType: "FULL_OBJECT", checksum_hex: digest.toString("hex").toUpperCase(),
  };
  assert.deepEqual(lines, [`bucket,cold,,succeeded,200,,"${JSON.stringify(said).replaceAll('"', '""')}"`]);

  const named = { Bucket, Key: "parts" };
  const { UploadId } = await stage.s3.send(new CreateMultipartUploadCommand(named));
  const bodies = [Buffer.alloc(5 * 1024 * 1024, "a"), Buffer.from("b")];
  const Parts = await Promise.all(bodies.map(async (Body, index) => {
    const part = { ...named, UploadId, PartNumber: index + 1 };
    const answer = await stage.s3.send(new UploadPartCommand({ ...part, Body }));
    return { PartNumber: index + 1, ETag: answer.ETag };
  }));
  const MultipartUpload = { Parts };
  await stage.s3.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload }));
  const bytes = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, "0"), "hex");
  const composite = bytes(crc32(Buffer.concat(bodies.map((each) => bytes(crc32(each)))))).toString("base64");
  const whole = bytes(crc32(Buffer.concat(bodies))).toString("base64");
  for (const [ChecksumType, expected] of [["COMPOSITE", composite], ["FULL_OBJECT", whole]] as const) {
    const answer = await sum({ ChecksumAlgorithm: "CRC32", ChecksumType }, "parts");
    assert.ok(answer.lines[0]?.includes(`""checksum_base64"":""${expected}""`), ChecksumType);
  }
  const { Contents } = await stage.s3.send(new ListObjectsV2Command({ Bucket }));
  assert.deepEqual(Contents?.map(({ Key }) => Key), ["cold", "parts"]);
});

test("objects get another key, and stay where they are", async () => {
  const key = await bench.region.client(KMSClient).send(new CreateKeyCommand({}));
  const { Arn = "" } = key.KeyMetadata ?? {};
  await stage.put("plain");
  const ObjectEncryption = { SSEKMS: { KMSKeyArn: Arn, BucketKeyEnabled: true } };
  const { lines } = await reported({ S3UpdateObjectEncryption: { ObjectEncryption } }, ["bucket,plain"]);
  assert.deepEqual(lines, ["bucket,plain,,succeeded,200,,Successful"]);
  const head = await stage.s3.send(new HeadObjectCommand({ Bucket, Key: "plain" }));
  assert.deepEqual([head.SSEKMSKeyId, head.BucketKeyEnabled], [Arn, true]);
});
