/**
 * What symmetric encryption answers: a header that names the key and its material, then AES-256-GCM. The
 * header and the encryption context are authenticated, so that a changed byte of any of them is noticed.
 *
 * | bytes | what |
 * |---|---|
 * | 6 | `01 02 02 00 78` as AWS's own begin, and the version of this layout |
 * | 6 | the account, its 12 digits two a byte |
 * | 1 | 1 for a multi-Region key, else 0 |
 * | 16 | the key's id |
 * | 32 | the id of its material |
 * | 12, 16 | nonce, tag |
 */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { Ids } from "../../kernel/ids.ts";
import { validation } from "./errors.ts";

export type EncryptionContext = Readonly<Record<string, string>>;

export interface Ciphertext {
  readonly account: string;
  readonly keyId: string;
  readonly materialId: string;
  readonly header: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly body: Buffer;
}

const magic = Buffer.from([0x01, 0x02, 0x02, 0x00, 0x78, 0x01]);
const headerBytes = 61;
const ivBytes = 12;
const tagBytes = 16;
/** @evidence KMS Developer Guide, "Resource quotas" and "Encryption context": 8,192 bytes */
const contextBytesMax = 8192;

/** The same for all that one key encrypts. */
const headers = new WeakMap<KeyObject, Buffer>();

function headerOf(material: EncryptingMaterial): Buffer {
  let header = headers.get(material.key);
  if (!header) headers.set(material.key, (header = makeHeader(material)));
  return header;
}

function makeHeader({ account, keyId, materialId }: EncryptingMaterial): Buffer {
  const isMultiRegion = keyId.startsWith("mrk-");
  const id = isMultiRegion ? keyId.slice("mrk-".length) : keyId.replaceAll("-", "");
  return Buffer.concat([
    magic, Buffer.from(account, "hex"), Buffer.from([isMultiRegion ? 1 : 0]), Buffer.from(id, "hex"),
    Buffer.from(materialId, "hex"),
  ]);
}

/** Undefined when the bytes are not a ciphertext of this layout. */
export function parseCiphertext(blob: Uint8Array): Ciphertext | undefined {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < headerBytes + ivBytes + tagBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    return undefined;
  }
  const id = bytes.toString("hex", 13, 29);
  const bodyStart = headerBytes + ivBytes + tagBytes;
  return {
    account: bytes.toString("hex", 6, 12),
    keyId: bytes[12] === 1 ? `mrk-${id}`
      : `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
    materialId: bytes.toString("hex", 29, headerBytes),
    header: bytes.subarray(0, headerBytes),
    iv: bytes.subarray(headerBytes, headerBytes + ivBytes),
    tag: bytes.subarray(headerBytes + ivBytes, bodyStart),
    body: bytes.subarray(bodyStart),
  };
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The order of the pairs means nothing. @evidence KMS Developer Guide, "Encryption context" */
function authenticated(header: Buffer, context: EncryptionContext | undefined): Buffer {
  const names = Object.keys(context ?? {});
  if (!context || names.length === 0) return header;
  const pairs = names.sort().flatMap((name) => [lengthPrefixed(name), lengthPrefixed(context[name] ?? "")]);
  const bytes = Buffer.concat([header, ...pairs]);
  if (bytes.length - header.length - 8 * names.length > contextBytesMax) {
    throw validation(`EncryptionContext must not be larger than ${contextBytesMax} bytes.`);
  }
  return bytes;
}

/** Material belongs to one key, so that its key object stands for all of this. */
export interface EncryptingMaterial {
  readonly key: KeyObject;
  readonly account: string;
  readonly keyId: string;
  readonly materialId: string;
}

export function encryptBytes(
  material: EncryptingMaterial, ids: Ids, plaintext: Uint8Array, context: EncryptionContext | undefined,
): Buffer {
  const header = headerOf(material);
  const iv = ids.bytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", material.key, iv).setAAD(authenticated(header, context));
  const body = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([header, iv, cipher.getAuthTag(), body]);
}

/** Undefined when a byte of it, or the encryption context, is not what it was. */
export function decryptBytes(
  key: KeyObject, ciphertext: Ciphertext, context: EncryptionContext | undefined,
): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, ciphertext.iv, { authTagLength: tagBytes });
  decipher.setAAD(authenticated(ciphertext.header, context)).setAuthTag(ciphertext.tag);
  const plaintext = decipher.update(ciphertext.body);
  try {
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}
