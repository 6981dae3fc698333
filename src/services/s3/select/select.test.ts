import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  CreateBucketCommand, PutBucketEncryptionCommand, PutObjectCommand, S3Client, SelectObjectContentCommand,
  type InputSerialization, type OutputSerialization, type SelectObjectContentCommandInput,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const Key = "key";
const people = "name,age,city\nAda,36,London\nGrace,85,New York\n\"Niels, B.\",77,Copenhagen\n#x,1,y\n";
const withHeader: InputSerialization = { CSV: { FileHeaderInfo: "USE" } };
const lines: InputSerialization = { JSON: { Type: "LINES" } };

async function withObject(region: TestRegion, Body: string | Buffer): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return s3;
}

interface Answer {
  readonly text: string;
  readonly kinds: readonly string[];
  readonly sizes: readonly number[];
  readonly stats: object | undefined;
}

async function select(
  s3: S3Client, Expression: string, input: InputSerialization = withHeader,
  output: OutputSerialization = { CSV: {} }, more: Partial<SelectObjectContentCommandInput> = {},
): Promise<Answer> {
  const { Payload } = await s3.send(new SelectObjectContentCommand({
    Bucket, Key, Expression, ExpressionType: "SQL", InputSerialization: input, OutputSerialization: output,
    ...more,
  }));
  const pieces: Uint8Array[] = [];
  const kinds: string[] = [];
  let stats: object | undefined;
  for await (const event of Payload ?? []) {
    kinds.push(Object.keys(event)[0] ?? "");
    if (event.Records?.Payload) pieces.push(event.Records.Payload);
    if (event.Stats) stats = event.Stats.Details;
  }
  return { text: Buffer.concat(pieces).toString(), kinds, sizes: pieces.map((each) => each.length), stats };
}

const csvCases: readonly (readonly [expression: string, answer: string])[] = [
  ["SELECT * FROM s3object", "Ada,36,London\nGrace,85,New York\n\"Niels, B.\",77,Copenhagen\n"],
  ["SELECT s.* FROM S3Object AS s LIMIT 1", "Ada,36,London\n"],
  ["SELECT s.name FROM S3Object s WHERE s.age > 50 AND NOT s.city LIKE 'New%'", "\"Niels, B.\"\n"],
  ["SELECT NAME, s._2 FROM S3Object[*] s WHERE \"city\" = 'London' OR s.age = 85", "Ada,36\nGrace,85\n"],
  ["SELECT s.\"name\" FROM s3object s WHERE CAST(s.age AS INT) BETWEEN 36 AND 77", "Ada\n\"Niels, B.\"\n"],
  ["SELECT name FROM s3object WHERE age IN (36, 85) AND city NOT IN ('Paris', 'London')", "Grace\n"],
  ["SELECT COUNT(*), SUM(CAST(age AS INT)), AVG(age), MIN(age), MAX(age) + 1 FROM s3object",
    "3,198,66,36,86\n"],
  ["SELECT COUNT(name) FROM s3object WHERE name IS NULL", "0\n"],
  ["SELECT UPPER(name), CHAR_LENGTH(city), SUBSTRING(city FROM 1 FOR 3) FROM s3object LIMIT 1",
    "ADA,6,Lon\n"],
  ["SELECT TRIM(LEADING 'A' FROM name), name || '-' || age, age * 2 FROM s3object LIMIT 1", "da,Ada-36,72\n"],
  ["SELECT CASE WHEN age > 80 THEN 'old' ELSE 'young' END FROM s3object", "young\nold\nyoung\n"],
  ["SELECT name FROM s3object WHERE name LIKE '%a' AND name LIKE 'A%'", "Ada\n"],
  ["SELECT name FROM s3object WHERE name LIKE 'a%'", ""],
  ["SELECT name FROM s3object WHERE city LIKE 'New!_%' ESCAPE '!'", ""],
  ["SELECT age > 50 FROM s3object LIMIT 2", "false\ntrue\n"],
  ["SELECT name FROM s3object LIMIT 0", ""],
  ["SELECT COALESCE(NULLIF(name, 'Ada'), 'nobody') FROM s3object LIMIT 1", "nobody\n"],
];

test("expressions over a CSV with a header", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, people);
  for (const [expression, answer] of csvCases) {
    assert.equal((await select(s3, expression)).text, answer, expression);
  }
});

const document = JSON.stringify({
  Rules: [{ id: "1", "a b": { n: [1, { deep: true }] } }, { expr: "y > x" }, { id: null, __proto__x: 1 }],
  other: ["}", { Rules: [] }],
});
const jsonCases: readonly (readonly [expression: string, answer: string])[] = [
  ["SELECT id FROM S3Object[*].Rules[*].id", '{"id":"1"}\n{}\n{"id":null}\n'],
  ["SELECT r.id FROM S3Object[*].Rules[*] r WHERE r.id IS MISSING", "{}\n"],
  ["SELECT r.id FROM S3Object[*].Rules[*] r WHERE r.id IS NULL AND r.id IS NOT MISSING", '{"id":null}\n'],
  ["SELECT r.\"a b\".n[1].deep, r.\"a b\".n FROM s3object[*].rules[*] r LIMIT 1",
    '{"deep":true,"n":[1,{"deep":true}]}\n'],
  ["SELECT COUNT(*) AS many FROM s3object[*].Rules[*]", '{"many":3}\n'],
  ["SELECT s.other[0] FROM s3object s", '{"_1":"}"}\n'],
  ["SELECT * FROM s3object[*].Rules[1]", '{"expr":"y > x"}\n'],
  ["SELECT * FROM s3object[*].other[0]", '{"_1":"}"}\n'],
];

test("records at paths of a document", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, document);
  for (const [expression, answer] of jsonCases) {
    const { text } = await select(s3, expression, { JSON: { Type: "DOCUMENT" } }, { JSON: {} });
    assert.equal(text, answer, expression);
  }
});

test("formats: delimiters, quotes, headers ignored, compression, and both outputs", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, gzipSync("a;b|1;'x|''y'|"));
  const CSV = {
    FieldDelimiter: ";", RecordDelimiter: "|", QuoteCharacter: "'", AllowQuotedRecordDelimiter: true,
  };
  const input: InputSerialization = { CSV: { ...CSV, FileHeaderInfo: "IGNORE" }, CompressionType: "GZIP" };
  const asJson = await select(s3, "SELECT * FROM s3object", input, { JSON: { RecordDelimiter: ";" } });
  assert.equal(asJson.text, '{"_1":"1","_2":"x|\'y"};');
  const quoted: OutputSerialization = { CSV: { QuoteFields: "ALWAYS", FieldDelimiter: "\t" } };
  assert.equal((await select(s3, "SELECT _2, _1 FROM s3object", input, quoted)).text, '"x|\'y"\t"1"\n');
});

test("the stream: frames of at most 128 KB, progress, statistics, an end; sums over batches", async () => {
  await using region = await startRegion();
  const body = Array.from({ length: 200_000 }, (_, n) => `{"n":${n},"word":"some text"}\n`).join("");
  const s3 = await withObject(region, body);
  const more = { RequestProgress: { Enabled: true } };
  const all = await select(s3, "SELECT * FROM s3object", lines, { JSON: {} }, more);
  assert.equal(all.text, body);
  assert.ok(all.sizes.length > 40 && all.sizes.every((size) => size <= 128 * 1024));
  assert.deepEqual(all.kinds.slice(-3), ["Progress", "Stats", "End"]);
  assert.deepEqual(all.stats, {
    BytesScanned: body.length, BytesProcessed: body.length, BytesReturned: body.length,
  });
  const odd = "SELECT SUM(n), AVG(n), MAX(n), COUNT(*) FROM s3object WHERE n % 2 = 1";
  const sums = await select(s3, odd, lines);
  assert.equal(sums.text, "10000000000,100000,199999,100000\n");
  assert.ok(sums.kinds.includes("Cont"));
  const first = await select(s3, "SELECT n FROM s3object LIMIT 1", lines);
  assert.deepEqual(first.stats, { BytesScanned: 65_536, BytesProcessed: 65_536, BytesReturned: 2 });
});

test("an error in the middle ends the stream as an error", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, `${'{"a":"long enough"}\n'.repeat(20_000)}{"a":}`);
  const { Payload } = await s3.send(new SelectObjectContentCommand({
    Bucket, Key, Expression: "SELECT a FROM s3object", ExpressionType: "SQL", InputSerialization: lines,
    OutputSerialization: { CSV: {} },
  }));
  const kinds: string[] = [];
  const reading = async () => {
    for await (const event of Payload ?? []) kinds.push(...Object.keys(event));
  };
  await assert.rejects(reading(), {
    name: "JSONParsingError",
    message: "Encountered an error parsing the JSON file. Check the file and try again.",
  });
  assert.equal(kinds[0], "Records");
  assert.ok(!kinds.includes("End"));
});

const missingHeaders =
  "Some headers in the query are missing from the file. Please check the file and try again.";
const refusals: readonly (readonly [expression: string, name: string, message?: string])[] = [
  ["SELECT nobody FROM s3object", "MissingHeaders", missingHeaders],
  ["SELECT FROM s3object", "ParseEmptySelect"],
  ["SELECT *", "ParseSelectMissingFrom"],
  ["SELECT * FROM sqlite_master", "EvaluatorBindingDoesNotExist"],
  ["SELECT * FROM s3object GROUP BY name", "ParseUnsupportedLiteralsGroupBy"],
  ["SELECT * FROM s3object ORDER BY name", "UnsupportedSqlStructure"],
  ["SELECT name, COUNT(*) FROM s3object", "UnsupportedSqlStructure"],
  ["SELECT * FROM s3object WHERE COUNT(*) > 1", "UnsupportedSqlStructure"],
  ["SELECT load_extension('x') FROM s3object", "UnsupportedFunction"],
  ["SELECT constructor(1) FROM s3object", "UnsupportedFunction"],
  ["SELECT CAST(name AS INT) FROM s3object", "CastFailed",
    "Attempt to convert from one data type to another using CAST failed in the SQL expression."],
  ["SELECT * FROM s3object s WHERE s.'age' is 1", "ParseInvalidPathComponent",
    "Invalid Path component, expecting either an IDENTIFIER or STAR, got: LITERAL,at line 1, column 34."],
  ["SELECT * FROM s3object; DROP TABLE x", "LexerInvalidChar"],
  ["SELECT *\nFROM s3object WHERE 5 6", "ParseUnexpectedToken",
    "Unexpected token found LITERAL:6 at line 2, column 23."],
  [`SELECT ${"(".repeat(50_000)}1 FROM s3object`, "UnsupportedSyntax"],
  [`SELECT ${"NOT (".repeat(2_000)}1${")".repeat(2_000)} FROM s3object`, "UnsupportedSyntax"],
  [`SELECT 1${"+1".repeat(5_000)} FROM s3object`, "UnsupportedSyntax"],
  [`SELECT '${"x".repeat(256 * 1024)}' FROM s3object`, "ExpressionTooLong"],
];

test("expressions that are refused, hostile ones among them", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, people);
  for (const [expression, name, message] of refusals) {
    const expected = message === undefined ? { name } : { name, message };
    await assert.rejects(select(s3, expression), expected, expression.slice(0, 80));
  }
  const many = `SELECT name FROM s3object WHERE ${"age = 1 OR ".repeat(5_000)}age = 36`;
  assert.equal((await select(s3, many)).text, "Ada\n");
  const harmless = "SELECT name FROM s3object WHERE name = '''; DROP x; --' OR \"_2\" = '36'";
  assert.equal((await select(s3, harmless)).text, "Ada\n");
});

test("requests that are refused", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, Buffer.from([0x61, 0xff, 0xfe, 0x0a]));
  const all = "SELECT * FROM s3object";
  const cases: readonly (readonly [unknown, string])[] = [
    [{ CSV: { FileHeaderInfo: "MAYBE" } }, "InvalidFileHeaderInfo"],
    [{ JSON: { Type: "LIST" } }, "InvalidJsonType"],
    [{}, "InvalidDataSource"],
    [{ CSV: {}, JSON: { Type: "LINES" } }, "ObjectSerializationConflict"],
    [{ Parquet: {} }, "ParquetParsingError"],
    [{ Parquet: {}, CompressionType: "GZIP" }, "InvalidCompressionFormat"],
    [{ CSV: {}, CompressionType: "BZIP2" }, "NotImplemented"],
    [{ CSV: {}, CompressionType: "GZIP" }, "InvalidCompressionFormat"],
    [{ CSV: {} }, "InvalidTextEncoding"],
  ];
  for (const [input, name] of cases) {
    await assert.rejects(select(s3, all, input as InputSerialization), { name }, name);
  }
  const other = { ExpressionType: "GraphQL" as "SQL" };
  await assert.rejects(select(s3, all, withHeader, { CSV: {} }, other), { name: "InvalidExpressionType" });
  const index = "SELECT * FROM s3object WHERE odd = true";
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "odd\n1\n" }));
  await assert.rejects(select(s3, index, { CSV: { FileHeaderInfo: "NONE" } }), {
    name: "InvalidColumnIndex",
    message:
      "The column index at line 1, column 30 is invalid. Please check the service documentation and try " +
      "again.",
  });
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "x".repeat(1024 * 1024 + 1) }));
  await assert.rejects(select(s3, all), { name: "OverMaxRecordSize" });
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: gzipSync(people).subarray(0, -12) }));
  await assert.rejects(select(s3, all, { CSV: {}, CompressionType: "GZIP" }), { name: "TruncatedInput" });
});

test("GetObject allows it, and customers' keys are needed", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, people);
  const allow = (Action: string) => ({
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "arn:aws:s3:::bucket/*" }],
  });
  const credentials = await region.user("reader", allow("s3:GetObject"));
  const reader = region.client(S3Client, { credentials });
  assert.equal((await select(reader, "SELECT name FROM s3object LIMIT 1")).text, "Ada\n");
  const writer = region.client(S3Client, { credentials: await region.user("writer", allow("s3:PutObject")) });
  await assert.rejects(select(writer, "SELECT name FROM s3object"), { name: "AccessDenied" });

  await s3.send(new PutBucketEncryptionCommand({
    Bucket,
    ServerSideEncryptionConfiguration: { Rules: [{ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } }] },
  }));
  const key = Buffer.from("0123456789abcdefghijklmnopqrstuv");
  const customer = {
    SSECustomerAlgorithm: "AES256", SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: people, ...customer }));
  await assert.rejects(select(s3, "SELECT name FROM s3object"), { name: "InvalidRequest" });
  const { text } = await select(s3, "SELECT name FROM s3object LIMIT 1", withHeader, { CSV: {} }, customer);
  assert.equal(text, "Ada\n");
});
