import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateUserCommand, DeleteUserCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateAccessPointCommand, CreateMultiRegionAccessPointCommand,
  DescribeMultiRegionAccessPointOperationCommand, GetAccessPointPolicyCommand,
  GetMultiRegionAccessPointCommand, GetMultiRegionAccessPointPolicyCommand, PutAccessPointPolicyCommand,
  PutMultiRegionAccessPointPolicyCommand, S3ControlClient,
} from "@aws-sdk/client-s3-control";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { makeBucket } from "../../../test/s3-access.ts";

const AccountId = "000000000000";

function letsIn(name: string, resource: string): string {
  const AWS = `arn:aws:iam::000000000000:user/${name}`;
  const Statement = [
    { Effect: "Allow", Principal: { AWS }, Action: "s3:GetObject", Resource: `${resource}/object/*` },
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

test("policies of access points show the unique ids of users who are gone", async () => {
  await using region = await startRegion();
  await makeBucket(region);
  const control = region.client(S3ControlClient);
  const iam = region.client(IAMClient);
  const named = { AccountId, Name: "finance" };
  await control.send(new CreateAccessPointCommand({ ...named, Bucket: "bucket" }));
  const arn = `arn:aws:s3:us-east-1:${AccountId}:accesspoint/finance`;
  const put = (Policy: string) => control.send(new PutAccessPointPolicyCommand({ ...named, Policy }));
  const shown = async () => (await control.send(new GetAccessPointPolicyCommand(named))).Policy ?? "";
  assert.equal(await refusal(put(letsIn("ana", arn))), "MalformedPolicy: Invalid principal in policy");

  const { User } = await iam.send(new CreateUserCommand({ UserName: "ana" }));
  await put(letsIn("ana", arn));
  assert.equal(await shown(), letsIn("ana", arn));
  const spanning = { AccountId, Name: "spanning" };
  const Details = { Name: "spanning", Regions: [{ Bucket: "bucket" }] };
  const create = { AccountId, ClientToken: "create", Details };
  const { RequestTokenARN } = await control.send(new CreateMultiRegionAccessPointCommand(create));
  await region.clock.advance({ minutes: 1 });
  const describe = new DescribeMultiRegionAccessPointOperationCommand({ AccountId, RequestTokenARN });
  assert.equal((await control.send(describe)).AsyncOperation?.RequestStatus, "SUCCEEDED");
  const { AccessPoint } = await control.send(new GetMultiRegionAccessPointCommand(spanning));
  const spanningArn = `arn:aws:s3::${AccountId}:accesspoint/${AccessPoint?.Alias}`;
  const Policy = letsIn("ana", spanningArn);
  const putSpanning = { AccountId, ClientToken: "policy", Details: { Name: "spanning", Policy } };
  await control.send(new PutMultiRegionAccessPointPolicyCommand(putSpanning));
  const spanningPolicy = async () =>
    (await control.send(new GetMultiRegionAccessPointPolicyCommand(spanning))).Policy;
  assert.deepEqual(await spanningPolicy(), { Proposed: { Policy } });

  await region.clock.advance({ minutes: 1 });
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  await iam.send(new CreateUserCommand({ UserName: "ana" }));
  const withId = (policy: string) => policy.replace(/arn:aws:iam::\d+:user\/ana/, User?.UserId ?? "");
  assert.equal(await shown(), withId(letsIn("ana", arn)));
  assert.equal((await spanningPolicy())?.Established?.Policy, withId(Policy));
});
