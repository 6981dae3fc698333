import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadBucketCommand,
  ListObjectsV2Command, PutBucketVersioningCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateAccessPointCommand, CreateMultiRegionAccessPointCommand, DeleteAccessPointCommand,
  DeleteAccessPointPolicyCommand, DeleteMultiRegionAccessPointCommand, DeletePublicAccessBlockCommand,
  DescribeMultiRegionAccessPointOperationCommand, GetAccessPointCommand, GetAccessPointPolicyCommand,
  GetAccessPointPolicyStatusCommand, GetMultiRegionAccessPointCommand, GetMultiRegionAccessPointPolicyCommand,
  GetMultiRegionAccessPointRoutesCommand, GetPublicAccessBlockCommand, ListAccessPointsCommand,
  PutAccessPointPolicyCommand, PutMultiRegionAccessPointPolicyCommand, PutPublicAccessBlockCommand,
  S3ControlClient, SubmitMultiRegionAccessPointRoutesCommand,
} from "@aws-sdk/client-s3-control";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { anonymous, clientOf, letsEverybodyRead, makeBucket, putPolicy } from "../../../test/s3-access.ts";

const AccountId = "000000000000";
const arn = "arn:aws:s3:us-east-1:000000000000:accesspoint/finance";
const user = "arn:aws:iam::000000000000:user/alice";

function controlOf(region: TestRegion): S3ControlClient {
  return region.client(S3ControlClient);
}

async function makePoint(region: TestRegion, more: object = {}): Promise<string> {
  const { Alias = "" } = await controlOf(region).send(
    new CreateAccessPointCommand({ AccountId, Name: "finance", Bucket: "bucket", ...more }),
  );
  return Alias;
}

function get(s3: S3Client, Bucket: string, Key = "key"): Promise<string> {
  return refusal(s3.send(new GetObjectCommand({ Bucket, Key })));
}

test("an access point is reached by its alias, its ARN and its host name", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const Alias = await makePoint(region);
  assert.match(Alias, /^finance-[a-z0-9]{34}-s3alias$/);
  for (const Bucket of [Alias, arn]) {
    assert.equal(await get(s3, Bucket), "no refusal");
    await s3.send(new PutObjectCommand({ Bucket, Key: "new", Body: "x" }));
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(Contents?.map(({ Key }) => Key), ["key", "new"]);
  }
  const heads = await Promise.all(
    [Alias, arn, "bucket"].map((Bucket) => s3.send(new HeadBucketCommand({ Bucket }))),
  );
  assert.deepEqual(heads.map(({ AccessPointAlias }) => AccessPointAlias), [true, false, false]);
  const Status = "Enabled";
  assert.equal(
    await refusal(
      s3.send(new PutBucketVersioningCommand({ Bucket: Alias, VersioningConfiguration: { Status } })),
    ),
    "MethodNotAllowed: The specified method is not allowed against this resource.",
  );
  const unknown = Alias.replace("finance", "nothing");
  assert.equal(await get(s3, unknown), "NoSuchBucket: The specified bucket does not exist");
  const point = await controlOf(region).send(new GetAccessPointCommand({ AccountId, Name: "finance" }));
  assert.equal(point.Bucket, "bucket");
  assert.equal(point.NetworkOrigin, "Internet");
  assert.equal(point.AccessPointArn, arn);
  assert.equal(point.Endpoints?.["ipv4"], "s3-accesspoint.us-east-1.amazonaws.com");
  assert.equal(point.PublicAccessBlockConfiguration?.BlockPublicPolicy, true);
});

test("both the access point's policy and the bucket must let somebody in", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const control = controlOf(region);
  await makePoint(region);
  const alice = clientOf(region, await region.user("alice"));
  const allow = (Resource: string, more: object = {}) => ({
    Effect: "Allow", Principal: { AWS: user }, Action: "s3:GetObject", Resource, ...more,
  });
  const put = (...Statement: object[]) =>
    control.send(
      new PutAccessPointPolicyCommand({
        AccountId, Name: "finance", Policy: JSON.stringify({ Version: "2012-10-17", Statement }),
      }),
    );
  const denied = (resource: string) =>
    `AccessDenied: User: ${user} is not authorized to perform: s3:GetObject on resource: "${resource}" ` +
    "because no identity-based policy allows the s3:GetObject action";
  assert.equal(await get(alice, arn), denied(`${arn}/object/key`));
  await put(allow(`${arn}/object/k*`));
  assert.equal(await get(alice, arn), denied("arn:aws:s3:::bucket/key"));
  const delegated = {
    Effect: "Allow", Principal: { AWS: "*" }, Action: "*",
    Resource: ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
    Condition: { StringEquals: { "s3:DataAccessPointAccount": AccountId } },
  };
  await putPolicy(s3, delegated);
  assert.equal(await get(alice, arn), "no refusal");
  assert.match(await get(alice, "bucket"), /^AccessDenied: /);
  await putPolicy(s3, { ...delegated, Condition: { ArnLike: { "s3:DataAccessPointArn": `${arn}x` } } });
  assert.match(await get(alice, arn), /^AccessDenied: /);
  await putPolicy(s3, {
    ...delegated,
    Condition: { StringEquals: { "s3:DataAccessPointArn": arn, "s3:AccessPointNetworkOrigin": "Internet" } },
  });
  assert.equal(await get(alice, arn), "no refusal");
  await put({ ...allow(`${arn}/object/*`), Effect: "Deny" });
  assert.match(await get(alice, arn), /with an explicit deny in a resource-based policy$/);
  await put({ ...allow(`${arn}/object/*`), Principal: "*", Effect: "Deny", Action: "s3:DeleteObject" });
  const Delete = { Objects: [{ Key: "key" }] };
  const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: arn, Delete }));
  assert.deepEqual(Errors?.map(({ Code }) => Code), ["AccessDenied"]);
  const named = { AccountId, Name: "finance" };
  await control.send(new DeleteAccessPointPolicyCommand(named));
  assert.equal(
    await refusal(control.send(new GetAccessPointPolicyCommand(named))),
    "NoSuchAccessPointPolicy: The specified accesspoint policy does not exist",
  );
  assert.equal(
    await refusal(put(allow("arn:aws:s3:::bucket/*"))),
    "MalformedPolicy: Policy has invalid resource",
  );
  assert.equal(
    await refusal(put({ ...allow(`${arn}/object/*`), Principal: "*" })),
    "AccessDenied: User: arn:aws:iam::000000000000:root is not authorized to perform: " +
      `s3:PutAccessPointPolicy on resource: "${arn}" because public policies are prevented by the ` +
      "BlockPublicPolicy setting in S3 Block Public Access.",
  );
});

test("an open access point to an open bucket is anybody's, that of a VPC nobody's from outside", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  const control = controlOf(region);
  await putPolicy(s3, letsEverybodyRead);
  const Alias = await makePoint(region, { PublicAccessBlockConfiguration: {} });
  const path = `/${Alias}/key`;
  assert.equal(await anonymous(region, { path }), "403 AccessDenied: Access Denied");
  const Statement = [
    { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `${arn}/object/*` },
  ];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const named = { AccountId, Name: "finance" };
  await control.send(new PutAccessPointPolicyCommand({ ...named, Policy }));
  assert.equal(await anonymous(region, { path }), "200 content");
  const host = "finance-000000000000.s3-accesspoint.us-east-1.amazonaws.com";
  assert.equal(await anonymous(region, { host, path: "/key" }), "200 content");
  assert.equal(
    await anonymous(region, { host: "finance-000000000000.localhost:4566", path: "/key" }),
    "200 content",
  );
  const { PolicyStatus } = await control.send(new GetAccessPointPolicyStatusCommand(named));
  assert.equal(PolicyStatus?.IsPublic, true);
  await control.send(
    new CreateAccessPointCommand({
      AccountId, Name: "inside", Bucket: "bucket", VpcConfiguration: { VpcId: "vpc-1a2b3c4d" },
    }),
  );
  assert.equal(await get(s3, arn.replace("finance", "inside")), "AccessDenied: Access Denied");
});

test("access points are listed by bucket, keep their bucket, and go", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const control = controlOf(region);
  await makePoint(region);
  assert.equal(
    await refusal(makePoint(region)),
    "AccessPointAlreadyOwnedByYou: Your previous request to create the named accesspoint succeeded and " +
      "you already own it.",
  );
  assert.equal(
    await refusal(makePoint(region, { Name: "other", Bucket: "nothing-there" })),
    "NoSuchBucket: The specified bucket does not exist",
  );
  assert.equal(
    await refusal(makePoint(region, { Name: "Upper" })),
    "InvalidAccessPoint: The specified access point name or account is not valid.",
  );
  const listed = await control.send(new ListAccessPointsCommand({ AccountId, Bucket: "bucket" }));
  assert.deepEqual(listed.AccessPointList?.map(({ Name }) => Name), ["finance"]);
  await s3.send(new CreateBucketCommand({ Bucket: "second" }));
  await makePoint(region, { Name: "second", Bucket: "second" });
  assert.match(
    await refusal(s3.send(new DeleteBucketCommand({ Bucket: "second" }))),
    /^BucketHasAccessPointsAttached: /,
  );
  await control.send(new DeleteAccessPointCommand({ AccountId, Name: "second" }));
  await s3.send(new DeleteBucketCommand({ Bucket: "second" }));
  assert.equal(
    await refusal(control.send(new GetAccessPointCommand({ AccountId, Name: "second" }))),
    "NoSuchAccessPoint: The specified accesspoint does not exist",
  );
});

test("Block Public Access of an account holds for all of its buckets", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  const control = controlOf(region);
  const block = (PublicAccessBlockConfiguration: object) =>
    control.send(new PutPublicAccessBlockCommand({ AccountId, PublicAccessBlockConfiguration }));
  assert.equal(
    await refusal(control.send(new GetPublicAccessBlockCommand({ AccountId }))),
    "NoSuchPublicAccessBlockConfiguration: The public access block configuration was not found",
  );
  await putPolicy(s3, letsEverybodyRead);
  assert.equal(await anonymous(region), "200 content");
  await block({ RestrictPublicBuckets: true });
  assert.equal(await anonymous(region), "403 AccessDenied: Access Denied");
  await block({ BlockPublicPolicy: true });
  assert.equal(await anonymous(region), "200 content");
  assert.match(await refusal(putPolicy(s3, letsEverybodyRead)), /BlockPublicPolicy setting/);
  await control.send(new DeletePublicAccessBlockCommand({ AccountId }));
  await putPolicy(s3, letsEverybodyRead);
});

test("a Multi-Region Access Point is made in time, and leads to the nearest active bucket", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const control = region.client(S3ControlClient, { region: "us-west-2" });
  const there = region.client(S3Client, { region: "eu-west-1" });
  const europe = { LocationConstraint: "eu-west-1" as const };
  await there.send(new CreateBucketCommand({ Bucket: "europe", CreateBucketConfiguration: europe }));
  await there.send(new PutObjectCommand({ Bucket: "europe", Key: "key", Body: "european" }));
  const Details = { Name: "spanning", Regions: [{ Bucket: "bucket" }, { Bucket: "europe" }] };
  const create = { AccountId, ClientToken: "once", Details };
  const { RequestTokenARN } = await control.send(new CreateMultiRegionAccessPointCommand(create));
  const again = await control.send(new CreateMultiRegionAccessPointCommand(create));
  assert.equal(again.RequestTokenARN, RequestTokenARN);
  const status = async () =>
    (await control.send(new DescribeMultiRegionAccessPointOperationCommand({ AccountId, RequestTokenARN })))
      .AsyncOperation?.RequestStatus;
  assert.equal(await status(), "INPROGRESS");
  const described = () => control.send(new GetMultiRegionAccessPointCommand({ AccountId, Name: "spanning" }));
  const { AccessPoint } = await described();
  const alias = AccessPoint?.Alias ?? "";
  assert.equal(AccessPoint?.Status, "CREATING");
  await region.clock.advance({ minutes: 1 });
  assert.equal(await status(), "SUCCEEDED");
  assert.equal((await described()).AccessPoint?.Status, "READY");

  const read = async (from: S3Client) => {
    const { Body } = await from.send(new GetObjectCommand({ Bucket: alias, Key: "key" }));
    return Body?.transformToString();
  };
  assert.equal(await read(s3), "content");
  assert.equal(await read(there), "european");
  const Mrap = `arn:aws:s3::${AccountId}:accesspoint/${alias}`;
  const RouteUpdates = [{ Bucket: "bucket", TrafficDialPercentage: 0 }];
  const updated = { AccountId, Mrap, RouteUpdates };
  await control.send(new SubmitMultiRegionAccessPointRoutesCommand(updated));
  assert.equal(await read(s3), "european");
  const { Routes } = await control.send(new GetMultiRegionAccessPointRoutesCommand({ AccountId, Mrap }));
  assert.deepEqual(Routes?.map(({ TrafficDialPercentage }) => TrafficDialPercentage), [0, 100]);

  const Statement = [
    { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `${Mrap}/object/*` },
  ];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const put = { AccountId, ClientToken: "policy", Details: { Name: "spanning", Policy } };
  await control.send(new PutMultiRegionAccessPointPolicyCommand(put));
  const policy = async () =>
    (await control.send(new GetMultiRegionAccessPointPolicyCommand({ AccountId, Name: "spanning" }))).Policy;
  assert.deepEqual(await policy(), { Proposed: { Policy } });
  assert.equal(await read(s3), "european");
  await region.clock.advance({ minutes: 1 });
  assert.equal((await policy())?.Established?.Policy, Policy);
  await assert.rejects(read(s3), { name: "AccessDenied" });

  const gone = { AccountId, ClientToken: "gone", Details: { Name: "spanning" } };
  await control.send(new DeleteMultiRegionAccessPointCommand(gone));
  await region.clock.advance({ minutes: 1 });
  await assert.rejects(described(), { name: "NoSuchMultiRegionAccessPoint" });
});
