/** Bytes that rest under a key, AES-256-GCM: the nonce, the tag, and what was encrypted. */

import { createCipheriv, createDecipheriv } from "node:crypto";

export const sealingIvBytes = 12;
const tagBytes = 16;

/** By how much what is sealed is longer than what it holds. */
export const sealedBytesMore = sealingIvBytes + tagBytes;

/** @param under 32 bytes @param iv 12 bytes, used once under this key */
export function seal(plain: Uint8Array, under: Uint8Array, iv: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", under, iv);
  const sealed = cipher.update(plain);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** @throws Error when it was not sealed under this key, or is not whole */
export function unseal(sealed: Uint8Array, under: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const iv = bytes.subarray(0, sealingIvBytes);
  const decipher = createDecipheriv("aes-256-gcm", under, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(sealingIvBytes, sealedBytesMore));
  return Buffer.concat([decipher.update(bytes.subarray(sealedBytesMore)), decipher.final()]);
}
