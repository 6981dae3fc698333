import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { test } from "node:test";
import { signEcdsa, verifyEcdsa } from "./ecdsa.ts";

const curves = [
  ["prime256v1", "sha256"], ["secp384r1", "sha384"], ["secp521r1", "sha512"], ["secp256k1", "sha256"],
] as const;

for (const [curve, hash] of curves) {
  test(`a digest signed on ${curve} verifies with OpenSSL, and the other way round`, () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
    const publicKey = createPublicKey(privateKey);
    const message = Buffer.from("a message");
    const digest = createHash(hash).update(message).digest();

    assert.equal(verify(hash, message, publicKey, signEcdsa(privateKey, curve, digest)), true);
    const signature = sign(hash, message, privateKey);
    assert.equal(verifyEcdsa(publicKey, curve, digest, signature), true);
    assert.equal(
      verifyEcdsa(publicKey, curve, createHash(hash).update("another").digest(), signature), false,
    );
  });
}

test("what is not a signature is not valid, and does not throw", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const publicKey = createPublicKey(privateKey);
  const digest = Buffer.alloc(32, 1);
  const zeros = Buffer.from("3006020100020100", "hex");
  for (const junk of [Buffer.alloc(0), Buffer.from([0x30]), zeros, Buffer.alloc(300)]) {
    assert.equal(verifyEcdsa(publicKey, "prime256v1", digest, junk), false);
  }
});
