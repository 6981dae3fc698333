/** RSA signatures over digests that are made already, which node:crypto does not offer. Pure. */

import { constants, createHash, privateEncrypt, publicDecrypt, type KeyLike } from "node:crypto";

/** The DER prefix of a DigestInfo. @evidence RFC 8017, 9.2, Notes 1 */
const digestInfoPrefixes: Readonly<Record<string, string>> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

function digestInfo(hash: string, digest: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(digestInfoPrefixes[hash] ?? "", "hex"), digest]);
}

export function signPkcs1(privateKey: KeyLike, hash: string, digest: Uint8Array): Buffer {
  return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, digestInfo(hash, digest));
}

export function verifyPkcs1(
  publicKey: KeyLike, hash: string, digest: Uint8Array, signature: Uint8Array,
): boolean {
  try {
    return publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature)
      .equals(digestInfo(hash, digest));
  } catch {
    return false;
  }
}

/** The mask generation function of PSS. @evidence RFC 8017, B.2.1 */
function mask(hash: string, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter++) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(suffix).digest();
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(one: Uint8Array, other: Uint8Array): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}

function pssHash(hash: string, digest: Uint8Array, salt: Uint8Array): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

const trailer = 0xbc;

/** @evidence RFC 8017, 9.1.1; the salt is as long as the digest: KMS Developer Guide, "RSA key specs" */
export function signPss(
  privateKey: KeyLike, lengthBits: number, hash: string, digest: Uint8Array, salt: Uint8Array,
): Buffer {
  const length = lengthBits / 8;
  const inner = pssHash(hash, digest, salt);
  const block = Buffer.alloc(length - inner.length - 1);
  block[block.length - salt.length - 1] = 1;
  block.set(salt, block.length - salt.length);
  const masked = xor(block, mask(hash, inner, block.length));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = Buffer.concat([masked, inner, Buffer.from([trailer])]);
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

/** @evidence RFC 8017, 9.1.2 */
export function verifyPss(
  publicKey: KeyLike, hash: string, digest: Uint8Array, signature: Uint8Array,
): boolean {
  let encoded: Buffer;
  try {
    encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return false;
  }
  const hashBytes = digest.length;
  const blockBytes = encoded.length - hashBytes - 1;
  const masked = encoded.subarray(0, blockBytes);
  const inner = encoded.subarray(blockBytes, encoded.length - 1);
  if (encoded[encoded.length - 1] !== trailer || (masked[0] ?? 0x80) & 0x80) return false;
  const block = xor(masked, mask(hash, inner, blockBytes));
  block[0] = (block[0] ?? 0) & 0x7f;
  const saltStart = blockBytes - hashBytes;
  if (block.subarray(0, saltStart - 1).some((byte) => byte !== 0) || block[saltStart - 1] !== 1) return false;
  return pssHash(hash, digest, block.subarray(saltStart)).equals(inner);
}
