/** How virtual MFA devices are kept, and how their codes are checked. */

import { table } from "../../store/types.ts";
import { findStep, stepAt } from "./totp.ts";

export interface MfaDevice {
  /** The device's ARN. */
  readonly serialNumber: string;
  readonly seed: Uint8Array;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Where somebody uses it: a user's id, or the account's number for its root. */
  readonly ownerId?: string;
  readonly enabledAt?: number;
  /** By how many steps of 30 seconds the device's clock is ahead of the region's. */
  readonly driftSteps: number;
  /** Codes up to this step have been used up. */
  readonly lastStep: number;
}

export const mfaDevices = table<MfaDevice, "owner">("iam.mfaDevices", {
  key: (device) => device.serialNumber,
  indexes: { owner: (device) => (device.ownerId === undefined ? undefined : [device.ownerId]) },
});

/** A code counts one step before and after its time. @evidence RFC 6238, 5.2 Validation and Time-Step Size */
const toleranceSteps = 1;

/** The step of a code that is right now and has not been used, else undefined. */
export function stepOfCode(device: MfaDevice, code: string, now: number): number | undefined {
  const around = stepAt(now) + device.driftSteps;
  const step = findStep(device.seed, [code], around, toleranceSteps);
  return step === undefined || step <= device.lastStep ? undefined : step;
}

/**
 * The device as it is after two codes in a row have shown what its clock says; undefined when they are wrong.
 *
 * @evidence IAM API Reference, EnableMFADevice: codes that are submitted late associate the device, "but the
 *   MFA device becomes out of sync"
 */
export function synchronized(
  device: MfaDevice, codes: readonly [string, string], now: number, distanceSteps: number,
): MfaDevice | undefined {
  const current = stepAt(now);
  const first = findStep(device.seed, codes, current - 1, distanceSteps);
  if (first === undefined || first + 1 <= device.lastStep) return undefined;
  const drift = first + 1 - current;
  return { ...device, driftSteps: Math.abs(drift) <= toleranceSteps ? 0 : drift, lastStep: first + 1 };
}
