/** Virtual MFA devices: a second proof of who somebody is, by codes that an application on a phone shows. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import { credentialOwner } from "./credential-owner.ts";
import {
  deviceInUse, deviceNotOfUser, deviceStillInUse, deviceTaken, invalidAuthenticationCode, noSuchDevice,
} from "./credential-errors.ts";
import { deniedByName, quotaExceeded, validationError } from "./errors.ts";
import { listItems, listRows } from "./listing.ts";
import { mfaDevices, synchronized, type MfaDevice } from "./mfa-rows.ts";
import { requireUser, users, type User } from "./principals.ts";
import { qrCodePng } from "./qr-code.ts";
import { onUser, onUserOrCaller } from "./rules.ts";
import { addTags, checkTags, listTags, removeTags } from "./tagging.ts";
import { base32 } from "./totp.ts";
import { describeUser } from "./users.ts";

/** In base32, 64 characters. @evidence recorded answers of CreateVirtualMFADevice */
const seedBytes = 40;
/** @evidence model: EnableMFADevice, DeactivateMFADevice and AssumeRole take no longer serial numbers */
const serialNumberLengthMax = 256;
/** @evidence IAM User Guide, IAM and AWS STS quotas: MFA devices in use by an IAM user */
const devicesPerUserMax = 8;
/** Ten minutes: how late the codes of a device that is being enabled may be. */
const enableDistanceSteps = 20;
/** A day: by how much a device's clock may be wrong and still be synchronized. */
const resyncDistanceSteps = 2_880;

const onDevice = {
  resource: (input: { readonly SerialNumber: string }) => input.SerialNumber,
  denied: deniedByName,
};

function requireDevice(ctx: ReadContext, serialNumber: string): MfaDevice {
  const device = ctx.db(mfaDevices).get(serialNumber);
  if (device === undefined) throw noSuchDevice(serialNumber);
  return device;
}

function requireDeviceOf(ctx: ReadContext, ownerId: string, serialNumber: string): MfaDevice {
  const device = ctx.db(mfaDevices).get(serialNumber);
  if (device?.ownerId !== ownerId) throw deviceNotOfUser();
  return device;
}

/** Those in use by a user or by root. */
export function devicesOf(ctx: ReadContext, ownerId: string): MfaDevice[] {
  return [...ctx.db(mfaDevices).by("owner").list({ prefix: [ownerId] })];
}

/**
 * A device whose serial number could not be given again would be of no use. AWS documents no limit of names.
 *
 * @evidence none: the text is ours
 */
function nameTooLong(lengthMax: number): AwsError {
  return validationError(
    "1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: " +
      `Member must have length less than or equal to ${lengthMax}`,
  );
}

/** The seed is shown once, when the device is made. */
export const CreateVirtualMFADevice = operation(iam.CreateVirtualMFADevice, {
  resource: (input, ctx) => ctx.arn(`mfa${input.Path ?? "/"}${input.VirtualMFADeviceName}`),

  run(input, ctx) {
    const name = input.VirtualMFADeviceName;
    const serialNumber = ctx.arn(`mfa${input.Path ?? "/"}${name}`);
    const excess = serialNumber.length - serialNumberLengthMax;
    if (excess > 0) throw nameTooLong(Math.max(0, name.length - excess));
    checkTags(input.Tags, "exact");
    if (ctx.db(mfaDevices).has(serialNumber)) throw deviceTaken();
    const seed = ctx.ids.bytes(seedBytes);
    ctx.db(mfaDevices).put({
      serialNumber, seed, createdAt: ctx.clock.now(), driftSteps: 0, lastStep: 0,
    });
    tagNew(ctx, "iam:TagMFADevice", serialNumber, input.Tags);
    const secret = base32(seed);
    const label = encodeURIComponent(`${input.VirtualMFADeviceName}@${ctx.account}`);
    return {
      VirtualMFADevice: {
        SerialNumber: serialNumber,
        Base32StringSeed: Buffer.from(secret, "latin1"),
        QRCodePNG: qrCodePng(`otpauth://totp/${label}?secret=${secret}`),
        ...(input.Tags?.length && { Tags: input.Tags }),
      },
    };
  },
});

export const DeleteVirtualMFADevice = operation(iam.DeleteVirtualMFADevice, {
  ...onDevice,
  run(input, ctx) {
    const device = requireDevice(ctx, input.SerialNumber);
    if (device.ownerId !== undefined) throw deviceStillInUse();
    ctx.db(mfaDevices).delete(device.serialNumber);
    ctx.tags(device.serialNumber).clear();
    return {};
  },
});

export const EnableMFADevice = operation(iam.EnableMFADevice, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const device = requireDevice(ctx, input.SerialNumber);
    if (device.ownerId !== undefined) throw deviceInUse();
    if (devicesOf(ctx, user.id).length >= devicesPerUserMax) {
      throw quotaExceeded("MFADevicesPerUser", devicesPerUserMax);
    }
    const now = ctx.clock.now();
    const codes = [input.AuthenticationCode1, input.AuthenticationCode2] as const;
    const enabled = synchronized(device, codes, now, enableDistanceSteps);
    if (enabled === undefined) throw invalidAuthenticationCode();
    ctx.db(mfaDevices).put({ ...enabled, ownerId: user.id, enabledAt: now });
    return {};
  },
});

export const ResyncMFADevice = operation(iam.ResyncMFADevice, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const device = requireDeviceOf(ctx, user.id, input.SerialNumber);
    const codes = [input.AuthenticationCode1, input.AuthenticationCode2] as const;
    const resynced = synchronized(device, codes, ctx.clock.now(), resyncDistanceSteps);
    if (resynced === undefined) throw invalidAuthenticationCode();
    ctx.db(mfaDevices).put(resynced);
    return {};
  },
});

/** The device itself stays, and may be enabled anew. */
export const DeactivateMFADevice = operation(iam.DeactivateMFADevice, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const { ownerId: _, enabledAt: __, ...free } = requireDeviceOf(ctx, owner.id, input.SerialNumber);
    ctx.db(mfaDevices).put(free);
    return {};
  },
});

export const ListMFADevices = operation(iam.ListMFADevices, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const { items, marks } = listItems(input, `devices ${owner.id}`, devicesOf(ctx, owner.id));
    return {
      MFADevices: items.map((device) => ({
        UserName: owner.name, SerialNumber: device.serialNumber, EnableDate: device.enabledAt ?? 0,
      })),
      ...marks,
    };
  },
});

export const GetMFADevice = operation(iam.GetMFADevice, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const device = requireDeviceOf(ctx, owner.id, input.SerialNumber);
    return {
      UserName: owner.name, SerialNumber: device.serialNumber, EnableDate: device.enabledAt,
    };
  },
});

function describeListed(ctx: ReadContext, device: MfaDevice): iam.VirtualMFADevice {
  const { serialNumber, ownerId, enabledAt } = device;
  if (ownerId === undefined) return { SerialNumber: serialNumber };
  const user: User | undefined = ctx.db(users).get(ownerId);
  return {
    SerialNumber: serialNumber, EnableDate: enabledAt,
    ...(user !== undefined && { User: describeUser(ctx, user) }),
  };
}

export const ListVirtualMFADevices = operation(iam.ListVirtualMFADevices, {
  /** @evidence recorded denials: "iam:ListVirtualMFADevices on resource: arn:aws:iam::…:mfa/" */
  resource: (_input, ctx) => ctx.arn("mfa/"),
  run(input, ctx) {
    const status = input.AssignmentStatus ?? "Any";
    const { items, marks } = listRows(input, `virtual devices ${status}`, {
      rows: ctx.db(mfaDevices), key: (device) => device.serialNumber,
      keep: (device) => status === "Any" || (status === "Assigned") === (device.ownerId !== undefined),
    });
    return { VirtualMFADevices: items.map((device) => describeListed(ctx, device)), ...marks };
  },
});

export const TagMFADevice = operation(iam.TagMFADevice, {
  ...onDevice,
  run(input, ctx) {
    addTags(ctx, requireDevice(ctx, input.SerialNumber).serialNumber, input.Tags, "exact");
    return {};
  },
});

export const UntagMFADevice = operation(iam.UntagMFADevice, {
  ...onDevice,
  run(input, ctx) {
    removeTags(ctx, requireDevice(ctx, input.SerialNumber).serialNumber, input.TagKeys, "exact");
    return {};
  },
});

export const ListMFADeviceTags = operation(iam.ListMFADeviceTags, {
  ...onDevice,
  run: (input, ctx) => listTags(ctx, requireDevice(ctx, input.SerialNumber).serialNumber, input),
});
