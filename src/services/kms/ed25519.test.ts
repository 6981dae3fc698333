import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { test } from "node:test";
import { signEd25519Digest, verifyEd25519Digest } from "./ed25519.ts";

/** PKCS #8 of an Ed25519 key, up to the seed. */
const prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** @evidence RFC 8032, 7.3, TEST abc */
test("Ed25519ph signs as RFC 8032's test does, and verifies nothing else", () => {
  const seed = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
  const der = Buffer.concat([prefix, Buffer.from(seed, "hex")]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const digest = createHash("sha512").update("abc").digest();
  const signature = signEd25519Digest(privateKey, digest);
  assert.equal(signature.toString("hex"), "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
    + "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");
  assert.ok(verifyEd25519Digest(publicKey, digest, signature));
  assert.ok(!verifyEd25519Digest(publicKey, createHash("sha512").update("abd").digest(), signature));
  for (const at of [0, 31, 32, 63]) {
    const changed = Buffer.from(signature);
    changed[at] = (changed[at] ?? 0) ^ 64;
    assert.ok(!verifyEd25519Digest(publicKey, digest, changed), `byte ${at}`);
  }
  assert.ok(!verifyEd25519Digest(publicKey, digest, signature.subarray(1)));
  assert.ok(!verifyEd25519Digest(publicKey, digest, Buffer.alloc(64, 255)));
});
