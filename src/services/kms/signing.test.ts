import assert from "node:assert/strict";
import { createHash, createPublicKey, diffieHellman, generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import {
  CreateKeyCommand, DeriveSharedSecretCommand, EncryptCommand, GenerateMacCommand, GetPublicKeyCommand,
  KMSClient, SignCommand, VerifyCommand, VerifyMacCommand, type KeySpec, type MacAlgorithmSpec,
  type SigningAlgorithmSpec,
} from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";
import { verifyEd25519Digest } from "./ed25519.ts";

const schemes: readonly (readonly [KeySpec, readonly SigningAlgorithmSpec[]])[] = [
  ["RSA_2048", [
    "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512", "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
  ]],
  ["ECC_NIST_P256", ["ECDSA_SHA_256"]],
  ["ECC_NIST_P384", ["ECDSA_SHA_384"]],
  ["ECC_NIST_P521", ["ECDSA_SHA_512"]],
  ["ECC_SECG_P256K1", ["ECDSA_SHA_256"]],
];

for (const [KeySpec, algorithms] of schemes) {
  test(`${KeySpec} signs messages and digests alike, and verifies either`, async () => {
    await using region = await startRegion();
    const kms = region.client(KMSClient);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage: "SIGN_VERIFY" }));
    assert.deepEqual([...(KeyMetadata?.SigningAlgorithms ?? [])].sort(), [...algorithms].sort());
    const KeyId = KeyMetadata?.KeyId;
    const message = Buffer.from("sign me");
    for (const SigningAlgorithm of algorithms) {
      const digest = createHash(`sha${SigningAlgorithm.slice(-3)}`).update(message).digest();
      const raw = { KeyId, SigningAlgorithm, Message: message, MessageType: "RAW" } as const;
      const digested = { KeyId, SigningAlgorithm, Message: digest, MessageType: "DIGEST" } as const;
      const ofMessage = (await kms.send(new SignCommand(raw))).Signature;
      const ofDigest = (await kms.send(new SignCommand(digested))).Signature;
      for (const Signature of [ofMessage, ofDigest]) {
        assert.equal((await kms.send(new VerifyCommand({ ...raw, Signature }))).SignatureValid, true);
        assert.equal((await kms.send(new VerifyCommand({ ...digested, Signature }))).SignatureValid, true);
        const other = { ...raw, Message: Buffer.from("another"), Signature };
        assert.match(await refusal(kms.send(new VerifyCommand(other))), /^KMSInvalidSignatureException: /);
      }
      const junk = { ...digested, Signature: Buffer.from("junk") };
      assert.match(await refusal(kms.send(new VerifyCommand(junk))), /^KMSInvalidSignatureException: /);
      const short = kms.send(new SignCommand({ ...digested, Message: Buffer.from("short") }));
      assert.equal(await refusal(short),
        `ValidationException: Digest is invalid length for algorithm ${SigningAlgorithm}.`);
    }
  });
}

test("a signature verifies outside with the public key, for Ed25519 too", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const created = await kms.send(
    new CreateKeyCommand({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }),
  );
  const KeyId = created.KeyMetadata?.KeyId;
  const Message = Buffer.from("sign me");
  const { Signature } = await kms.send(
    new SignCommand({ KeyId, Message, SigningAlgorithm: "ED25519_SHA_512" }),
  );
  const { PublicKey, KeySpec } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  assert.equal(KeySpec, "ECC_NIST_EDWARDS25519");
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
  assert.equal(verify(null, Message, key, Buffer.from(Signature ?? [])), true);
  const prehashed = {
    KeyId, Message: createHash("sha512").update(Message).digest(), SigningAlgorithm: "ED25519_PH_SHA_512",
  } as const;
  const digested = await kms.send(new SignCommand({ ...prehashed, MessageType: "DIGEST" }));
  assert.equal(verifyEd25519Digest(key, prehashed.Message, Buffer.from(digested.Signature ?? [])), true);
  const again = { ...prehashed, MessageType: "DIGEST", Signature: digested.Signature } as const;
  assert.equal((await kms.send(new VerifyCommand(again))).SignatureValid, true);
  assert.match(await refusal(kms.send(new VerifyCommand({ ...again, Signature }))),
    /^KMSInvalidSignatureException/);
  assert.equal(await refusal(kms.send(new SignCommand(prehashed))),
    "ValidationException: MessageType RAW is not valid for algorithm ED25519_PH_SHA_512.");
});

test("message authentication codes are made and checked with the algorithm of the key", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  for (const bits of [224, 256, 384, 512]) {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({
      KeySpec: `HMAC_${bits}` as KeySpec, KeyUsage: "GENERATE_VERIFY_MAC",
    }));
    const KeyId = KeyMetadata?.KeyId;
    const MacAlgorithm = `HMAC_SHA_${bits}` as MacAlgorithmSpec;
    const { Mac } = await kms.send(
      new GenerateMacCommand({ KeyId, MacAlgorithm, Message: Buffer.from("m") }),
    );
    assert.equal(Mac?.length, bits / 8);
    const checked = await kms.send(
      new VerifyMacCommand({ KeyId, MacAlgorithm, Mac, Message: Buffer.from("m") }),
    );
    assert.equal(checked.MacValid, true);
    const wrong = kms.send(new VerifyMacCommand({ KeyId, MacAlgorithm, Mac, Message: Buffer.from("n") }));
    assert.match(await refusal(wrong), /^KMSInvalidMacException: /);
  }
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeySpec: "HMAC_224", KeyUsage: "GENERATE_VERIFY_MAC" }),
  );
  const incompatible = kms.send(new GenerateMacCommand({
    KeyId: KeyMetadata?.KeyId, MacAlgorithm: "HMAC_SHA_256", Message: Buffer.from("m"),
  }));
  assert.equal(await refusal(incompatible),
    "InvalidKeyUsageException: Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.");
});

test("keys are for one usage", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const encrypting = (await kms.send(new CreateKeyCommand({}))).KeyMetadata;
  const created = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  const signing = created.KeyMetadata;
  const mac = kms.send(new GenerateMacCommand({
    KeyId: encrypting?.KeyId, MacAlgorithm: "HMAC_SHA_256", Message: Buffer.from("m"),
  }));
  assert.equal(await refusal(mac), `InvalidKeyUsageException: ${encrypting?.Arn} key usage is `
    + "ENCRYPT_DECRYPT which is not valid for GenerateMac.");
  assert.equal(await refusal(
    kms.send(new EncryptCommand({ KeyId: signing?.KeyId, Plaintext: Buffer.from("x") })),
  ),
    `InvalidKeyUsageException: ${signing?.Arn} key usage is SIGN_VERIFY which is not valid for Encrypt.`);
});

test("two parties derive one secret, with keys of the same curve only", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeySpec: "ECC_NIST_P384", KeyUsage: "KEY_AGREEMENT" }),
  );
  const KeyId = KeyMetadata?.KeyId;
  const { PublicKey: ours } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const theirs = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
  const PublicKey = theirs.publicKey.export({ format: "der", type: "spki" });
  const { SharedSecret } = await kms.send(new DeriveSharedSecretCommand({
    KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey,
  }));
  const publicKey = createPublicKey({ key: Buffer.from(ours ?? []), format: "der", type: "spki" });
  assert.deepEqual(
    Buffer.from(SharedSecret ?? []), diffieHellman({ privateKey: theirs.privateKey, publicKey }),
  );
  const foreign = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey;
  for (const der of [foreign.export({ format: "der", type: "spki" }), Buffer.from("junk")]) {
    const refused = kms.send(
      new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey: der }),
    );
    assert.equal(await refusal(refused), "ValidationException: The public key is not a valid ECC_NIST_P384 "
      + "public key.");
  }
});
