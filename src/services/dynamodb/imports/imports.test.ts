/** Tables made from the objects of a bucket. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  DescribeImportCommand, DynamoDBClient, ImportTableCommand, ListImportsCommand,
  type ImportTableCommandInput, type ImportTableDescription,
  type TableCreationParameters,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { fixtureOf, keyOf, type Plain, type TableFixture } from "../table-fixture.ts";

const Bucket = "sources";

interface Sources {
  readonly region: TestRegion;
  readonly db: DynamoDBClient;
  store(Key: string, Body: string | Buffer): Promise<void>;
}

async function sources(region: TestRegion): Promise<Sources> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const store = async (Key: string, Body: string | Buffer): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  return { region, db: region.client(DynamoDBClient), store };
}

function drafted(key: string, TableName = "imported"): TableCreationParameters {
  const { KeySchema = [], AttributeDefinitions = [] } = keyOf(key);
  return { TableName, BillingMode: "PAY_PER_REQUEST", KeySchema, AttributeDefinitions };
}

async function begin(
  { db }: Pick<Sources, "db">, key = "pk:S", more: Partial<ImportTableCommandInput> = {},
): Promise<ImportTableDescription> {
  const { ImportTableDescription: begun } = await db.send(new ImportTableCommand({
    S3BucketSource: { S3Bucket: Bucket },
    InputFormat: "DYNAMODB_JSON",
    TableCreationParameters: drafted(key),
    ...more,
  }));
  assert.ok(begun);
  return begun;
}

async function ended({ region, db }: Omit<Sources, "store">, { ImportArn }: ImportTableDescription) {
  for (let at = 0; at < 400; at += 1) {
    await region.clock.advance({ milliseconds: 250 });
    const { ImportTableDescription: now } = await db.send(new DescribeImportCommand({ ImportArn }));
    if (now && now.ImportStatus !== "IN_PROGRESS") {
      await region.clock.advance({ seconds: 1 });
      return now;
    }
  }
  throw new Error("the import does not end");
}

async function sorted(table: TableFixture): Promise<Plain[]> {
  return (await table.all()).sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

function counts(row: ImportTableDescription): unknown[] {
  return [row.ImportStatus, row.ProcessedItemCount, row.ImportedItemCount, row.ErrorCount];
}

test("the objects under a prefix become a table, which is there once all of them are read", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const record = (index: number): string =>
    `{"Item":{"pk":{"S":"item ${index}"},"n":{"N":"${index}"},"b":{"B":"YmFy"},"l":{"L":[{"BOOL":true}]}}}\n`;
  const numbers = Array.from({ length: 1_300 }, (_, index) => index);
  await from.store("in/1.json.gz", gzipSync(numbers.slice(0, 1_200).map(record).join("")));
  await from.store("in/2.json.gz", gzipSync(numbers.slice(1_190).map(record).join("").trimEnd()));
  await from.store("out/3.json.gz", gzipSync(record(5_000)));
  const begun = await begin(from, "pk:S", {
    S3BucketSource: { S3Bucket: Bucket, S3KeyPrefix: "in/" }, InputCompressionType: "GZIP",
    TableCreationParameters: {
      ...drafted("pk:S"),
      AttributeDefinitions: keyOf("pk:S n:N").AttributeDefinitions,
      GlobalSecondaryIndexes: [{
        IndexName: "byNumber", KeySchema: keyOf("n:N").KeySchema, Projection: { ProjectionType: "KEYS_ONLY" },
      }],
    },
  });
  const table = fixtureOf(from.db, "imported");
  assert.equal((await table.description()).TableStatus, "CREATING");
  const done = await ended(from, begun);
  assert.deepEqual(counts(done), ["COMPLETED", 1_310, 1_310, 0]);
  const { TableStatus, ItemCount, TableId } = await table.description();
  assert.deepEqual([TableStatus, ItemCount, TableId], ["ACTIVE", 1_300, begun.TableId]);
  assert.deepEqual(await table.item({ pk: "item 1299" }), {
    pk: "item 1299", n: 1_299, b: new Uint8Array(Buffer.from("bar")), l: [true],
  });
  assert.equal((await table.query("n = :n", { ":n": 7 }, { IndexName: "byNumber" })).Count, 1);
  assert.equal(await table.item({ pk: "item 5000" }), undefined);
});

test("a stop in the midst of an import loses no record, and imports none twice", async () => {
  using folder = withDataFolder();
  const options = { dataDir: folder.path };
  const record = (index: number): string => `{"Item":{"pk":{"S":"item ${index}"}}}\n`;
  const texts = [0, 1, 2].map((file) =>
    Array.from({ length: 2_000 }, (_, index) => record(file * 2_000 + index)).join(""));
  const begun = await (async () => {
    await using region = await startRegion(options);
    const from = await sources(region);
    for (const [index, text] of texts.entries()) await from.store(String(index), text);
    region.clock.scale(1);
    const begun = await begin(from);
    for (let processed = 0; processed === 0;) {
      const { ImportArn } = begun;
      const { ImportTableDescription: now } = await from.db.send(new DescribeImportCommand({ ImportArn }));
      processed = now?.ProcessedItemCount ?? 0;
    }
    return begun;
  })();
  await using region = await startRegion(options);
  const db = region.client(DynamoDBClient);
  const done = await ended({ region, db }, begun);
  assert.deepEqual(counts(done), ["COMPLETED", 6_000, 6_000, 0]);
  assert.equal((await fixtureOf(db, "imported").description()).ItemCount, 6_000);
});

test("CSV: keys have their types, all else is strings, quotes are doubled", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.csv", 'id,n,text,constructor\r\na,1,"x, ""y""\nz",p\r\nb,2,,\n\n');
  const done = await ended(from, await begin(from, "id:S n:N", { InputFormat: "CSV" }));
  assert.deepEqual(counts(done), ["COMPLETED", 2, 2, 0]);
  const found = await sorted(fixtureOf(from.db, "imported"));
  assert.deepEqual(found.map((item) => Object.entries(item).sort()), [
    [["constructor", "p"], ["id", "a"], ["n", 1], ["text", 'x, "y"\nz']],
    [["id", "b"], ["n", 2]],
  ]);
});

test("CSV: headers and delimiters of the request", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.csv", "a;1\nb;2");
  const done = await ended(from, await begin(from, "pk:S", {
    InputFormat: "CSV", InputFormatOptions: { Csv: { Delimiter: ";", HeaderList: ["pk", "v"] } },
  }));
  assert.deepEqual(counts(done), ["COMPLETED", 2, 2, 0]);
  assert.deepEqual(await sorted(fixtureOf(from.db, "imported")), [{ pk: "a", v: "1" }, { pk: "b", v: "2" }]);
});

test("what is no item of the table is counted, and the others are imported", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const bad = [
    "nonsense", "[]", '{"Item":1}', '{"pk":{"S":"bare"}}', '{"Item":{"pk":{"N":"1"}}}',
    '{"Item":{"pk":{"S":""}}}',
    '{"Item":{"pk":{"S":"a"},"v":{"X":"1"}}}', '{"Item":{"pk":{"S":"a"},"v":{"N":"x"}}}',
    '{"Item":{"pk":{"S":"a"},"v":{"B":"?"}}}', '{"Item":{"pk":{"S":"a"},"v":{"S":"1","N":"1"}}}',
    `{"Item":{"pk":{"S":"a"},"v":{"S":"${"x".repeat(409_600)}"}}}`,
    `{"Item":{"pk":{"S":"a"},"v":${'{"L":['.repeat(5_000)}${"]}".repeat(5_000)}}}`,
  ];
  await from.store("a.json", [...bad, '{"Item":{"pk":{"S":"good"}}}'].join("\n"));
  const done = await ended(from, await begin(from));
  assert.deepEqual(counts(done), ["FAILED", 13, 1, 12]);
  assert.deepEqual([done.FailureCode, done.FailureMessage], [
    "ItemValidationError",
    "Some of the items failed validation checks. Please check CloudWatch error logs for more details.",
  ]);
  assert.deepEqual(await fixtureOf(from.db, "imported").all(), [{ pk: "good" }]);
});

test("a broken file counts as one error, a line without end too", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("1", "no gzip");
  await from.store("2", gzipSync("x".repeat(20_000_000)));
  await from.store("3", gzipSync('{"Item":{"pk":{"S":"good"}}}'));
  const done = await ended(from, await begin(from, "pk:S", { InputCompressionType: "GZIP" }));
  assert.deepEqual(counts(done), ["FAILED", 1, 1, 2]);
});

test("an import reads in the name of whoever asked for it", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.json", '{"Item":{"pk":{"S":"a"}}}');
  const user = (name: string, Action: string[]) => region.user(name, {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });
  const importer = async (name: string, actions: string[]) => {
    const db = region.client(DynamoDBClient, { credentials: await user(name, actions) });
    const done = await ended(from, await begin({ db }, "pk:S", {
      TableCreationParameters: drafted("pk:S", name),
    }));
    return [done.ImportStatus, done.FailureCode];
  };
  const needed = ["dynamodb:ImportTable", "s3:ListBucket"];
  assert.deepEqual(await importer("lister", needed), ["FAILED", "S3AccessDenied"]);
  assert.deepEqual(await importer("reader", [...needed, "s3:GetObject"]), ["COMPLETED", undefined]);
  const S3BucketSource = { S3Bucket: "nowhere-at-all" };
  const missing = await ended(from, await begin(from, "pk:S", { S3BucketSource }));
  assert.deepEqual([missing.ImportStatus, missing.FailureCode], ["FAILED", "S3NoSuchBucket"]);
});

test("the bucket may be in another region; a prefix without objects fails", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const west = region.client(S3Client, { region: "us-west-2" });
  const S3Bucket = "in-the-west";
  await west.send(new CreateBucketCommand({
    Bucket: S3Bucket, CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
  }));
  await west.send(new PutObjectCommand({ Bucket: S3Bucket, Key: "a", Body: '{"Item":{"pk":{"S":"a"}}}' }));
  const done = await ended(from, await begin(from, "pk:S", { S3BucketSource: { S3Bucket } }));
  assert.deepEqual(counts(done), ["COMPLETED", 1, 1, 0]);
  const none = await ended(from, await begin(from, "pk:S", {
    S3BucketSource: { S3Bucket, S3KeyPrefix: "b" }, TableCreationParameters: drafted("pk:S", "second"),
  }));
  assert.deepEqual([...counts(none), none.FailureCode], ["FAILED", 0, 0, 0, "S3NoSuchKey"]);
});

test("imports are refused in AWS's words, repeated by token, and listed", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.json", '{"Item":{"pk":{"S":"a"}}}');
  const first = await begin(from, "pk:S", { ClientToken: "token" });
  assert.equal((await begin(from, "pk:S", { ClientToken: "token" })).ImportArn, first.ImportArn);
  assert.match(
    await refusal(begin(from, "other:S", { ClientToken: "token" })), /^ImportConflictException: /,
  );
  assert.equal(
    await refusal(begin(from)),
    "ResourceInUseException: Attempt to change a resource which is still in use: " +
      "Table is being created: imported",
  );
  await ended(from, first);
  assert.equal(await refusal(begin(from)), "ResourceInUseException: Table already exists: imported");
  assert.match(await refusal(begin(from, "x:S", { InputFormat: "ION" })), /^NotImplemented: /);
  assert.match(await refusal(begin(from, "x:S", { InputCompressionType: "ZSTD" })), /^NotImplemented: /);
  await ended(from, await begin(from, "pk:S", {
    TableCreationParameters: drafted("pk:S", "second"),
  }));
  const one = await from.db.send(new ListImportsCommand({ PageSize: 1 }));
  assert.match(one.NextToken ?? "", /^([0-9a-f]{16}){7,64}$/);
  const two = await from.db.send(new ListImportsCommand({ PageSize: 1, NextToken: one.NextToken }));
  const names = [...(one.ImportSummaryList ?? []), ...(two.ImportSummaryList ?? [])].map(
    ({ TableArn, ImportStatus }) => [TableArn?.split("/").pop(), ImportStatus],
  );
  assert.deepEqual(names, [["imported", "COMPLETED"], ["second", "COMPLETED"]]);
  assert.equal(two.NextToken, undefined);
  const unknown = "arn:aws:dynamodb:us-east-1:000000000000:table/imported/import/01234567890123-a1b2c3d4";
  assert.equal(
    await refusal(from.db.send(new DescribeImportCommand({ ImportArn: unknown }))),
    `ImportNotFoundException: Import not found: ${unknown}`,
  );
});
