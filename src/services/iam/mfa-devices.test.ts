import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateUserCommand, CreateVirtualMFADeviceCommand, DeactivateMFADeviceCommand, DeleteUserCommand,
  DeleteVirtualMFADeviceCommand, EnableMFADeviceCommand, GetMFADeviceCommand, IAMClient,
    ListMFADevicesCommand,
  ListMFADeviceTagsCommand, ListVirtualMFADevicesCommand, ResyncMFADeviceCommand, TagMFADeviceCommand,
  UntagMFADeviceCommand,
} from "@aws-sdk/client-iam";
import { inflateSync } from "node:zlib";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";
import { base32, codeOf, findStep, stepAt } from "./totp.ts";

const serial = "arn:aws:iam::000000000000:mfa/phone";
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

/** A user with a device that is not enabled yet, and the device's seed. */
async function withDevice(iam: IAMClient): Promise<Buffer> {
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  const { VirtualMFADevice } =
    await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "phone" }));
  return fromBase32(Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString());
}

test("One-time passwords are those of RFC 6238's appendix B", () => {
  const seed = Buffer.from("12345678901234567890");
  const expected =
    [[59, "287082"], [1111111109, "081804"], [1234567890, "005924"], [20000000000, "353130"]] as const;
  for (const [seconds, code] of expected) assert.equal(codeOf(seed, stepAt(seconds * 1000)), code);
  assert.equal(base32(Buffer.from("foobar")), "MZXW6YTBOI");
  assert.equal(findStep(seed, ["287082"], 3, 2), 1);
  assert.equal(findStep(seed, ["287082"], 4, 2), undefined);
});

test("A new device shows its seed once, also as a picture", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { VirtualMFADevice: device } = await iam.send(new CreateVirtualMFADeviceCommand({
    VirtualMFADeviceName: "phone", Path: "/staff/", Tags: [{ Key: "team", Value: "blue" }],
  }));
  assert.equal(device?.SerialNumber, "arn:aws:iam::000000000000:mfa/staff/phone");
  assert.match(Buffer.from(device?.Base32StringSeed ?? []).toString(), /^[A-Z2-7]{64}$/);
  assert.deepEqual(device?.Tags, [{ Key: "team", Value: "blue" }]);
  const png = Buffer.from(device?.QRCodePNG ?? []);
  assert.equal(png.subarray(0, 8).toString("hex"), "89504e470d0a1a0a");
  const size = png.readUInt32BE(16);
  const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  assert.equal(pixels.length, size * (1 + Math.ceil(size / 8)));
  const again = await refusal(iam.send(new CreateVirtualMFADeviceCommand({
    VirtualMFADeviceName: "phone", Path: "/staff/",
  })));
  assert.deepEqual(again,
    ["EntityAlreadyExists", "MFADevice entity at the same path and name already exists.", 409]);
  const named = (length: number, Path = "/") =>
    iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "a".repeat(length), Path }));
  assert.equal((await named(226)).VirtualMFADevice?.SerialNumber?.length, 256);
  assert.deepEqual(await refusal(named(227)), ["ValidationError",
    "1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: " +
      "Member must have length less than or equal to 226", 400]);
  assert.equal((await named(224, "/p/")).VirtualMFADevice?.SerialNumber?.length, 256);
  assert.match((await refusal(named(225, "/p/")))[1], /less than or equal to 224$/);
});

test("A device is enabled with two codes in a row, and with nothing else", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const seed = await withDevice(iam);
  const now = stepAt(region.clock.now());
  const enable = (first: number, second: number) => iam.send(new EnableMFADeviceCommand({
    UserName: "alice", SerialNumber: serial, AuthenticationCode1: codeOf(seed, first),
    AuthenticationCode2: codeOf(seed, second),
  }));
  const wrong = ["InvalidAuthenticationCode", "Authentication code for device is not valid.", 403];
  assert.deepEqual(await refusal(enable(now, now)), wrong);
  assert.deepEqual(await refusal(enable(now, now - 1)), wrong);
  assert.deepEqual(await refusal(enable(now - 100, now - 99)), wrong);
  await enable(now - 1, now);
  assert.deepEqual(await refusal(enable(now, now + 1)),
    ["EntityAlreadyExists", "MFA Device is already in use.", 409]);
  const { MFADevices } = await iam.send(new ListMFADevicesCommand({ UserName: "alice" }));
  const EnableDate = new Date("2026-01-01T00:00:00Z");
  assert.deepEqual(MFADevices, [{ UserName: "alice", SerialNumber: serial, EnableDate }]);
  const got = await iam.send(new GetMFADeviceCommand({ UserName: "alice", SerialNumber: serial }));
  assert.deepEqual([got.UserName, got.SerialNumber, got.EnableDate], ["alice", serial, EnableDate]);
});

test("A device that is in use can't be deleted, nor can its user", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const seed = await withDevice(iam);
  const now = stepAt(region.clock.now());
  await iam.send(new EnableMFADeviceCommand({
    UserName: "alice", SerialNumber: serial, AuthenticationCode1: codeOf(seed, now - 1),
    AuthenticationCode2: codeOf(seed, now),
  }));
  assert.deepEqual(await refusal(iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }))),
    ["DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", 409]);
  assert.deepEqual(await refusal(iam.send(new DeleteUserCommand({ UserName: "alice" }))),
    ["DeleteConflict", "Cannot delete entity, must delete MFA device first.", 409]);
  const assigned = await iam.send(new ListVirtualMFADevicesCommand({ AssignmentStatus: "Assigned" }));
  assert.equal(assigned.VirtualMFADevices?.[0]?.User?.UserName, "alice");
  await iam.send(new DeactivateMFADeviceCommand({ UserName: "alice", SerialNumber: serial }));
  assert.deepEqual(
    await refusal(iam.send(new DeactivateMFADeviceCommand({ UserName: "alice", SerialNumber: serial }))),
    ["NoSuchEntity", "MFA Device invalid for user.", 404]);
  const free = await iam.send(new ListVirtualMFADevicesCommand({ AssignmentStatus: "Unassigned" }));
  assert.deepEqual(free.VirtualMFADevices?.map((device) => device.SerialNumber), [serial]);
  await iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }));
  assert.deepEqual(await refusal(iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }))),
    ["NoSuchEntity", `VirtualMFADevice with serial number ${serial} doesn't exist.`, 404]);
  await iam.send(new DeleteUserCommand({ UserName: "alice" }));
});

test("A device whose clock is wrong is synchronized by two codes", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const seed = await withDevice(iam);
  const now = stepAt(region.clock.now());
  const codes = (first: number) => ({
    UserName: "alice", SerialNumber: serial, AuthenticationCode1: codeOf(seed, first),
    AuthenticationCode2: codeOf(seed, first + 1),
  });
  assert.deepEqual(await refusal(iam.send(new ResyncMFADeviceCommand(codes(now)))),
    ["NoSuchEntity", "MFA Device invalid for user.", 404]);
  await iam.send(new EnableMFADeviceCommand(codes(now - 1)));
  await iam.send(new ResyncMFADeviceCommand(codes(now + 200)));
  assert.deepEqual(await refusal(iam.send(new ResyncMFADeviceCommand(codes(now + 5_000)))),
    ["InvalidAuthenticationCode", "Authentication code for device is not valid.", 403]);
});

test("Devices have tags, whose keys differ by case", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await withDevice(iam);
  await iam.send(new TagMFADeviceCommand({
    SerialNumber: serial, Tags: [{ Key: "a", Value: "1" }, { Key: "A", Value: "2" }],
  }));
  await iam.send(new UntagMFADeviceCommand({ SerialNumber: serial, TagKeys: ["a"] }));
  const { Tags } = await iam.send(new ListMFADeviceTagsCommand({ SerialNumber: serial }));
  assert.deepEqual(Tags, [{ Key: "A", Value: "2" }]);
});
