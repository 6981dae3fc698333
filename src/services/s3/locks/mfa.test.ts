import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateVirtualMFADeviceCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetBucketVersioningCommand,
  PutBucketLifecycleConfigurationCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { mfaDevices } from "../../iam/mfa-rows.ts";
import { codeOf, stepAt } from "../../iam/totp.ts";

const Bucket = "bucket";
const Key = "key";

/** Only the console gives root a device, and so it is given one here behind the API. */
async function rootDevice(region: TestRegion): Promise<() => string> {
  const { VirtualMFADevice } = await region.client(IAMClient).send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "root-account-mfa-device" }),
  );
  const serial = VirtualMFADevice?.SerialNumber ?? "";
  const cell = { account: "000000000000", region: "aws-global" };
  const seed = region.engine.store.transact(cell, (transaction) => {
    const device = transaction.rows(mfaDevices).get(serial);
    assert.ok(device);
    transaction.rows(mfaDevices).put({ ...device, ownerId: cell.account });
    return device.seed;
  });
  return () => `${serial} ${codeOf(seed, stepAt(region.clock.now()))}`;
}

const needsMfa = { name: "AccessDenied", message: "Mfa Authentication must be used for this request" };

test("s3-mfa-delete: deleting a version takes root and the code that its device shows", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const mfa = await rootDevice(region);
  const version = (MFADelete: "Enabled" | "Disabled" | undefined, MFA?: string, client = s3) =>
    client.send(new PutBucketVersioningCommand({
      Bucket, MFA, VersioningConfiguration: { Status: "Enabled", MFADelete },
    }));
  await version(undefined);
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).MFADelete, undefined);
  await assert.rejects(version("Enabled"), needsMfa);
  await assert.rejects(version("Enabled", "123456"), {
    name: "InvalidArgument",
    message: "Mfa header is invalid -- the header should be formatted as {serialNumber}(space){tokenCode}",
    ArgumentName: "x-amz-mfa",
  });
  const wrong = mfa().replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
  await assert.rejects(version("Enabled", wrong), needsMfa);
  const user = region.client(S3Client, {
    credentials: await region.user("user", {
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    }),
  });
  await assert.rejects(version("Enabled", mfa(), user), {
    name: "InvalidRequest", message: "DevPay and Mfa are mutually exclusive authorization methods.",
  });
  await version("Enabled", mfa());
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).MFADelete, "Enabled");

  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key }));
  const marker = await user.send(new DeleteObjectCommand({ Bucket, Key }));
  assert.equal(marker.DeleteMarker, true);
  const remove = (MFA?: string, client = s3) =>
    client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, MFA }));
  await assert.rejects(remove(), needsMfa);
  await assert.rejects(remove(undefined, user), needsMfa);
  const { Errors } = await s3.send(new DeleteObjectsCommand({
    Bucket, Delete: { Objects: [{ Key, VersionId }] },
  }));
  assert.deepEqual(Errors, [{ Key, VersionId, Code: "AccessDenied", Message: needsMfa.message }]);
  const old = mfa();
  await region.clock.advance({ minutes: 5 });
  await assert.rejects(remove(old), needsMfa);
  await remove(mfa());

  await assert.rejects(version(undefined), needsMfa);
  await assert.rejects(
    s3.send(new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ Status: "Enabled", Filter: {}, Expiration: { Days: 1 } }],
      },
    })),
    { name: "InvalidBucketState" },
  );
  await version("Disabled", mfa());
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).MFADelete, "Disabled");
  await version(undefined);
});
