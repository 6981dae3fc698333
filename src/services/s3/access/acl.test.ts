import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketOwnershipControlsCommand, GetBucketAclCommand,
  GetBucketOwnershipControlsCommand, GetObjectAclCommand, GetObjectCommand, ListBucketsCommand,
  ListObjectsV2Command, PutBucketAclCommand, PutBucketOwnershipControlsCommand, PutObjectAclCommand,
  PutObjectCommand, PutPublicAccessBlockCommand, type Grant, type S3Client,
} from "@aws-sdk/client-s3";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { anonymous, clientOf, makeBucket, objects, other, putPolicy } from "../../../../test/s3-access.ts";

const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
const authenticated = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

async function idOf(s3: S3Client): Promise<string> {
  return (await s3.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
}

function shown(grants: readonly Grant[] | undefined): string[] {
  return (grants ?? []).map(({ Grantee, Permission }) => `${Permission} ${Grantee?.URI ?? Grantee?.ID}`);
}

async function grantsOf(s3: S3Client, Key = "key"): Promise<string[]> {
  return shown((await s3.send(new GetObjectAclCommand({ Bucket: "bucket", Key }))).Grants);
}

function get(s3: S3Client, Key = "key"): Promise<string> {
  return refusal(s3.send(new GetObjectCommand({ Bucket: "bucket", Key })));
}

function put(s3: S3Client, more: object = {}): Promise<string> {
  return refusal(s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "content", ...more })));
}

test("new buckets have their lists disabled: only what changes nothing is taken", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const refused = "AccessControlListNotSupported: The bucket does not allow ACLs";
  const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket: "bucket" }));
  assert.deepEqual(OwnershipControls?.Rules, [{ ObjectOwnership: "BucketOwnerEnforced" }]);
  assert.equal(await put(s3, { ACL: "public-read" }), refused);
  assert.equal(await put(s3, { GrantRead: `uri="${allUsers}"` }), refused);
  assert.equal(await put(s3, { ACL: "bucket-owner-full-control" }), "no refusal");
  assert.equal(await put(s3, { ACL: "private" }), "no refusal");
  const acl = (ACL: "private" | "public-read") =>
    refusal(s3.send(new PutBucketAclCommand({ Bucket: "bucket", ACL })));
  assert.equal(await acl("private"), refused);
  assert.equal(
    await refusal(s3.send(new PutObjectAclCommand({ Bucket: "bucket", Key: "key", ACL: "public-read" }))),
    refused,
  );
  const owner = await idOf(s3);
  assert.deepEqual(await grantsOf(s3), [`FULL_CONTROL ${owner}`]);
  assert.equal(
    await refusal(s3.send(new CreateBucketCommand({ Bucket: "second", ACL: "public-read" }))),
    "InvalidBucketAclWithObjectOwnership: Bucket cannot have ACLs set with ObjectOwnership's " +
      "BucketOwnerEnforced setting",
  );
  const unknown = { Bucket: "second", ObjectOwnership: "Nobody" as never };
  assert.equal(
    await refusal(s3.send(new CreateBucketCommand(unknown))),
    "InvalidArgument: Invalid x-amz-object-ownership header: Nobody",
  );
  const writers = { Bucket: "second", ACL: "public-read", ObjectOwnership: "ObjectWriter" } as const;
  assert.equal(
    await refusal(s3.send(new CreateBucketCommand(writers))),
    "InvalidBucketAclWithBlockPublicAccessError: Bucket cannot have public ACLs set with " +
      "BlockPublicAccess enabled",
  );
});

test("s3-object-acl: a public object is read by everybody, unless public access is blocked", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { ownership: "ObjectWriter" });
  const blocked = (action: string) =>
    `AccessDenied: User: arn:aws:iam::000000000000:root is not authorized to perform: ${action} on ` +
    'resource: "arn:aws:s3:::bucket/key" because public ACLs are prevented by the BlockPublicAcls setting ' +
    "in S3 Block Public Access.";
  const publish = () =>
    refusal(s3.send(new PutObjectAclCommand({ Bucket: "bucket", Key: "key", ACL: "public-read" })));
  assert.equal(await publish(), blocked("s3:PutObjectAcl"));
  assert.equal(await put(s3, { ACL: "public-read" }), blocked("s3:PutObject"));
  const block = (PublicAccessBlockConfiguration: object) =>
    s3.send(new PutPublicAccessBlockCommand({ Bucket: "bucket", PublicAccessBlockConfiguration }));
  await block({});
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  assert.equal(await publish(), "no refusal");
  assert.equal(await anonymous(region), "200 content");
  assert.deepEqual(await grantsOf(s3), [`FULL_CONTROL ${await idOf(s3)}`, `READ ${allUsers}`]);
  await block({ IgnorePublicAcls: true });
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  await block({});
  await s3.send(new PutObjectAclCommand({ Bucket: "bucket", Key: "key", ACL: "authenticated-read" }));
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  assert.equal(await get(clientOf(region, other)), "no refusal");
});

test("iam-acl-policy-type: a list lets in the one account that it names", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const [theirs, stranger] = [clientOf(region, other), clientOf(region, "999988887777")];
  const GrantRead = `id=${await idOf(theirs)}`;
  const grant = (more: object = { GrantRead }) =>
    refusal(s3.send(new PutObjectAclCommand({ Bucket: "bucket", Key: "key", ...more })));
  const denied = "AccessDenied: Access Denied";
  assert.equal(await grant(), "AccessControlListNotSupported: The bucket does not allow ACLs");
  assert.equal(await get(theirs), denied);
  const OwnershipControls = { Rules: [{ ObjectOwnership: "ObjectWriter" as const }] };
  await s3.send(new PutBucketOwnershipControlsCommand({ Bucket: "bucket", OwnershipControls }));
  assert.equal(await get(theirs), denied);
  assert.equal(await grant(), "no refusal");
  assert.equal(await get(theirs), "no refusal");
  assert.equal(await get(stranger), denied);
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  assert.equal(await put(theirs), denied);
  assert.equal(await grant({ ACL: "private" }), "no refusal");
  assert.equal(await get(theirs), denied);
});

test("s3-bucket-acl: a public bucket is listed by everybody", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { ownership: "ObjectWriter", isOpen: true });
  const list = { path: "/bucket", query: "list-type=2" };
  assert.equal(await anonymous(region, list), "403 AccessDenied: Access Denied");
  await s3.send(new PutBucketAclCommand({ Bucket: "bucket", ACL: "public-read" }));
  assert.match(await anonymous(region, list), /^200 [^]*<Key>key<\/Key>/);
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  assert.equal(await anonymous(region, { method: "PUT", body: "x" }), "403 AccessDenied: Access Denied");
  await s3.send(new PutBucketAclCommand({ Bucket: "bucket", ACL: "public-read-write" }));
  assert.equal(await anonymous(region, { method: "PUT", path: "/bucket/new", body: "x" }), "200");
  await s3.send(new PutBucketAclCommand({ Bucket: "bucket", ACL: "private" }));
  assert.equal(await anonymous(region, list), "403 AccessDenied: Access Denied");
  const OwnershipControls = { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" as const }] };
  const GrantWrite = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"';
  await s3.send(new PutBucketAclCommand({ Bucket: "bucket", GrantWrite }));
  assert.equal(
    await refusal(
      s3.send(new PutBucketOwnershipControlsCommand({ Bucket: "bucket", OwnershipControls })),
    ),
    "InvalidBucketAclWithObjectOwnership: Bucket cannot have ACLs set with ObjectOwnership's " +
      "BucketOwnerEnforced setting",
  );
});

test("who writes an object owns it, and the bucket's owner reads it only if let in", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { ownership: "ObjectWriter" });
  const theirs = clientOf(region, other);
  const [own, theirId] = [await idOf(s3), await idOf(theirs)];
  const Grants: Grant[] = [
    { Grantee: { Type: "CanonicalUser", ID: own }, Permission: "FULL_CONTROL" },
    { Grantee: { Type: "CanonicalUser", ID: theirId }, Permission: "WRITE" },
  ];
  const AccessControlPolicy = { Owner: { ID: own }, Grants };
  await s3.send(new PutBucketAclCommand({ Bucket: "bucket", AccessControlPolicy }));
  assert.deepEqual(
    shown((await s3.send(new GetBucketAclCommand({ Bucket: "bucket" }))).Grants),
    [`FULL_CONTROL ${own}`, `WRITE ${theirId}`],
  );
  assert.equal(await put(theirs), "no refusal");
  assert.equal(await get(theirs), "no refusal");
  assert.equal(await get(s3), "AccessDenied: Access Denied");
  await putPolicy(s3, {
    Effect: "Allow", Principal: { AWS: "999988887777" }, Action: "s3:GetObject", Resource: objects,
  });
  assert.equal(await get(clientOf(region, "999988887777")), "AccessDenied: Access Denied");
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: "bucket", FetchOwner: true }));
  assert.deepEqual(listed.Contents?.map(({ Owner }) => Owner?.ID), [theirId]);

  const acl = { Bucket: "bucket", Key: "key", ACL: "bucket-owner-full-control" } as const;
  await theirs.send(new PutObjectAclCommand(acl));
  assert.equal(await get(s3), "no refusal");
  assert.deepEqual(await grantsOf(s3), [`FULL_CONTROL ${theirId}`, `FULL_CONTROL ${own}`]);
  await putPolicy(s3, { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: objects });
  assert.equal(await get(theirs), "AccessDenied: Access Denied");

  const preferred = { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" as const }] };
  await s3.send(
    new PutBucketOwnershipControlsCommand({ Bucket: "bucket", OwnershipControls: preferred }),
  );
  assert.equal(await put(theirs, { ACL: "bucket-owner-full-control" }), "no refusal");
  assert.deepEqual(await grantsOf(s3), [`FULL_CONTROL ${own}`]);
  await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket: "bucket" }));
  assert.equal(
    await refusal(s3.send(new GetBucketOwnershipControlsCommand({ Bucket: "bucket" }))),
    "OwnershipControlsNotFoundError: The bucket ownership controls were not found",
  );
});

test("grants in headers and documents are read, and what is none is refused", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { ownership: "ObjectWriter", isOpen: true });
  const theirId = await idOf(clientOf(region, other));
  const grants = { GrantRead: `id=${theirId}, uri="${authenticated}"`, GrantReadACP: `id="${theirId}"` };
  assert.equal(await put(s3, grants), "no refusal");
  const expected = [`READ ${theirId}`, `READ ${authenticated}`, `READ_ACP ${theirId}`];
  assert.deepEqual(await grantsOf(s3), expected);
  assert.deepEqual(await grantsOf(clientOf(region, other)), expected);
  assert.equal(
    await put(s3, { ...grants, ACL: "private" }),
    "InvalidRequest: Specifying both Canned ACLs and Header Grants is not allowed",
  );
  assert.equal(await put(s3, { GrantRead: "id=x" }), "InvalidArgument: Invalid id");
  assert.equal(await put(s3, { GrantRead: "uri=x" }), "InvalidArgument: Invalid group uri");
  assert.equal(await put(s3, { GrantRead: "x" }), "InvalidArgument: Argument format not recognized");
  assert.equal(
    await put(s3, { GrantRead: "emailAddress=a@example.com" }),
    "MethodNotAllowed: The specified method is not allowed against this resource.",
  );
  const setting = (more: object) =>
    refusal(s3.send(new PutObjectAclCommand({ Bucket: "bucket", Key: "key", ...more })));
  assert.equal(await setting({}), "MissingSecurityHeader: Your request was missing a required header");
  const Owner = { ID: await idOf(s3) };
  const AccessControlPolicy = { Owner, Grants: [] };
  assert.equal(
    await setting({ ACL: "private", AccessControlPolicy }),
    "UnexpectedContent: This request does not support content",
  );
  const Grants = [{ Grantee: { Type: "CanonicalUser", ID: theirId }, Permission: "READ" }];
  assert.equal(
    await setting({ AccessControlPolicy: { Owner: { ID: theirId }, Grants } }),
    "AccessDenied: Access Denied",
  );
});
