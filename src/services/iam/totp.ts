/**
 * Time-based one-time passwords: HMAC-SHA-1, steps of 30 seconds, six digits.
 *
 * @evidence RFC 6238; IAM API Reference, CreateVirtualMFADevice, Base32StringSeed: "compliant with RFC 3548"
 */

import { createHmac } from "node:crypto";

const stepMilliseconds = 30_000;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += letters.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + letters.charAt((held << (5 - bits)) & 31);
}

/** @param time epoch milliseconds */
export function stepAt(time: number): number {
  return Math.floor(time / stepMilliseconds);
}

/** What a device with this seed shows during a step. */
export function codeOf(seed: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.max(0, step)));
  const digest = createHmac("sha1", seed).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0x0f;
  const number = (digest.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000;
  return String(number).padStart(6, "0");
}

/**
 * The step nearest to `around`, at most `distance` away, at which `codes` begin to show one after the other.
 */
export function findStep(
  seed: Uint8Array, codes: readonly string[], around: number, distance: number,
): number | undefined {
  const shown = (step: number) => codes.every((code, index) => codeOf(seed, step + index) === code);
  for (let away = 0; away <= distance; away++) {
    if (shown(around - away)) return around - away;
    if (shown(around + away)) return around + away;
  }
  return undefined;
}
