import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateBucketCommand, PutObjectCommand, S3Client, SelectObjectContentCommand, type InputSerialization,
  type ScanRange,
} from "@aws-sdk/client-s3";
import { parquetWriteBuffer } from "hyparquet-writer";
import { startRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const region = await startRegion();
const s3 = region.client(S3Client);
await s3.send(new CreateBucketCommand({ Bucket }));
after(() => region[Symbol.asyncDispose]());

const csv: InputSerialization = { CSV: { FileHeaderInfo: "USE" } };

async function select(
  Body: string | Buffer, Expression: string, InputSerialization = csv, range?: ScanRange,
): Promise<string> {
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body }));
  const { Payload } = await s3.send(new SelectObjectContentCommand({
    Bucket, Key: "key", Expression, ExpressionType: "SQL", InputSerialization,
    OutputSerialization: { CSV: {} }, ...(range && { ScanRange: range }),
  }));
  let text = "";
  for await (const event of Payload ?? []) text += Buffer.from(event.Records?.Payload ?? []).toString();
  return text;
}

/** @evidence S3 User Guide, "Date functions": its examples, what it says of 24 hours included */
const expressions: readonly (readonly [expression: string, answer: string])[] = [
  ["DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"],
  ["DATE_ADD(month, 1, `2010T`)", "2010-02T"],
  ["DATE_ADD(month, 13, `2010T`)", "2011-02T"],
  ["DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"],
  ["DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"],
  ["DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"],
  ["DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"],
  ["DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:04:06.006Z"],
  ["DATE_ADD(month, 1, `2024-01-31`)", "2024-02-29"],
  ["DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"],
  ["DATE_DIFF(month, `2010T`, `2010-05T`)", "4"],
  ["DATE_DIFF(month, `2010T`, `2011T`)", "12"],
  ["DATE_DIFF(month, `2011T`, `2010T`)", "-12"],
  ["DATE_DIFF(month, `2010-01-31T`, `2010-02-27T`)", "0"],
  ["DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"],
  ["EXTRACT(YEAR FROM `2010-01-01T`)", "2010"],
  ["EXTRACT(MONTH FROM `2010T`)", "1"],
  ["EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"],
  ["EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"],
  ["EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "\"July 20, 1969\""],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", "\"Jul 20, 1969\""],
  ["TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", "7-20-69"],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')", "07-20-1969"],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "\"July 20, 1969 8:18 PM\""],
  ["TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"],
  ["TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", "1969-07-20T20:18:00+0800"],
  ["TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", "1969-07-20T20:18:00+08:00"],
  ["TO_TIMESTAMP('2007T')", "2007T"],
  ["TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"],
  ["CAST('2007-02-23' AS TIMESTAMP)", "2007-02-23"],
  ["UTCNOW()", "2026-01-01T00:00:00.000Z"],
  ["EXTRACT(YEAR FROM NULL)", ""],
  ["CASE WHEN `2020-01-01T01:00+01:00` = `2020-01-01T00:00Z` THEN 'same' ELSE 'not' END", "same"],
];

test("timestamps are added to, taken apart and written", async () => {
  for (const [expression, answer] of expressions) {
    assert.equal(await select("a\n1\n", `SELECT ${expression} FROM s3object`), `${answer}\n`, expression);
  }
});

test("cells beside a timestamp are one; what is none is refused", async () => {
  const people = "name,born\nAda,1815-12-10\nGrace,1906-12-09T10:00-05:00\nNiels,1885-10-07\n";
  const older = "SELECT name FROM s3object WHERE CAST(born AS TIMESTAMP) < `1900T`";
  assert.equal(await select(people, older), "Ada\nNiels\n");
  const within = "SELECT name FROM s3object WHERE born BETWEEN `1906-12-09T15:00Z` AND `1906-12-09T15:00Z`";
  assert.equal(await select(people, within), "Grace\n");
  const refused = async (expression: string): Promise<string> => {
    const failure = select("a\nx\n", `SELECT ${expression} FROM s3object`).then(
      () => "nothing", (error: unknown) => (error as Error).name,
    );
    return failure;
  };
  assert.equal(await refused("TO_TIMESTAMP(a)"), "ValueParseFailure");
  assert.equal(await refused("TO_TIMESTAMP('2021-02-29')"), "ValueParseFailure");
  assert.equal(await refused("TO_TIMESTAMP('0000-01-01')"), "ValueParseFailure");
  assert.equal(await refused("DATE_ADD(week, 1, `2010T`)"), "ParseExpectedDatePart");
  assert.equal(await refused("DATE_ADD(year, 90000, `2010T`)"), "ValueParseFailure");
  assert.equal(await refused("DATE_ADD(day, 1e300, `2010T`)"), "ValueParseFailure");
  assert.equal(await refused("EXTRACT(YEAR FROM `2010T`, 1)"), "EvaluatorInvalidArguments");
  assert.equal(await refused("TO_STRING(`2010T`, 'Q')"), "EvaluatorInvalidTimestampFormatPattern");
});

test("of a range of bytes, the records that begin in it are seen, and whole", async () => {
  const rows = "name,age\nAda,36\nGrace,85\nNiels,77\n";
  const names = (range: ScanRange, input = csv): Promise<string> =>
    select(rows, "SELECT s._1 FROM s3object s", input, range);
  assert.equal(await names({ Start: 9, End: 9 }), "Ada\n");
  assert.equal(await names({ Start: 10, End: 16 }), "Grace\n");
  assert.equal(await names({ Start: 10, End: 15 }), "");
  assert.equal(await names({ Start: 17 }), "Niels\n");
  assert.equal(await names({ End: 10 }), "Niels\n");
  assert.equal(await names({ Start: 0 }), "Ada\nGrace\nNiels\n");
  assert.equal(await names({ Start: 1000 }), "");
  assert.equal(await names({ Start: 0, End: 8 }, { CSV: {} }), "name\n");
  const json: InputSerialization = { JSON: { Type: "LINES" } };
  const lines = '{"a":1}\n{"a":2}\n{"a":3}';
  assert.equal(await select(lines, "SELECT s.a FROM s3object s", json, { Start: 3, End: 20 }), "2\n3\n");
  const unsupported: InputSerialization[] = [
    { CSV: { AllowQuotedRecordDelimiter: true } }, { JSON: { Type: "DOCUMENT" } },
    { CSV: {}, CompressionType: "GZIP" },
  ];
  for (const input of unsupported) {
    await assert.rejects(names({ Start: 0 }, input), { name: "UnsupportedScanRangeInput" });
  }
  await assert.rejects(names({ Start: 5, End: 4 }), { name: "InvalidScanRange" });
});

test("columns of Parquet have their types, and its groups of rows are read one by one", async () => {
  const columnData = [
    { name: "Name", data: ["Ada", "Grace", "Niels"], type: "STRING" as const },
    { name: "age", data: [36, 85, 77], type: "INT32" as const },
    { name: "big", data: [1n, 2n ** 60n, 3n], type: "INT64" as const },
    { name: "born", data: [0, 1, 2].map((day) => new Date(Date.UTC(2020, 0, 1 + day))) },
  ];
  const file = Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 2 }));
  const parquet: InputSerialization = { Parquet: {} };
  const seen = (expression: string, range?: ScanRange) => select(file, expression, parquet, range);
  assert.equal(
    await seen("SELECT * FROM s3object s WHERE s.age > 50"),
    "Grace,85,1152921504606846976,2020-01-02T00:00:00.000Z\nNiels,77,3,2020-01-03T00:00:00.000Z\n",
  );
  assert.equal(await seen("SELECT SUM(s.age), COUNT(*) FROM s3object s"), "198,3\n");
  assert.equal(await seen("SELECT s.name FROM s3object s WHERE s.born > `2020-01-02`"), "Niels\n");
  assert.equal(await seen("SELECT s.name FROM s3object s", { Start: 0, End: 10 }), "Ada\nGrace\n");
  assert.equal(await seen("SELECT s.name FROM s3object s", { Start: 11 }), "Niels\n");
  const others = [Buffer.alloc(0), Buffer.from("PAR1"), file.subarray(0, -9), Buffer.alloc(500, 0xff)];
  for (const broken of others) {
    await assert.rejects(select(broken, "SELECT * FROM s3object", parquet), { name: "ParquetParsingError" });
  }
});
