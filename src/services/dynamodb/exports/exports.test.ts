/** Exports of tables to buckets. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  DeleteTableCommand, DescribeExportCommand, ExportTableToPointInTimeCommand, ListExportsCommand,
  UpdateContinuousBackupsCommand, type ExportDescription, type ExportTableToPointInTimeCommandInput,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, fixtureOf, type TableFixture } from "../table-fixture.ts";

const account = "000000000000";
const Bucket = "exported";

function arnOf({ name }: TableFixture): string {
  return `arn:aws:dynamodb:us-east-1:${account}:table/${name}`;
}

async function recovered(region: TestRegion, key = "pk:S"): Promise<{ table: TableFixture; s3: S3Client }> {
  const table = await createTable(region, key);
  await table.db.send(new UpdateContinuousBackupsCommand({
    TableName: table.name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  }));
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return { table, s3 };
}

async function begin(
  table: TableFixture, more: Partial<ExportTableToPointInTimeCommandInput> = {},
): Promise<ExportDescription> {
  const { ExportDescription: begun } = await table.db.send(new ExportTableToPointInTimeCommand({
    TableArn: arnOf(table), S3Bucket: Bucket, ...more,
  }));
  assert.ok(begun);
  return begun;
}

async function ended(region: TestRegion, table: TableFixture, begun: ExportDescription) {
  for (let at = 0; at < 400; at += 1) {
    await region.clock.advance({ milliseconds: 50 });
    const { ExportDescription: now } = await table.db.send(
      new DescribeExportCommand({ ExportArn: begun.ExportArn }),
    );
    if (now && now.ExportStatus !== "IN_PROGRESS") return now;
  }
  throw new Error("the export does not end");
}

async function bytes(s3: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function keys(s3: S3Client): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = "" }) => Key);
}

interface FileLine {
  readonly itemCount: number;
  readonly md5Checksum: string;
  readonly etag: string;
  readonly dataFileS3Key: string;
}

function lines<Line>(text: Buffer): Line[] {
  return text.toString().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
}

/** The records of all data files, in order of their text; every checksum is looked at. */
async function records(s3: S3Client, manifest: string): Promise<unknown[]> {
  const summary = JSON.parse((await bytes(s3, manifest)).toString()) as { manifestFilesS3Key: string };
  const files = await bytes(s3, summary.manifestFilesS3Key);
  const md5 = (content: Buffer): string => createHash("md5").update(content).digest("base64");
  assert.equal((await bytes(s3, summary.manifestFilesS3Key.replace(".json", ".md5"))).toString(), md5(files));
  assert.equal(
    (await bytes(s3, manifest.replace(".json", ".md5"))).toString(), md5(await bytes(s3, manifest)),
  );
  const found: unknown[] = [];
  for (const file of lines<FileLine>(files)) {
    const packed = await bytes(s3, file.dataFileS3Key);
    assert.equal(md5(packed), file.md5Checksum);
    assert.equal(createHash("md5").update(packed).digest("hex"), file.etag);
    const inFile = lines<unknown>(gunzipSync(packed));
    assert.equal(inFile.length, file.itemCount);
    found.push(...inFile);
  }
  return found.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

test("dynamodb-export-csv: a full export is the table as it was at the moment", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region);
  await table.fill(Array.from({ length: 1_200 }, (_, index) => ({ pk: `item ${index}`, n: index })));
  await table.put({ pk: "binary", b: Buffer.from("bar") });
  await region.clock.advance({ minutes: 1 });
  const ExportTime = new Date(region.clock.now() - 30_000);
  await table.put({ pk: "later" });
  await table.delete({ pk: "item 7" });
  const begun = await begin(table, { S3Prefix: "some/prefix", ExportTime });
  assert.equal(begun.ExportStatus, "IN_PROGRESS");
  await table.put({ pk: "while it is exported" });
  const done = await ended(region, table, begun);
  assert.deepEqual([done.ExportStatus, done.ItemCount, done.ExportType], ["COMPLETED", 1_201, undefined]);
  const id = begun.ExportArn?.split("/").pop() ?? "";
  const folder = `some/prefix/AWSDynamoDB/${id}/`;
  assert.equal(done.ExportManifest, `${folder}manifest-summary.json`);
  const names = (await keys(s3)).map((key) => key.replace(/data\/[a-z2-7]{26}\./, "data/*."));
  assert.deepEqual(names, [
    "_started", "data/*.json.gz", "manifest-files.json", "manifest-files.md5", "manifest-summary.json",
    "manifest-summary.md5",
  ].map((name) => folder + name));
  const found = await records(s3, done.ExportManifest ?? "");
  assert.equal(found.length, 1_201);
  assert.deepEqual(found[0], { Item: { pk: { S: "binary" }, b: { B: "YmFy" } } });
  assert.ok(found.some((record) => JSON.stringify(record).includes('"item 7"')));
  assert.ok(!found.some((record) => JSON.stringify(record).includes("later")));
  const summary = JSON.parse((await bytes(s3, done.ExportManifest ?? "")).toString()) as object;
  assert.deepEqual(summary, {
    version: "2020-06-30",
    exportArn: begun.ExportArn,
    startTime: begun.StartTime?.toISOString(),
    endTime: done.EndTime?.toISOString(),
    tableArn: arnOf(table),
    tableId: begun.TableId,
    exportTime: ExportTime.toISOString(),
    s3Bucket: Bucket,
    s3Prefix: "some/prefix",
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${folder}manifest-files.json`,
    billedSizeBytes: done.BilledSizeBytes,
    itemCount: 1_201,
    outputFormat: "DYNAMODB_JSON",
  });
});

test("an export of what is there now leaves out what is written after the request", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region);
  const empty = await begin(table);
  await table.put({ pk: "a" });
  const nothing = await ended(region, table, empty);
  assert.deepEqual([nothing.ItemCount, nothing.BilledSizeBytes], [0, 0]);
  assert.deepEqual(await records(s3, nothing.ExportManifest ?? ""), []);
  const second = await ended(region, table, await begin(table));
  assert.deepEqual(await records(s3, second.ExportManifest ?? ""), [{ Item: { pk: { S: "a" } } }]);
});

test("an incremental export tells once of each item that changed within its period", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region, "pk:S sk:N");
  const at = (pk: string): { pk: string; sk: number } => ({ pk, sk: 1 });
  for (const pk of ["old", "changed", "gone"]) await table.put({ ...at(pk), n: 1 });
  await region.clock.advance({ minutes: 1 });
  const ExportFromTime = new Date(region.clock.now());
  await table.put({ ...at("changed"), n: 2 });
  await region.clock.advance({ minutes: 1 });
  const changedAt = String(region.clock.now() * 1000);
  await table.put({ ...at("changed"), n: 3 });
  await table.delete(at("gone"));
  await table.put({ ...at("new"), n: 4 });
  await table.put(at("brief"));
  await table.delete(at("brief"));
  await region.clock.advance({ minutes: 20 });
  const ExportToTime = new Date(region.clock.now());
  await table.put({ ...at("changed"), n: 5 });
  await table.put(at("after"));
  const exported = async (ExportViewType?: "NEW_IMAGE"): Promise<unknown[]> => {
    const IncrementalExportSpecification = {
      ExportFromTime, ExportToTime, ...(ExportViewType && { ExportViewType }),
    };
    const begun = await begin(table, { ExportType: "INCREMENTAL_EXPORT", IncrementalExportSpecification });
    const done = await ended(region, table, begun);
    assert.equal(done.ExportStatus, "COMPLETED");
    return records(s3, done.ExportManifest ?? "");
  };
  const Metadata = { WriteTimestampMicros: { N: changedAt } };
  const key = (pk: string) => ({ pk: { S: pk }, sk: { N: "1" } });
  const image = (pk: string, n: string) => ({ ...key(pk), n: { N: n } });
  assert.deepEqual(await exported(), [
    { Metadata, Keys: key("brief") },
    { Metadata, Keys: key("changed"), OldImage: image("changed", "1"), NewImage: image("changed", "3") },
    { Metadata, Keys: key("gone"), OldImage: image("gone", "1") },
    { Metadata, Keys: key("new"), NewImage: image("new", "4") },
  ]);
  assert.deepEqual(await exported("NEW_IMAGE"), [
    { Metadata, Keys: key("brief") },
    { Metadata, Keys: key("changed"), NewImage: image("changed", "3") },
    { Metadata, Keys: key("gone") },
    { Metadata, Keys: key("new"), NewImage: image("new", "4") },
  ]);
  const isData = (name: string): boolean => /^AWSDynamoDB\/data\/[a-z2-7]{26}\.json\.gz$/.test(name);
  assert.equal((await keys(s3)).filter(isData).length, 2);
});

test("an export fails with what S3 says, in the name of whoever asked for it", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region);
  const missing = await ended(region, table, await begin(table, { S3Bucket: "nowhere-to-be-found" }));
  assert.deepEqual(
    [missing.ExportStatus, missing.FailureCode], ["FAILED", "S3NoSuchBucket"],
  );
  assert.match(
    missing.FailureMessage ?? "",
    new RegExp("^The specified bucket does not exist \\(Service: Amazon S3; Status Code: 404; Error Code: " +
      "NoSuchBucket; Request ID: [0-9A-Z]{16}; S3 Extended Request ID: [A-Za-z0-9+/]{75}=; Proxy: null\\)$"),
  );
  const Allow = (Action: string[]) => ({ Effect: "Allow", Action, Resource: "*" });
  const credentials = await region.user("exporter", {
    Version: "2012-10-17", Statement: [Allow(["dynamodb:*", "s3:PutObject", "s3:PutObjectAcl"])],
  });
  const theirs = fixtureOf(region.client(DynamoDBClient, { credentials }), table.name);
  assert.equal((await ended(region, table, await begin(theirs))).ExportStatus, "COMPLETED");
  // Only what does not come by way of DynamoDB is let in.
  const Policy = (operator: string): string => JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { [operator]: { "aws:CalledVia": "dynamodb.amazonaws.com" } },
    }],
  });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: Policy("ForAllValues:StringNotEquals") }));
  assert.equal((await ended(region, table, await begin(theirs))).ExportStatus, "COMPLETED");
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: Policy("ForAnyValue:StringEquals") }));
  const denied = await ended(region, table, await begin(theirs));
  assert.deepEqual([denied.ExportStatus, denied.FailureCode], ["FAILED", "S3AccessDenied"]);
});

test("a bucket may be in another region, and the table may go meanwhile", async () => {
  await using region = await startRegion();
  const { table } = await recovered(region);
  await table.put({ pk: "a" });
  const west = region.client(S3Client, { region: "us-west-2" });
  await west.send(new CreateBucketCommand({
    Bucket: "in-the-west", CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
  }));
  const begun = await begin(table, { S3Bucket: "in-the-west" });
  await table.db.send(new DeleteTableCommand({ TableName: table.name }));
  const done = await ended(region, table, begun);
  assert.deepEqual([done.ExportStatus, done.ItemCount], ["COMPLETED", 1]);
  const { Contents = [] } = await west.send(new ListObjectsV2Command({ Bucket: "in-the-west" }));
  assert.equal(Contents.length, 6);
});

test("exports are refused in AWS's words, repeated by token, and listed", async () => {
  await using region = await startRegion();
  const { table } = await recovered(region);
  const refused = (more: Partial<ExportTableToPointInTimeCommandInput>): Promise<string> =>
    refusal(begin(table, more));
  const other = `arn:aws:dynamodb:us-east-1:${account}:table/other`;
  assert.equal(await refused({ TableArn: other }), `TableNotFoundException: Table not found: ${other}`);
  assert.equal(
    await refused({ ExportTime: new Date(region.clock.now() + 60_000) }),
    "InvalidExportTimeException: Export Time is invalid",
  );
  const first = await begin(table, { ClientToken: "token" });
  assert.equal((await begin(table, { ClientToken: "token" })).ExportArn, first.ExportArn);
  assert.equal(
    await refused({ ClientToken: "token", S3Prefix: "x" }),
    "ExportConflictException: Export conflict: Duplicate request detected with conflicting parameters",
  );
  await ended(region, table, first);
  await region.clock.advance({ hours: 8 });
  const second = await begin(table, { ClientToken: "token" });
  assert.notEqual(second.ExportArn, first.ExportArn);
  await ended(region, table, second);
  const one = await table.db.send(new ListExportsCommand({ TableArn: arnOf(table), MaxResults: 1 }));
  const two = await table.db.send(new ListExportsCommand({
    TableArn: arnOf(table), MaxResults: 1, NextToken: one.NextToken,
  }));
  assert.deepEqual([...(one.ExportSummaries ?? []), ...(two.ExportSummaries ?? [])], [second, first].map(
    ({ ExportArn }) => ({ ExportArn, ExportStatus: "COMPLETED", ExportType: "FULL_EXPORT" }),
  ));
  assert.equal(two.NextToken, undefined);
  const unknown = `${arnOf(table)}/export/01234567890123-a1b2c3d4`;
  assert.equal(
    await refusal(table.db.send(new DescribeExportCommand({ ExportArn: unknown }))),
    `ExportNotFoundException: Export not found: Export not found: ${unknown}`,
  );
  assert.equal(
    await refusal(table.db.send(new DescribeExportCommand({ ExportArn: arnOf(table) }))),
    "ValidationException: Invalid Export ARN",
  );
  assert.equal(
    await refusal(table.db.send(new ListExportsCommand({ NextToken: "x" }))),
    "ValidationException: Invalid Request: Provided nextToken is invalid: x",
  );
  await table.db.send(new UpdateContinuousBackupsCommand({
    TableName: table.name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  }));
  assert.equal(
    await refused({}),
    "PointInTimeRecoveryUnavailableException: " +
      `Point in time recovery is not enabled for table '${table.name}'`,
  );
});

test("what an export asks for wrongly is refused", async () => {
  await using region = await startRegion();
  const { table } = await recovered(region);
  const refused = (more: Partial<ExportTableToPointInTimeCommandInput>): Promise<string> =>
    refusal(begin(table, more));
  const at = (minutes: number): Date => new Date(region.clock.now() + minutes * 60_000);
  const wrong = "ValidationException: Invalid Request: ";
  const ExportType = "INCREMENTAL_EXPORT" as const;
  await region.clock.advance({ hours: 30 });
  const shown = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
  for (const [more, expected] of [
    [{ TableArn: table.name },
      "ValidationException: One or more parameter values were invalid: tableArn is not a valid ARN"],
    [{ TableArn: `${arnOf(table)}/index/x` }, `${wrong}Table ARN is invalid.`],
    [{ IncrementalExportSpecification: { ExportFromTime: at(-60) } },
      `${wrong}Export Type expected to be Incremental Export when incremental export specification is ` +
        "provided"],
    [{ ExportType: "FULL_EXPORT", IncrementalExportSpecification: { ExportFromTime: at(-60) } },
      `${wrong}When Export Type is Full Export , Incremental Export Specification should not be provided`],
    [{ ExportType },
      `${wrong}Incremental Export Specification expected when export type is set as Incremental Export`],
    [{ ExportType, IncrementalExportSpecification: {} },
      `${wrong}ExportFromTime must be provided in IncrementalExportSpecification`],
    [{ S3SseKmsKeyId: "alias/aws/s3" }, `${wrong}KMS Key Id is not supported for this encryption type`],
    [{ ExportType, IncrementalExportSpecification: { ExportFromTime: at(-3_000) } },
      "InvalidExportTimeException: Incremental export period from time cannot be less than the table " +
        `creation time : ${shown(at(-3_000))}`],
    [{ ExportType, IncrementalExportSpecification: { ExportFromTime: at(-60), ExportToTime: at(1) } },
      "InvalidExportTimeException: Incremental export period to time cannot be greater than the current " +
        `time : ${shown(at(1))}`],
    [{ ExportType, IncrementalExportSpecification: { ExportFromTime: at(-14) } },
      "InvalidExportTimeException: Difference between export period from time and export period to time is " +
        "less than 15 minutes"],
    [{ ExportType, IncrementalExportSpecification: { ExportFromTime: at(-24 * 60 - 1) } },
      "InvalidExportTimeException: Difference between export period from time and export period to time is " +
        "greater than 24 hours"],
  ] as const) assert.equal(await refused(more), expected);
});

test("an export in Ion is a line of text for each item, with the version in front", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region);
  await table.put({
    pk: "a", n: 600, small: -0.05, zero: 0, flag: true, none: null, bytes: Buffer.from("bar"),
    set: new Set(["x", 'y"']), numbers: new Set([1]), list: [1, { deep: "\n" }], "a b": {}, null: "word",
  });
  const done = await ended(region, table, await begin(table, { ExportFormat: "ION", S3Prefix: "one" }));
  assert.deepEqual([done.ExportStatus, done.ExportFormat], ["COMPLETED", "ION"]);
  const summary = JSON.parse((await bytes(s3, done.ExportManifest ?? "")).toString()) as object;
  assert.equal((summary as { outputFormat: string }).outputFormat, "ION");
  const [key = ""] = (await keys(s3)).filter((name) => /\/data\/[a-z2-7]{26}\.ion\.gz$/.test(name));
  const read = async (name: string): Promise<string> => gunzipSync(await bytes(s3, name)).toString();
  assert.equal(
    await read(key),
    "$ion_1_0 {Item:{pk:\"a\",n:6d2,small:-0.05,zero:0.,flag:true,none:null,bytes:{{YmFy}}," +
      "set:$dynamodb_SS::[\"x\",\"y\\\"\"],numbers:$dynamodb_NS::[1.],list:[1.,{deep:\"\\n\"}]," +
      "'a b':{},'null':\"word\"}}\n",
  );
  await table.fill(Array.from({ length: 119 }, (_, at) => ({ pk: String(at) })));
  await ended(region, table, await begin(table, { ExportFormat: "ION", S3Prefix: "many" }));
  const many = (await keys(s3)).filter((name) => name.startsWith("many/") && name.endsWith(".ion.gz"));
  const lines = (await Promise.all(many.map(read))).join("").split("\n");
  assert.deepEqual([lines.length, new Set(lines).size], [121, 121]);
});

test("an incremental export in Ion has records", async () => {
  await using region = await startRegion();
  const { table, s3 } = await recovered(region);
  await region.clock.advance({ minutes: 1 });
  const ExportFromTime = new Date(region.clock.now());
  await table.put({ pk: "a", n: 1 });
  const micros = region.clock.now() * 1000;
  await region.clock.advance({ minutes: 20 });
  await ended(region, table, await begin(table, {
    ExportFormat: "ION", ExportType: "INCREMENTAL_EXPORT", IncrementalExportSpecification: { ExportFromTime },
  }));
  const [key = ""] = (await keys(s3)).filter((name) => name.endsWith(".ion.gz"));
  const [, digits = "", zeros = ""] = /^(\d*[1-9])(0+)$/.exec(String(micros)) ?? [];
  assert.equal(
    gunzipSync(await bytes(s3, key)).toString(),
    `$ion_1_0 {Record:{Keys:{pk:"a"},Metadata:{WriteTimestampMicros:${digits}d${zeros.length}},` +
      'NewImage:{pk:"a",n:1.}}}\n',
  );
});
