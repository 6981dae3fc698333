/**
 * Bodies rest encrypted. Each piece has a key of its own, derived from the object's key and a seed that is
 * used once, and so AES-256 in counter mode can start from zero, and from anywhere within a piece. A key of
 * twice the length encrypts twice, each half of it a layer.
 */

import { createCipheriv, hash, type Cipher } from "node:crypto";

export interface PieceCipher {
  update(bytes: Uint8Array): Buffer;
}

const blockBytes = 16;
const keyBytes = 32;
const countersFromZero = Buffer.alloc(blockBytes);

/** @param key of the object @param seed of the piece */
function layer(key: Buffer, seed: string, counter: Buffer): Cipher {
  const pieceKey = hash("sha256", Buffer.concat([key, Buffer.from(seed, "latin1")]), "buffer");
  return createCipheriv("aes-256-ctr", pieceKey, counter);
}

/** Counter mode undoes itself, and so it does not matter which layer is taken off first. */
function layers(key: Buffer, seed: string, counter: Buffer): PieceCipher {
  if (key.length === keyBytes) return layer(key, seed, counter);
  const inner = layer(key.subarray(0, keyBytes), seed, counter);
  const outer = layer(key.subarray(keyBytes), seed, counter);
  return { update: (bytes) => outer.update(inner.update(bytes)) };
}

export function pieceCipher(key: Buffer, seed: string): PieceCipher {
  return layers(key, seed, countersFromZero);
}

/** @param offset of the first byte within the piece */
export function pieceDecipher(key: Buffer, seed: string, offset: number): PieceCipher {
  const counter = Buffer.alloc(blockBytes);
  counter.writeBigUInt64BE(BigInt(Math.floor(offset / blockBytes)), blockBytes - 8);
  const cipher = layers(key, seed, counter);
  const within = offset % blockBytes;
  if (within > 0) cipher.update(Buffer.alloc(within));
  return cipher;
}
