import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateBucketCommand, GetObjectTaggingCommand, HeadObjectCommand, ListMultipartUploadsCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { send } from "../../../test/raw-request.ts";
import { startRegion } from "../../../test/region.ts";

const Bucket = "bucket";
const region = await startRegion();
after(() => region[Symbol.asyncDispose]());
const s3 = region.client(S3Client);
await s3.send(new CreateBucketCommand({ Bucket }));
await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "text", Tagging: "a=1" }));

const malformed =
  "The XML you provided was not well-formed or did not validate against our published schema";

/** @returns status, code and sentence */
async function answered(method: string, query: string, text: string | Buffer, path = "/bucket/key") {
  const body = (): Buffer => Buffer.from(text);
  const headers = { "x-amz-sdk-checksum-algorithm": "CRC32" };
  const answer = await send(region, { method, path, query, body, headers });
  const [, code = "", message = ""] = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(answer.body) ?? [];
  return `${answer.status} ${code}: ${message}`;
}

const tagged = (value: string, head = ""): string =>
  `${head}<Tagging><TagSet><Tag><Key>a</Key><Value>${value}</Value></Tag></TagSet></Tagging>`;

/** Each entity is ten of the one before: ten to the ninth in all. */
function bomb(): string {
  const entities = Array.from({ length: 9 }, (_, index) => {
    const content = index === 0 ? "lol".repeat(10) : `&l${index - 1};`.repeat(10);
    return `<!ENTITY l${index} "${content}">`;
  });
  return tagged("&l8;", `<!DOCTYPE Tagging [${entities.join("")}]>`);
}

test("documents with entities, and what is no document, change nothing", async () => {
  const documents = [
    bomb(),
    tagged("&x;", '<!DOCTYPE Tagging [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    tagged("&x;", '<!DOCTYPE Tagging [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>'),
    tagged("x", '<!DOCTYPE Tagging SYSTEM "http://127.0.0.1:1/x">'),
    tagged("&unknown;"),
    tagged("&#0;"),
    tagged("&#xFFFFFFFF;"),
    "<".repeat(10_000),
    `${"<Tagging>".repeat(100_000)}`,
    `<Tagging>${"<TagSet>".repeat(20_000)}${"</TagSet>".repeat(20_000)}</Tagging>`,
    `<Tagging ${"a".repeat(100_000)}="1"`,
    "<Tagging><TagSet></Tagging></TagSet>",
    "<Tagging/><Tagging/>",
    "text",
    "{}",
  ];
  for (const document of documents) {
    const answer = await answered("PUT", "tagging=", document);
    assert.equal(answer, `400 MalformedXML: ${malformed}`, document.slice(0, 80));
  }
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "key" }));
  assert.deepEqual(TagSet, [{ Key: "a", Value: "1" }]);
  assert.deepEqual(region.engine.defects, []);
});

test("a document's own entities and numbers of characters are read as they should be", async () => {
  assert.equal(await answered("PUT", "tagging=", tagged("a&#x2B;b")), "200 : ");
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "key" }));
  assert.deepEqual(TagSet, [{ Key: "a", Value: "a+b" }]);
});

test("lists that are too long, and numbers that are none, are refused whole", async () => {
  const named = (count: number): string =>
    `<Delete>${"<Object><Key>key</Key></Object>".repeat(count)}</Delete>`;
  const deleting = (text: string): Promise<string> => answered("POST", "delete=", text, "/bucket");
  assert.equal(await deleting(named(1001)), `400 MalformedXML: ${malformed}`);
  assert.equal(await deleting(named(0)), `400 MalformedXML: ${malformed}`);
  await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  const rule = (priority: string): string =>
    `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Priority>${priority}</Priority>` +
    "<Destination><Bucket>b</Bucket></Destination></Rule></ReplicationConfiguration>";
  for (const priority of ["x", "1e99", "NaN", "0x10", "1.5", "9".repeat(500)]) {
    const answer = await answered("PUT", "replication=", rule(priority), "/bucket");
    assert.equal(answer, `400 MalformedXML: ${malformed}`, priority);
  }
  for (const part of ["x", "99999999999999999999", "1.5"]) {
    const parts = `<Part><PartNumber>${part}</PartNumber></Part>`;
    const text = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
    const answer = await answered("POST", "uploadId=none", text);
    assert.match(answer, /^4\d\d (?:MalformedXML|NoSuchUpload): /, part);
  }
  assert.equal((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads, undefined);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 1);
  assert.deepEqual(region.engine.defects, []);
});

test("queries that say absurd things are refused or do nothing", async () => {
  const cases: readonly (readonly [query: string, answer: RegExp, path?: string])[] = [
    ["list-type=2&max-keys=-1", /^400 InvalidArgument: /, "/bucket"],
    ["list-type=2&max-keys=99999999999999999999", /^400 InvalidArgument: /, "/bucket"],
    ["list-type=2&continuation-token=%00", /^400 InvalidArgument: /, "/bucket"],
    ["versionId=..%2F..%2Fx", /^400 InvalidArgument: /],
    [`versionId=${"x".repeat(2_000)}`, /^400 InvalidArgument: /],
    ["partNumber=-1", /^400 InvalidArgument: /],
    ["partNumber=99999999999999999999", /^400 InvalidArgument: /],
  ];
  for (const [query, expected, path = "/bucket/key"] of cases) {
    assert.match(await answered("GET", query, "", path), expected, query);
  }
  assert.deepEqual(region.engine.defects, []);
});
