/**
 * Bodies rest encrypted. Each piece has a key of its own, derived from the object's key and a seed that is
 * used once, and so AES-256 in counter mode can start from zero, and from anywhere within a piece.
 */

import { createCipheriv, hash, type Cipher } from "node:crypto";

const blockBytes = 16;
const countersFromZero = Buffer.alloc(blockBytes);

/** @param key of the object, 32 bytes; @param seed of the piece */
function pieceKey(key: Buffer, seed: string): Buffer {
  return hash("sha256", Buffer.concat([key, Buffer.from(seed, "latin1")]), "buffer");
}

export function pieceCipher(key: Buffer, seed: string): Cipher {
  return createCipheriv("aes-256-ctr", pieceKey(key, seed), countersFromZero);
}

/** Counter mode undoes itself. @param offset of the first byte within the piece */
export function pieceDecipher(key: Buffer, seed: string, offset: number): Cipher {
  const counter = Buffer.alloc(blockBytes);
  counter.writeBigUInt64BE(BigInt(Math.floor(offset / blockBytes)), blockBytes - 8);
  const cipher = createCipheriv("aes-256-ctr", pieceKey(key, seed), counter);
  const within = offset % blockBytes;
  if (within > 0) cipher.update(Buffer.alloc(within));
  return cipher;
}
