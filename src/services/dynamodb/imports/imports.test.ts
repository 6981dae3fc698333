/** Tables made from the objects of a bucket. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { DescribeImportCommand, DynamoDBClient, ListImportsCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { fixtureOf, keyOf } from "../table-fixture.ts";
import { begin, Bucket, counts, drafted, ended, idOf, sorted, sources } from "./import-fixture.ts";

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
    "[]", '{"Item":1}', '{"pk":{"S":"bare"}}', '{"Item":{"pk":{"N":"1"}}}',
    '{"Item":{"pk":{"S":""}}}',
    '{"Item":{"pk":{"S":"a"},"v":{"X":"1"}}}', '{"Item":{"pk":{"S":"a"},"v":{"N":"x"}}}',
    '{"Item":{"pk":{"S":"a"},"v":{"B":"?"}}}', '{"Item":{"pk":{"S":"a"},"v":{"S":"1","N":"1"}}}',
    `{"Item":{"pk":{"S":"a"},"v":{"S":"${"x".repeat(409_600)}"}}}`,
    `{"Item":{"pk":{"S":"a"},"v":${'{"L":['.repeat(5_000)}${"]}".repeat(5_000)}}}`,
  ];
  await from.store("a.json", [...bad, '{"Item":{"pk":{"S":"good"}}}'].join("\n"));
  const done = await ended(from, await begin(from));
  assert.deepEqual(counts(done), ["FAILED", 12, 1, 11]);
  assert.deepEqual([done.FailureCode, done.FailureMessage], [
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. " +
      "Please check CloudWatch error logs for more details.",
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
  assert.deepEqual(counts(done), ["FAILED", 3, 1, 2]);
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
  const logging = [
    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:PutLogEvents",
  ];
  const needed = ["dynamodb:ImportTable", "s3:ListBucket", ...logging];
  assert.deepEqual(await importer("lister", needed), ["FAILED", "S3AccessDenied"]);
  assert.deepEqual(await importer("reader", [...needed, "s3:GetObject"]), ["COMPLETED", undefined]);
  const S3BucketSource = { S3Bucket: "nowhere-at-all" };
  const missing = await ended(from, await begin(from, "pk:S", { S3BucketSource }));
  assert.deepEqual([missing.ImportStatus, missing.FailureCode], ["FAILED", "S3NoSuchBucket"]);
  assert.match(await refusal(fixtureOf(from.db, "imported").description()), /^ResourceNotFoundException: /);
  const silent = region.client(DynamoDBClient, {
    credentials: await user("silent", ["dynamodb:ImportTable", "s3:*", "logs:DescribeLogGroups"]),
  });
  const unlogged = await ended(from, await begin({ db: silent }));
  assert.equal(unlogged.ImportStatus, "FAILED");
  assert.match(
    unlogged.FailureMessage ?? "",
    new RegExp("^User: arn:aws:iam::000000000000:user/silent is not authorized to perform: " +
      `logs:CreateLogStream on resource: .*/imports:log-stream:${idOf(unlogged)}/info because `),
  );
});

test("the bucket may be in another region; a prefix without objects makes an empty table", async () => {
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
  assert.deepEqual([...counts(none), none.FailureCode], ["COMPLETED", 0, 0, 0, undefined]);
  assert.deepEqual(await fixtureOf(from.db, "second").all(), []);
});

test("imports are refused in AWS's words, repeated by token, and listed", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.json", '{"Item":{"pk":{"S":"a"}}}');
  const first = await begin(from, "pk:S", { ClientToken: "token" });
  assert.equal((await begin(from, "pk:S", { ClientToken: "token" })).ImportArn, first.ImportArn);
  assert.equal(
    await refusal(begin(from, "other:S", { ClientToken: "token" })),
    "ImportConflictException: Import conflict: Duplicate request detected with conflicting parameters",
  );
  assert.equal(
    await refusal(begin(from)),
    "ResourceInUseException: Attempt to change a resource which is still in use: " +
      "Table is being created: imported",
  );
  await ended(from, first);
  assert.equal(await refusal(begin(from)), "ResourceInUseException: Table already exists: imported");
  assert.equal(
    await refusal(begin(from, "pk:S", { ClientToken: "token" })),
    "ResourceInUseException: Table already exists: imported",
  );
  assert.equal(
    await refusal(begin(from, "pk:S", { InputFormatOptions: { Csv: { Delimiter: ";" } } })),
    "ValidationException: Invalid Request: Unsupported InputFormatOptions for the given input format: " +
      "DYNAMODB_JSON.",
  );
  await ended(from, await begin(from, "pk:S", {
    TableCreationParameters: drafted("pk:S", "second"),
  }));
  const one = await from.db.send(new ListImportsCommand({ PageSize: 1 }));
  assert.match(one.NextToken ?? "", /^([0-9a-f]{16}){7,64}$/);
  const two = await from.db.send(new ListImportsCommand({ PageSize: 1, NextToken: one.NextToken }));
  const names = [...(one.ImportSummaryList ?? []), ...(two.ImportSummaryList ?? [])].map(
    ({ TableArn, ImportStatus }) => [TableArn?.split("/").pop(), ImportStatus],
  );
  assert.deepEqual(names, [["second", "COMPLETED"], ["imported", "COMPLETED"]]);
  assert.equal(two.NextToken, undefined);
  const unknown = "arn:aws:dynamodb:us-east-1:000000000000:table/imported/import/01234567890123-a1b2c3d4";
  assert.equal(
    await refusal(from.db.send(new DescribeImportCommand({ ImportArn: unknown }))),
    `ImportNotFoundException: Import not found: Import not found: ${unknown}`,
  );
  const ImportArn = unknown.slice(0, unknown.indexOf("/import"));
  assert.equal(
    await refusal(from.db.send(new DescribeImportCommand({ ImportArn }))),
    "ValidationException: Invalid Import ARN",
  );
});
