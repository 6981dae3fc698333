import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import {
  CreateKeyCommand, GetPublicKeyCommand, KMSClient, SignCommand, VerifyCommand, type KeySpec,
  type MessageType,
} from "@aws-sdk/client-kms";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import {
  mlDsaPublicKey, mlDsaRepresentative, signMlDsa, verifyMlDsa, type MlDsaSet,
} from "./ml-dsa.ts";

const region = await startRegion();
after(() => region.stop());
const kms = region.client(KMSClient);

const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Of the seed 00 01 … 1f, and of the message "message" signed without chance.
 *
 * @evidence OpenSSL 3.5 makes the same public keys, and verifies these signatures
 */
const known: readonly (readonly [MlDsaSet, publicKey: string, signature: string, bytes: number])[] = [
  [44, "837832708c5236d951581f1fddf2b79991b3424a0486d16da1ddad0fd69701be",
    "d764b00526ae8e81071a8f0d25ec52588642a0eae1ebe79e23aaebd1c48f82eb", 2_420],
  [65, "b8b62131bfbe84433efb2273d7f5b87f7a22854a2cfd366fc2aead86d837c52d",
    "528fbdd2627565d4bf5caede411725759b235999ce0d91a92a3eaba020906ef4", 3_309],
  [87, "07e57c4f14dbad1267f621ec3777b4e2e6c4fbc4c22fbb87510ff8e0b3c6a642",
    "b20f48bbdf5ddaef42efc83ccf823ca8e74d7692c3c61968d80d8f8385b6594b", 4_627],
];

for (const [set, publicKeyHash, signatureHash, signatureBytes] of known) {
  test(`ML-DSA-${set} makes the keys and signatures of FIPS 204, and verifies no others`, () => {
    const publicKey = mlDsaPublicKey(set, seed);
    assert.equal(hash(publicKey), publicKeyHash);
    const represented = mlDsaRepresentative(set, publicKey, Buffer.from("message"));
    const signature = signMlDsa(set, seed, represented, Buffer.alloc(32));
    assert.equal(signature.length, signatureBytes);
    assert.equal(hash(signature), signatureHash);
    assert.ok(verifyMlDsa(set, publicKey, represented, signature));
    const another = mlDsaRepresentative(set, publicKey, Buffer.from("massage"));
    assert.ok(!verifyMlDsa(set, publicKey, another, signature));
    for (const at of [0, 100, signatureBytes - 90, signatureBytes - 1]) {
      const changed = Buffer.from(signature);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.ok(!verifyMlDsa(set, publicKey, represented, changed), `byte ${at}`);
    }
    assert.ok(!verifyMlDsa(set, publicKey, represented, signature.subarray(1)));
    assert.ok(!verifyMlDsa(set, publicKey, represented, Buffer.alloc(signatureBytes, 255)));
  });
}

for (const KeySpec of ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"] satisfies KeySpec[]) {
  test(`a key of ${KeySpec} signs messages and what represents them`, async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage: "SIGN_VERIFY" }));
    const { KeyId, SigningAlgorithms } = KeyMetadata ?? {};
    assert.deepEqual(SigningAlgorithms, ["ML_DSA_SHAKE_256"]);
    const SigningAlgorithm = "ML_DSA_SHAKE_256";
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    const set = Number(KeySpec.slice(-2)) as MlDsaSet;
    const Message = Buffer.from("message");
    const represented = mlDsaRepresentative(set, Buffer.from(PublicKey ?? []), Message);
    const sign = async (message: Uint8Array, MessageType?: MessageType) => (await kms.send(
      new SignCommand({ KeyId, Message: message, MessageType, SigningAlgorithm }))).Signature;
    const verify = (Signature: Uint8Array | undefined, message: Uint8Array, MessageType?: MessageType) =>
      kms.send(new VerifyCommand({ KeyId, Message: message, MessageType, Signature, SigningAlgorithm }));
    const raw = await sign(Message);
    assert.notDeepEqual(raw, await sign(Message));
    await verify(raw, Message);
    await verify(raw, represented, "EXTERNAL_MU");
    await verify(await sign(represented, "EXTERNAL_MU"), Message);
    assert.match(await refusal(verify(raw, Buffer.from("massage"))), /^KMSInvalidSignatureException/);
    assert.equal(await refusal(sign(Message, "EXTERNAL_MU")),
      "ValidationException: Digest is invalid length for algorithm ML_DSA_SHAKE_256.");
    assert.equal(await refusal(sign(represented, "DIGEST")),
      "ValidationException: MessageType DIGEST is not valid for algorithm ML_DSA_SHAKE_256.");
  });
}
