import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketTaggingCommand, DeleteObjectCommand, DeleteObjectTaggingCommand,
  GetBucketTaggingCommand, GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand,
  PutBucketTaggingCommand, PutBucketVersioningCommand, PutObjectCommand, PutObjectTaggingCommand, S3Client,
  type Tag,
} from "@aws-sdk/client-s3";
import {
  GetResourcesCommand, ResourceGroupsTaggingAPIClient,
} from "@aws-sdk/client-resource-groups-tagging-api";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const Key = "key";

async function withObject(region: TestRegion, more: object = {}): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "text", ...more }));
  return s3;
}

const tagged = (count: number): Tag[] =>
  Array.from({ length: count }, (_, index) => ({ Key: `key${index}`, Value: `value${index}` }));

const set = (s3: S3Client, TagSet: Tag[], more: object = {}) =>
  s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet }, ...more }));

const get = (s3: S3Client, more: object = {}) =>
  s3.send(new GetObjectTaggingCommand({ Bucket, Key, ...more }));

const setBucket = (s3: S3Client, TagSet: Tag[]) =>
  s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));

const malformed = {
  name: "MalformedXML",
  message: "The XML you provided was not well-formed or did not validate against our published schema",
};

test("s3-tags-max-10: an object has ten tags at most, and policies go by them", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, { Tagging: "tag1=value+1&tag2" });
  assert.deepEqual((await get(s3)).TagSet, [{ Key: "tag1", Value: "value 1" }, { Key: "tag2", Value: "" }]);
  await set(s3, tagged(10));
  assert.deepEqual((await get(s3)).TagSet, tagged(10));
  assert.equal((await s3.send(new GetObjectCommand({ Bucket, Key }))).TagCount, 10);
  const tooMany = { name: "BadRequest", message: "Object tags cannot be greater than 10" };
  await assert.rejects(set(s3, tagged(11)), tooMany);
  const Tagging = tagged(11).map((tag) => `${tag.Key}=${tag.Value}`).join("&");
  await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key, Tagging })), tooMany);

  const reader = region.client(S3Client, {
    credentials: await region.user("reader", {
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Action: "s3:GetObject", Resource: "*",
        Condition: { StringEquals: { "s3:ExistingObjectTag/access": "open" } },
      }],
    }),
  });
  const read = () => reader.send(new GetObjectCommand({ Bucket, Key }));
  await assert.rejects(read(), { name: "AccessDenied" });
  await set(s3, [{ Key: "access", Value: "open" }]);
  await read();
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
  await assert.rejects(read(), { name: "AccessDenied" });
  assert.deepEqual((await get(s3)).TagSet, []);
});

test("each version has its own tags, and a delete marker none", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const first = await s3.send(new PutObjectCommand({ Bucket, Key, Tagging: "a=1" }));
  const second = await s3.send(new PutObjectCommand({ Bucket, Key }));
  const tag = { Key: "b", Value: "2" };
  assert.equal((await set(s3, [tag])).VersionId, second.VersionId);
  assert.deepEqual((await get(s3)).TagSet, [tag]);
  assert.deepEqual((await get(s3, { VersionId: first.VersionId })).TagSet, [{ Key: "a", Value: "1" }]);
  assert.equal((await set(s3, [tag], { VersionId: first.VersionId })).VersionId, first.VersionId);
  assert.deepEqual((await get(s3, { VersionId: first.VersionId })).TagSet, [tag]);
  const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  const refused = {
    name: "MethodNotAllowed",
    message: "The specified method is not allowed against this resource.",
    ResourceType: "DeleteMarker",
  };
  for (const more of [{}, { VersionId: marker.VersionId }]) {
    await assert.rejects(set(s3, [tag], more), { ...refused, Method: "PUT" });
    await assert.rejects(get(s3, more), { ...refused, Method: "GET" });
    await assert.rejects(s3.send(new DeleteObjectTaggingCommand({ Bucket, Key, ...more })), {
      ...refused, Method: "DELETE",
    });
  }
  const missing = { name: "NoSuchKey", message: "The specified key does not exist." };
  await assert.rejects(get(s3, { Key: "fake" }), { ...missing, Key: "bucket/fake" });
  await assert.rejects(set(s3, [tag], { Key: "fake" }), { ...missing, Key: "fake" });
});

test("how many tags there are is told to who may read them", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, { Tagging: "a=1&b=2" });
  const objects = `arn:aws:s3:::${Bucket}/*`;
  const allowed = (...Action: string[]) =>
    ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: objects }] });
  const counts = async (client: S3Client) => {
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    return [got.TagCount, head.TagCount];
  };
  const reader = await region.user("reader", allowed("s3:GetObject"));
  const curious = await region.user("curious", allowed("s3:GetObject", "s3:GetObjectTagging"));
  assert.deepEqual(await counts(s3), [2, 2]);
  assert.deepEqual(await counts(region.client(S3Client, { credentials: curious })), [2, 2]);
  assert.deepEqual(await counts(region.client(S3Client, { credentials: reader })), [undefined, undefined]);
});

test("tags that are none are refused, each in its words", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region);
  const both = [
    [[{ Key: "a", Value: "1" }, { Key: "a", Value: "2" }], "Cannot provide multiple Tags with the same key"],
    [[{ Key: "a,b", Value: "" }], "The TagKey you have provided is invalid"],
    [[{ Key: "", Value: "" }], "The TagKey you have provided is invalid"],
    [[{ Key: "k".repeat(129), Value: "" }], "The TagKey you have provided is invalid"],
    [[{ Key: "a", Value: "1,2" }], "The TagValue you have provided is invalid"],
    [[{ Key: "a", Value: "v".repeat(257) }], "The TagValue you have provided is invalid"],
  ] as const;
  for (const [tags, message] of both) {
    const expected = { name: "InvalidTag", message, TagKey: tags[0].Key };
    await assert.rejects(set(s3, [...tags]), expected);
    await assert.rejects(setBucket(s3, [...tags]), expected);
  }
  const system = [{ Key: "aws:tag", Value: "" }];
  await assert.rejects(set(s3, system), {
    name: "InvalidTag", message: "Your TagKey cannot be prefixed with aws:",
  });
  await assert.rejects(setBucket(s3, system), {
    name: "InvalidTag", message: "System tags cannot be added/updated by requester",
  });
  await assert.rejects(set(s3, [{ Value: "1" } as Tag]), malformed);
  await assert.rejects(set(s3, undefined as never), malformed);
  await assert.rejects(setBucket(s3, [{ Key: "a" } as Tag]), malformed);
  for (const Tagging of ["a=1&a=2", "a=1,b=2", "a=%zz"]) {
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key, Tagging })), {
      name: "InvalidArgument",
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without " +
        "tag name duplicates.",
      ArgumentName: "x-amz-tagging",
      ArgumentValue: Tagging,
    });
  }
  const longest = { Key: "k".repeat(128), Value: "v".repeat(256) };
  await set(s3, [{ Key: "__proto__", Value: "constructor" }, longest]);
  assert.equal((await get(s3)).TagSet?.[0]?.Key, "__proto__");
});

test("a bucket has fifty tags at most, and is found by them", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region);
  const tags = async () => (await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
  const none = { name: "NoSuchTagSet", message: "The TagSet does not exist", BucketName: Bucket };
  await assert.rejects(tags(), none);
  const answer = await setBucket(s3, tagged(50));
  assert.equal(answer.$metadata.httpStatusCode, 204);
  assert.deepEqual(await tags(), tagged(50));
  await assert.rejects(setBucket(s3, tagged(51)), {
    name: "BadRequest", message: "Bucket tag count cannot be greater than 50",
  });
  await setBucket(s3, [{ Key: "team", Value: "blue" }]);
  assert.deepEqual(await tags(), [{ Key: "team", Value: "blue" }]);
  const found = await region.client(ResourceGroupsTaggingAPIClient).send(
    new GetResourcesCommand({ TagFilters: [{ Key: "team" }] }),
  );
  assert.deepEqual(found.ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN), [
    "arn:aws:s3:::bucket",
  ]);
  await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
  await assert.rejects(tags(), none);
});
