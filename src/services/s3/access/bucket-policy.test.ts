import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteAccessKeyCommand, DeleteUserCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteBucketPolicyCommand, DeletePublicAccessBlockCommand, GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand, GetObjectCommand, HeadObjectCommand, ListBucketsCommand, ListObjectsV2Command,
  PutBucketPolicyCommand, PutObjectCommand, PutPublicAccessBlockCommand, type S3Client,
} from "@aws-sdk/client-s3";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import {
  anonymous, clientOf, letsEverybodyRead, makeBucket, objects, other, policyOf, putPolicy,
} from "../../../../test/s3-access.ts";

const bucket = "arn:aws:s3:::bucket";
const user = "arn:aws:iam::000000000000:user/alice";

function get(s3: S3Client, Key = "key"): Promise<string> {
  return refusal(s3.send(new GetObjectCommand({ Bucket: "bucket", Key })));
}

function put(s3: S3Client, Key = "key", more: object = {}): Promise<string> {
  return refusal(s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "x", ...more })));
}

test("s3-iam-policies-user-based: a user reads under a prefix and writes nothing", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "prefix/a", Body: "a" }));
  const alice = clientOf(region, await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: `${bucket}/prefix/*` }],
  }));
  const denial = (action: string, arn: string) =>
    `AccessDenied: User: ${user} is not authorized to perform: ${action} on resource: "${arn}" because no ` +
    `identity-based policy allows the ${action} action`;
  assert.equal(await get(alice, "prefix/a"), "no refusal");
  assert.equal(await put(alice, "prefix/a"), denial("s3:PutObject", `${bucket}/prefix/a`));
  assert.equal(await get(alice, "key"), denial("s3:GetObject", `${bucket}/key`));
  assert.equal(await get(alice, "prefix/b"), denial("s3:ListBucket", bucket));
});

test("s3-bucket-policies-resource-based: each element decides, over accounts", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const theirs = clientOf(region, other);
  assert.equal(await get(theirs), "AccessDenied: Access Denied");
  await putPolicy(s3, {
    Effect: "Allow", Principal: { AWS: other }, Action: ["s3:GetObject"], Resource: `${bucket}/k*`,
  });
  assert.equal(await get(theirs), "no refusal");
  assert.equal(await put(theirs), "AccessDenied: Access Denied");
  assert.equal(await get(theirs, "other"), "AccessDenied: Access Denied");
  await putPolicy(
    s3,
    { Effect: "Allow", Principal: { AWS: other }, Action: "s3:*", Resource: [bucket, objects] },
    { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: objects },
  );
  assert.equal(await put(theirs), "no refusal");
  assert.equal(await get(theirs), "AccessDenied: Access Denied");
  const root = "arn:aws:iam::000000000000:root";
  assert.equal(
    await get(s3),
    `AccessDenied: User: ${root} is not authorized to perform: s3:GetObject on resource: "${bucket}/key" ` +
      "with an explicit deny in a resource-based policy",
  );
  const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: "bucket" }));
  assert.equal((JSON.parse(Policy ?? "") as { Statement: object[] }).Statement.length, 2);
});

test("a policy that locks everybody out is changed by the account's root user alone", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const alice = clientOf(region, await region.user("alice", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  }));
  await putPolicy(s3, { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucket, objects] });
  assert.match(await refusal(s3.send(new ListObjectsV2Command({ Bucket: "bucket" }))), /explicit deny/);
  assert.match(
    await refusal(alice.send(new DeleteBucketPolicyCommand({ Bucket: "bucket" }))),
    /with an explicit deny in a resource-based policy$/,
  );
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: "bucket" }));
  assert.equal(
    await refusal(s3.send(new GetBucketPolicyCommand({ Bucket: "bucket" }))),
    "NoSuchBucketPolicy: The bucket policy does not exist",
  );
  assert.equal(await get(s3), "no refusal");
});

test("s3-bucket-policies-resource-based: what is no policy is refused in AWS's words", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const allow = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: objects };
  const refusals: readonly (readonly [string, string])[] = [
    ["x", "Policies must be valid JSON and the first byte must be '{'"],
    ["", "Policies must be valid JSON and the first byte must be '{'"],
    [" {}", "Policies must be valid JSON and the first byte must be '{'"],
    ["[]", "Policies must be valid JSON and the first byte must be '{'"],
    ["{}", "Missing required field Statement"],
    ['{"Statement":[]}', "Could not parse the policy: Statement is empty!"],
    ['{"Version":"2020","Statement":[{}]}', "The policy must contain a valid version string"],
    [policyOf({ ...allow, Effect: undefined }), "Missing required field Effect"],
    [policyOf({ ...allow, Effect: "allow" }), "Invalid effect: allow"],
    [policyOf({ ...allow, Principal: undefined }), "Missing required field Principal"],
    [policyOf({ ...allow, Action: undefined }), "Missing required field Action"],
    [policyOf({ ...allow, Resource: undefined }), "Missing required field Resource"],
    [policyOf({ ...allow, Principal: "arn:aws:iam::000000000000:root" }), "Invalid policy syntax."],
    [policyOf({ ...allow, Principal: { AWS: user } }), "Invalid principal in policy"],
    [policyOf({ ...allow, Principal: { AWS: "x" } }), "Invalid principal in policy"],
    [policyOf({ ...allow, Principal: { CanonicalUser: "f".repeat(64) } }), "Invalid principal in policy"],
    [policyOf({ ...allow, Action: "s3:GetObjekt" }), "Policy has invalid action"],
    [policyOf({ ...allow, Action: "sqs:SendMessage" }), "Policy has invalid action"],
    [policyOf({ ...allow, Resource: "*" }), "Policy has invalid resource"],
    [policyOf({ ...allow, Resource: "arn:aws:s3:::other/*" }), "Policy has invalid resource"],
    [policyOf({ ...allow, Resource: "arn:aws:s3:::*" }), "Policy has invalid resource"],
    [policyOf({ ...allow, Resource: bucket }), "Action does not apply to any resource(s) in statement"],
    [
      policyOf({ ...allow, Action: "s3:ListBucket" }),
      "Action does not apply to any resource(s) in statement",
    ],
    [
      policyOf({ ...allow, Condition: { StringEquals: { "s3:prefix": "x" } } }),
      "Conditions do not apply to combination of actions and resources in statement",
    ],
    [
      policyOf({ ...allow, Condition: { StringEquals: { "s3:unknown": "x" } } }),
      "Policy has an invalid condition key",
    ],
    [
      policyOf({ ...allow, Condition: { StringSame: { "aws:SourceIp": "x" } } }),
      "Invalid Condition type : StringSame",
    ],
    [
      policyOf({ ...allow, Sid: "s".repeat(20_480) }),
      "Normalized policy document exceeds the maximum allowed size of 20480 bytes",
    ],
  ];
  for (const [Policy, text] of refusals) {
    const found = await refusal(s3.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy })));
    assert.equal(found, `MalformedPolicy: ${text}`, Policy.slice(0, 200));
  }
  await assert.rejects(
    s3.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy: policyOf({ ...allow, Resource: "*" }) })),
    { Detail: "*" },
  );
});

test("s3-policy-public-access: a public policy lets everybody read, once it is not blocked", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  assert.equal(
    await refusal(putPolicy(s3, letsEverybodyRead)),
    "AccessDenied: User: arn:aws:iam::000000000000:root is not authorized to perform: s3:PutBucketPolicy " +
      'on resource: "arn:aws:s3:::bucket" because public policies are prevented by the BlockPublicPolicy ' +
      "setting in S3 Block Public Access.",
  );
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "bucket" }));
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  await putPolicy(s3, letsEverybodyRead);
  assert.equal(await anonymous(region), "200 content");
  assert.equal(await anonymous(region, { host: "bucket.s3.localhost:4566", path: "/key" }), "200 content");
  assert.equal(await anonymous(region, { path: "/bucket/missing" }), "403 AccessDenied: Access Denied");
  assert.equal(await anonymous(region, { method: "PUT" }), "403 AccessDenied: Access Denied");
  const status = () => s3.send(new GetBucketPolicyStatusCommand({ Bucket: "bucket" }));
  assert.equal((await status()).PolicyStatus?.IsPublic, true);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: "bucket" }));
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  assert.equal(await refusal(status()), "NoSuchBucketPolicy: The bucket policy does not exist");
});

test("RestrictPublicBuckets keeps strangers out of a public policy, and lets the account in", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  await putPolicy(s3, letsEverybodyRead);
  const alice = clientOf(region, await region.user("alice"));
  assert.equal(await get(alice), "no refusal");
  assert.equal(await get(clientOf(region, other)), "no refusal");
  const PublicAccessBlockConfiguration = { RestrictPublicBuckets: true };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket: "bucket", PublicAccessBlockConfiguration }));
  assert.equal(await get(alice), "no refusal");
  assert.equal(await get(clientOf(region, other)), "AccessDenied: Access Denied");
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
});

test("s3-policy-force-encryption: a header that is not there is denied", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  await putPolicy(s3, {
    Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: objects,
    Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "AES256" } },
  });
  assert.match(await put(s3), /explicit deny in a resource-based policy$/);
  assert.equal(await put(s3, "key", { ServerSideEncryption: "AES256" }), "no refusal");
});

test("s3-https-endpoint: aws:SecureTransport and s3:TlsVersion decide by the connection", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucket, objects],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
  assert.equal(await anonymous(region), "200 content");
  assert.equal(await anonymous(region, { secure: false }), "403 AccessDenied: Access Denied");
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucket, objects],
    Condition: { NumericLessThan: { "s3:TlsVersion": 1.4 } },
  });
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
});

test("conditions on prefixes, tags, signatures and creation decide", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const alice = clientOf(region, await region.user("alice"));
  const Principal = { AWS: user };
  const list = (Prefix?: string) =>
    refusal(alice.send(new ListObjectsV2Command({ Bucket: "bucket", Prefix })));
  await putPolicy(
    s3,
    {
      Effect: "Allow", Principal, Action: "s3:ListBucket", Resource: bucket,
      Condition: { StringLike: { "s3:prefix": "home/*" }, NumericLessThanEquals: { "s3:max-keys": "10" } },
    },
    {
      Effect: "Allow", Principal, Action: ["s3:PutObject", "s3:PutObjectTagging"], Resource: objects,
      Condition: {
        StringEqualsIfExists: { "s3:RequestObjectTag/team": "red" },
        Bool: { "s3:ObjectCreationOperation": "true" },
        NumericLessThan: { "s3:signatureAge": "60000" },
        StringEquals: { "s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256" },
      },
    },
    {
      Effect: "Allow", Principal, Action: "s3:GetObject", Resource: objects,
      Condition: { StringEquals: { "s3:ExistingObjectTag/team": "red" } },
    },
  );
  assert.match(await list(), /^AccessDenied: /);
  assert.match(await list("home/x"), /^AccessDenied: /);
  const few = { Bucket: "bucket", Prefix: "home/x", MaxKeys: 10 };
  assert.equal(await refusal(alice.send(new ListObjectsV2Command(few))), "no refusal");
  assert.equal(await put(alice, "tagged", { Tagging: "team=red" }), "no refusal");
  assert.match(await put(alice, "tagged", { Tagging: "team=blue" }), /^AccessDenied: /);
  assert.equal(await get(alice, "tagged"), "no refusal");
  assert.match(await get(alice, "key"), /^AccessDenied: /);
});

test("who may not list is not told whether a key is there; a bucket's name is no secret", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Allow", Principal: "*", Action: "s3:GetObjectVersion", Resource: objects,
  });
  assert.equal(await anonymous(region, { path: "/bucket/missing" }), "403 AccessDenied: Access Denied");
  assert.equal(
    await anonymous(region, { path: "/nobody-has-this/key" }),
    "404 NoSuchBucket: The specified bucket does not exist",
  );
  assert.equal(await get(s3, "missing"), "NoSuchKey: The specified key does not exist.");
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource: bucket,
  });
  assert.equal(
    await anonymous(region, { path: "/bucket/missing" }),
    "404 NoSuchKey: The specified key does not exist.",
  );
  await assert.rejects(
    clientOf(region, other).send(new HeadObjectCommand({ Bucket: "bucket", Key: "missing" })),
    { name: "NotFound" },
  );
});

test("the owner of a bucket may be checked by who asks", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const ask = (ExpectedBucketOwner: string) =>
    refusal(s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key", ExpectedBucketOwner })));
  assert.equal(await ask("000000000000"), "no refusal");
  assert.equal(await ask(other), "AccessDenied: Access Denied");
  assert.equal(
    await ask("x"),
    "InvalidBucketOwnerAWSAccountID: The value of the expected bucket owner parameter must be an AWS " +
      "account ID.",
  );
});

test("a user made anew under an old name is not let in by the old one's policy", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const first = await region.user("alice");
  const allow = { Effect: "Allow", Principal: { AWS: user }, Action: "s3:GetObject", Resource: objects };
  await putPolicy(s3, allow);
  const shown = async () =>
    (await s3.send(new GetBucketPolicyCommand({ Bucket: "bucket" }))).Policy;
  assert.equal(await shown(), policyOf(allow));
  assert.equal(await get(clientOf(region, first)), "no refusal");
  const iam = region.client(IAMClient);
  await iam.send(new DeleteAccessKeyCommand({ UserName: "alice", AccessKeyId: first.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "alice" }));
  assert.match((await shown()) ?? "", /"AWS":"AIDA[A-Z0-9]+"/);
  assert.match(await get(clientOf(region, await region.user("alice"))), /^AccessDenied: /);
});

test("canonical ids name accounts in policies", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const theirs = clientOf(region, other);
  const { Owner } = await theirs.send(new ListBucketsCommand({}));
  await putPolicy(s3, {
    Effect: "Allow", Principal: { CanonicalUser: Owner?.ID }, Action: "s3:GetObject", Resource: objects,
  });
  assert.equal(await get(theirs), "no refusal");
  assert.equal(await get(clientOf(region, "999988887777")), "AccessDenied: Access Denied");
});
