import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAliasCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand, DisableKeyCommand,
  EnableKeyCommand, EncryptCommand, GenerateDataKeyCommand, GenerateDataKeyPairCommand,
  GenerateDataKeyWithoutPlaintextCommand, GenerateRandomCommand, GetKeyLastUsageCommand, KMSClient,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { createPrivateKey, createPublicKey, publicEncrypt, constants } from "node:crypto";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

test("kms-encryption-operations: an enabled key decrypts what it encrypted, with its context", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "test key 123" }));
  const { KeyId, Arn } = KeyMetadata ?? {};
  assert.ok(Arn);
  assert.equal(Arn, `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`);

  const Plaintext = Buffer.from("hello");
  const EncryptionContext = { app: "shop", stage: "test" };
  const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
  assert.equal(sealed.KeyId, Arn);
  assert.equal(sealed.EncryptionAlgorithm, "SYMMETRIC_DEFAULT");
  const { CiphertextBlob } = sealed;
  const opened = await kms.send(new DecryptCommand({
    CiphertextBlob, EncryptionContext: { stage: "test", app: "shop" },
  }));
  assert.equal(text(opened.Plaintext), "hello");
  assert.equal(opened.KeyId, Arn);
  assert.match(opened.KeyMaterialId ?? "", /^[0-9a-f]{64}$/);

  const wrong = kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { app: "shop" } }));
  assert.match(await refusal(wrong), /^InvalidCiphertextException: /);
  const tampered = Buffer.from(CiphertextBlob ?? []);
  tampered[tampered.length - 1] = (tampered[tampered.length - 1] ?? 0) ^ 1;
  assert.match(
    await refusal(kms.send(new DecryptCommand({ CiphertextBlob: tampered, EncryptionContext }))),
    /^InvalidCiphertextException: /,
  );

  const data = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
  assert.equal(data.Plaintext?.length, 32);
  const again = await kms.send(new DecryptCommand({ CiphertextBlob: data.CiphertextBlob }));
  assert.deepEqual(again.Plaintext, data.Plaintext);

  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.equal(await refusal(kms.send(new EncryptCommand({ KeyId, Plaintext }))),
    `DisabledException: ${Arn} is disabled.`);
  assert.equal(await refusal(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))),
    `DisabledException: ${Arn} is disabled.`);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
});

test("a key answers to its id, its ARN, its alias and its alias's ARN", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new CreateAliasCommand({ AliasName: "alias/shop", TargetKeyId: KeyMetadata?.KeyId }));
  const names = [
    KeyMetadata?.KeyId, KeyMetadata?.Arn, "alias/shop", "arn:aws:kms:us-east-1:000000000000:alias/shop",
  ];
  for (const KeyId of names) {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
    assert.equal(text((await kms.send(new DecryptCommand({ CiphertextBlob, KeyId }))).Plaintext), "x");
  }
});

test("what does not name a key is refused in AWS's words", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const elsewhere = region.client(KMSClient, { region: "eu-west-1" });
  const { KeyMetadata } = await elsewhere.send(new CreateKeyCommand({}));
  const describe = (KeyId: string | undefined): Promise<string> => refusal(
    kms.send(new DescribeKeyCommand({ KeyId })),
  );
  const missing = "11111111-2222-4333-8444-555555555555";
  const arn = `arn:aws:kms:us-east-1:000000000000:key/${missing}`;
  assert.equal(await describe(missing), `NotFoundException: Key '${arn}' does not exist`);
  assert.equal(await describe(arn), `NotFoundException: Key '${arn}' does not exist`);
  assert.equal(await describe("fake-key-id"), "NotFoundException: Invalid keyId 'fake-key-id'");
  assert.equal(await describe("__proto__"), "NotFoundException: Invalid keyId '__proto__'");
  assert.equal(await describe("alias/none"),
    "NotFoundException: Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.");
  assert.equal(await describe("alias/aws/__proto__"),
    "NotFoundException: Alias arn:aws:kms:us-east-1:000000000000:alias/aws/__proto__ is not found.");
  assert.equal(await describe(KeyMetadata?.Arn), "NotFoundException: Invalid arn eu-west-1");
});

test("an encryption context may have any names, __proto__ included", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const EncryptionContext = Object.fromEntries([["__proto__", "a"], ["constructor", "b"]]);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({
    KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from("x"), EncryptionContext,
  }));
  await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.match(await refusal(
    kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { constructor: "b" } })),
  ),
    /^InvalidCiphertextException/);
});

test("decrypting with another key than that of the ciphertext is refused", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const one = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const other = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: one, Plaintext: Buffer.from("x") }));
  assert.equal(
    await refusal(kms.send(new DecryptCommand({ KeyId: other, CiphertextBlob }))),
    "IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this "
    + "operation.",
  );
  assert.match(await refusal(kms.send(new DecryptCommand({ CiphertextBlob: Buffer.from("junk") }))),
    /^InvalidCiphertextException/);
  assert.match(await refusal(
    kms.send(new DecryptCommand({ CiphertextBlob: CiphertextBlob?.subarray(0, 70) })),
  ),
    /^InvalidCiphertextException/);
});

test("a ciphertext moves from one key to another without its plaintext being seen", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const source = (await kms.send(new CreateKeyCommand({}))).KeyMetadata;
  const destination = (await kms.send(new CreateKeyCommand({}))).KeyMetadata;
  const sealed = await kms.send(new EncryptCommand({
    KeyId: source?.KeyId, Plaintext: Buffer.from("x"), EncryptionContext: { a: "1" },
  }));
  const moved = await kms.send(new ReEncryptCommand({
    CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: { a: "1" },
    DestinationKeyId: destination?.KeyId,
    DestinationEncryptionContext: { b: "2" },
  }));
  assert.equal(moved.SourceKeyId, source?.Arn);
  assert.equal(moved.KeyId, destination?.Arn);
  const opened = await kms.send(new DecryptCommand({
    CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { b: "2" }, KeyId: destination?.KeyId,
  }));
  assert.equal(text(opened.Plaintext), "x");
});

test("RSA keys encrypt as much as their modulus holds and not a byte more", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const created = await kms.send(new CreateKeyCommand({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" }));
  const KeyId = created.KeyMetadata?.KeyId;
  assert.deepEqual(created.KeyMetadata?.EncryptionAlgorithms, ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]);
  const limits = [["RSAES_OAEP_SHA_1", 214], ["RSAES_OAEP_SHA_256", 190]] as const;
  for (const [EncryptionAlgorithm, bytes] of limits) {
    const Plaintext = Buffer.alloc(bytes, 7);
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }));
    const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
    const tooMuch = kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.alloc(bytes + 1), EncryptionAlgorithm }),
    );
    assert.equal(await refusal(tooMuch), `ValidationException: Algorithm ${EncryptionAlgorithm} and key `
      + "spec RSA_2048 "
      + `cannot encrypt data larger than ${bytes} bytes.`);
  }
  assert.equal(await refusal(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }))),
    "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.");
});

test("data keys have the length that is asked for, and data key pairs belong together", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const both = "ValidationException: Please specify either number of bytes or key spec.";
  assert.equal(await refusal(kms.send(new GenerateDataKeyCommand({ KeyId }))), both);
  assert.equal(
    await refusal(kms.send(new GenerateDataKeyCommand({ KeyId, NumberOfBytes: 8, KeySpec: "AES_128" }))),
    both,
  );
  const sealed = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 1024 }));
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
  assert.equal(opened.Plaintext?.length, 1024);

  for (const KeyPairSpec of ["ECC_NIST_P256", "RSA_2048", "ECC_NIST_EDWARDS25519"] as const) {
    const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec }));
    const key = Buffer.from(pair.PrivateKeyPlaintext ?? []);
    const derived = createPublicKey(createPrivateKey({ key, format: "der", type: "pkcs8" }));
    assert.deepEqual(derived.export({ format: "der", type: "spki" }), Buffer.from(pair.PublicKey ?? []));
    const secret = await kms.send(new DecryptCommand({ CiphertextBlob: pair.PrivateKeyCiphertextBlob }));
    assert.deepEqual(secret.Plaintext, pair.PrivateKeyPlaintext);
  }
  assert.equal(await refusal(kms.send(new GenerateRandomCommand({}))),
    "ValidationException: NumberOfBytes is required.");
  assert.equal((await kms.send(new GenerateRandomCommand({ NumberOfBytes: 1024 }))).Plaintext?.length, 1024);
});

test("what is encrypted outside with the public key of an RSA key is decrypted inside", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { GetPublicKeyCommand } = await import("@aws-sdk/client-kms");
  const created = await kms.send(new CreateKeyCommand({ KeySpec: "RSA_3072", KeyUsage: "ENCRYPT_DECRYPT" }));
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: created.KeyMetadata?.KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const CiphertextBlob = publicEncrypt({ key, padding, oaepHash: "sha256" }, Buffer.from("x"));
  const opened = await kms.send(new DecryptCommand({
    KeyId: created.KeyMetadata?.KeyId, CiphertextBlob, EncryptionAlgorithm: "RSAES_OAEP_SHA_256",
  }));
  assert.equal(text(opened.Plaintext), "x");
});

test("a dry run says what would have happened, and leaves no trace", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  assert.equal(await refusal(
    kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x"), DryRun: true })),
  ),
    "DryRunOperationException: The request would have succeeded, but the DryRun option is set.");
  assert.equal(await refusal(
    kms.send(new DecryptCommand({ KeyId, DryRun: true, DryRunModifiers: ["IGNORE_CIPHERTEXT"] })),
  ),
    "DryRunOperationException: The request would have succeeded, but the DryRun option is set.");
  assert.equal((await kms.send(new GetKeyLastUsageCommand({ KeyId }))).KeyLastUsage, undefined);
  await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
  const { KeyLastUsage } = await kms.send(new GetKeyLastUsageCommand({ KeyId }));
  assert.equal(KeyLastUsage?.Operation, "Encrypt");
  assert.deepEqual(KeyLastUsage?.Timestamp, new Date(Date.UTC(2026, 0, 1)));
});

test("attestation documents are refused by name rather than ignored", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const request = kms.send(new GenerateRandomCommand({
    NumberOfBytes: 8,
    Recipient: { KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256", AttestationDocument: Buffer.from("x") },
  }));
  assert.equal(await refusal(request),
    "NotImplemented: The Recipient parameter of KMS (AWS Nitro Enclaves) is not implemented by us-local-1 "
    + "yet.");
});
