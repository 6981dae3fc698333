/** What imports read besides JSON and CSV, whatever it is encrypted with, and where they tell of errors. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, type ImportTableCommandInput } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, KMSClient, ListGrantsCommand } from "@aws-sdk/client-kms";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { effort } from "../../../../test/effort.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { IonText } from "../ion/ion-values.ts";
import { fixtureOf } from "../table-fixture.ts";
import { begin, Bucket, counts, drafted, ended, idOf, sorted, sources } from "./import-fixture.ts";

async function errorsOf(region: TestRegion, id: string) {
  const { events = [] } = await region.client(CloudWatchLogsClient).send(new GetLogEventsCommand({
    logGroupName: "/aws-dynamodb/imports", logStreamName: `${id}/error`, startFromHead: true,
  }));
  return events.map(({ message = "" }) => JSON.parse(message) as {
    readonly itemS3Pointer: { readonly key: string; readonly itemIndex: number };
    readonly errorMessages: readonly string[];
  });
}

test("Ion: a line with its version is an item, of all the types there are", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("a.ion", [
    '$ion_1_0 {Item:{pk:"a",n:6d2,small:-1.2d-129,flag:true,none:null,bytes:{{ YmFy }},' +
      'set:$dynamodb_SS::["x"],numbers:$dynamodb_NS::[1.,2d3],blobs:$dynamodb_BS::[{{YmFy}}],' +
      "list:[1.5,{deep:'''long '''  '''text'''}],'a b':{}}}",
    "", "$ion_1_0", '{"Item":{"pk":"b","n":-0.05}}', '$ion_1_0{Item:{pk:"c"}}', "// nothing but a comment",
  ].join("\n"));
  const done = await ended(from, await begin(from, "pk:S", { InputFormat: "ION" }));
  assert.deepEqual(counts(done), ["FAILED", 4, 3, 1], "a comment is no item");
  const table = fixtureOf(from.db, "imported");
  const { Item } = await table.get({ pk: "a" });
  const bar = new Uint8Array(Buffer.from("bar"));
  assert.deepEqual(Item, {
    pk: { S: "a" }, n: { N: "600" }, small: { N: `-0.${"0".repeat(128)}12` }, flag: { BOOL: true },
    none: { NULL: true }, bytes: { B: bar }, set: { SS: ["x"] }, numbers: { NS: Item?.["numbers"]?.NS },
    blobs: { BS: [bar] }, list: { L: [{ N: "1.5" }, { M: { deep: { S: "long text" } } }] }, "a b": { M: {} },
  });
  assert.deepEqual(new Set(Item?.["numbers"]?.NS), new Set(["1", "2000"]));
  assert.deepEqual(await table.item({ pk: "b" }), { pk: "b", n: -0.05 });
});

test("Ion: a hostile line holds nothing up", async () => {
  const ion = await IonText.load();
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const item = '{Item:{pk:"a"}}';
  const lines: readonly (readonly [line: string, refused: RegExp | undefined])[] = [
    [`{Item:{pk:${deep}}}`, /Invalid item/], [`{Other:${deep},Item:{pk:"a"}}`, /Invalid item/],
    [`{Other:${deep.replaceAll("[", "(").replaceAll("]", ")")},Item:{pk:"a"}}`, /Invalid item/],
    [`$ion_symbol_table::{other:${deep}} ${item}`, /Invalid item/],
    [`{Item:{pk:[${"1.,".repeat(500_000)}]}}`, /Item size has exceeded the maximum allowed size/],
    [`{Item:{pk:${"1".repeat(2_000_000)}.}}`, undefined],
  ];
  for (const [line, refused] of lines) {
    const { user: before } = process.cpuUsage();
    if (refused) assert.throws(() => ion.itemOf(line), refused);
    else ion.itemOf(line);
    const milliseconds = (process.cpuUsage().user - before) / 1_000;
    assert.ok(milliseconds < 1_500, `${line.slice(0, 40)} took ${milliseconds} ms`);
  }
});

test("Ion: requests come in between large records", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const text = "x".repeat(60_000);
  const lines = Array.from({ length: 30 }, (_, at) => `{Item:{pk:"${at}",text:"${text}"}}`);
  await from.store("large.ion", lines.join("\n"));
  const begun = await begin(from, "pk:S", { InputFormat: "ION" });
  let longest = 0;
  let isOver = false;
  const watching = (async () => {
    for (let before = effort(); !isOver; before = effort()) {
      await setImmediate();
      longest = Math.max(longest, effort() - before);
    }
  })();
  const done = await ended(from, begun);
  isOver = true;
  await watching;
  assert.deepEqual(counts(done), ["COMPLETED", 30, 30, 0]);
  assert.ok(longest < 0.3, `a turn took ${longest} s`);
});

test("Ion: what is no item is told of, and what is no Ion ends its file", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const bad = [
    "[1]", "{Items:{}}", "{Item:null}", '{Item:{pk:"a",v:1}}', '{Item:{pk:"a",v:1e0}}',
    '{Item:{pk:"a",v:word}}', '{Item:{pk:"a",v:2020T}}', '{Item:{pk:"a",v:null.string}}',
    '{Item:{pk:"a",v:$dynamodb_SS::[1.]}}',
    '{Item:{pk:"a",v:1d126}}', '{Item:{pk:"a"}} {Item:{pk:"b"}}', "{Item:{}}",
    `{Item:{pk:"a",v:${"[".repeat(50_000)}${"]".repeat(50_000)}}}`,
  ];
  const good = '$ion_1_0 {Item:{pk:"good"}}';
  await from.store("1.ion", [...bad, good].join("\n"));
  await from.store("2.ion", [good, "{Item:{pk:", good].join("\n"));
  const done = await ended(from, await begin(from, "pk:S", { InputFormat: "ION" }));
  assert.deepEqual(counts(done), ["FAILED", bad.length + 3, 2, bad.length + 1]);
  const told = (await errorsOf(region, idOf(done))).map(({ errorMessages: [message = ""] }) => message);
  assert.deepEqual(told.slice(0, 5), [
    ...[1, 2, 3].map(() => "Expected 'Item' top level container"),
    "Unsupported Ion type: int", "Unsupported Ion type: float",
  ]);
  assert.deepEqual(await fixtureOf(from.db, "imported").all(), [{ pk: "good" }]);
});

test("Ion that is compressed", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const text = gzipSync('$ion_1_0 {Item:{pk:"a",n:-123d-4}}\n$ion_1_0 {Item:{pk:"b"}}\n');
  await from.store("data/1.ion.gz", text);
  const done = await ended(from, await begin(from, "pk:S", {
    InputFormat: "ION", InputCompressionType: "GZIP",
  }));
  assert.deepEqual(counts(done), ["COMPLETED", 2, 2, 0]);
  assert.deepEqual(await sorted(fixtureOf(from.db, "imported")), [{ pk: "a", n: -0.0123 }, { pk: "b" }]);
});

test("errors are told of in CloudWatch Logs, in AWS's form", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("import-test.csv", "title,artist\nThe Dark Side of the Moon,Pink Floyd\n");
  const done = await ended(from, await begin(from, "pk:S", { InputFormat: "CSV" }));
  assert.deepEqual(counts(done), ["FAILED", 1, 0, 1]);
  const group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws-dynamodb/imports:*";
  assert.deepEqual(
    [done.CloudWatchLogGroupArn, done.S3BucketSource?.S3BucketOwner], [group, "000000000000"],
  );
  assert.deepEqual(await errorsOf(region, idOf(done)), [{
    itemS3Pointer: { bucket: Bucket, key: "import-test.csv", itemIndex: 0 },
    importArn: done.ImportArn,
    errorMessages: ["One or more parameter values were invalid: Missing the key pk in the item"],
  }]);
});

test("a line that is no JSON ends its file, and its place is told", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const record = (pk: string): string => `{"Item":{"pk":{"S":"${pk}"}}}`;
  await from.store("a.json", [record("a"), "{}", record("b"), "nonsense", record("c")].join("\n"));
  const done = await ended(from, await begin(from));
  assert.deepEqual(counts(done), ["FAILED", 4, 2, 2]);
  const told = await errorsOf(region, idOf(done));
  const shown = told.map(({ itemS3Pointer: { itemIndex }, errorMessages }) => [itemIndex, ...errorMessages]);
  assert.deepEqual(shown, [
    [1, "Expected 'Item' top level container"], [3, "Unexpected token"],
  ]);
  assert.deepEqual(await sorted(fixtureOf(from.db, "imported")), [{ pk: "a" }, { pk: "b" }]);
});

test("objects and tables may be encrypted with keys of KMS", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  const kms = region.client(KMSClient);
  const key = async (): Promise<string> => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    return KeyMetadata?.Arn ?? "";
  };
  const [objectKey, tableKey] = [await key(), await key()];
  await region.client(S3Client).send(new PutObjectCommand({
    Bucket, Key: "a.json", Body: '{"Item":{"pk":{"S":"a"}}}',
    ServerSideEncryption: "aws:kms", SSEKMSKeyId: objectKey,
  }));
  const credentials = await region.user("undeciphering", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["dynamodb:*", "s3:*", "logs:*"], Resource: "*" }],
  });
  const denied = await ended(from, await begin({ db: region.client(DynamoDBClient, { credentials }) }));
  assert.deepEqual([denied.ImportStatus, denied.FailureCode], ["FAILED", "S3AccessDenied"]);
  await region.clock.advance({ seconds: 1 });

  const encrypted = (KMSMasterKeyId: string): Partial<ImportTableCommandInput> => ({
    ClientToken: "token",
    TableCreationParameters: {
      ...drafted("pk:S"), SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId },
    },
  });
  assert.match(
    await refusal(begin(from, "pk:S", encrypted("alias/none"))),
    /^ValidationException: KMS validation error: com\.amazonaws\.services\.kms\.model\.NotFoundException: /,
  );
  assert.match(
    await refusal(begin(from, "pk:S", { ...encrypted(tableKey), InputFormatOptions: { Csv: {} } })),
    /^ValidationException: Invalid Request: /,
  );
  const begun = await begin(from, "pk:S", encrypted(tableKey));
  const again = await begin(from, "pk:S", encrypted(tableKey));
  assert.equal(again.ImportArn, begun.ImportArn);
  assert.deepEqual(counts(await ended(from, begun)), ["COMPLETED", 1, 1, 0]);
  const { SSEDescription } = await fixtureOf(from.db, "imported").description();
  assert.deepEqual([SSEDescription?.Status, SSEDescription?.KMSMasterKeyArn], ["ENABLED", tableKey]);
  const { Grants } = await kms.send(new ListGrantsCommand({ KeyId: tableKey }));
  assert.equal(Grants?.length, 1, "a repetition gives its leave back");
});
