/** Keys that rest under other keys. */

import { createCipheriv, createDecipheriv } from "node:crypto";

const ivBytes = 12;
const tagBytes = 16;

/** @param under 32 bytes @param iv 12 bytes, used once under this key */
export function sealKey(key: Buffer, under: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", under, iv);
  const sealed = cipher.update(key);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

export function openKey(sealed: Uint8Array, under: Buffer): Buffer {
  const bytes = Buffer.from(sealed);
  const iv = bytes.subarray(0, ivBytes);
  const decipher = createDecipheriv("aes-256-gcm", under, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
}

export const sealingIvBytes = ivBytes;

