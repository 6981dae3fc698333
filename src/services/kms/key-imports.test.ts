import assert from "node:assert/strict";
import {
  constants, createCipheriv, createHash, createPublicKey, generateKeyPairSync, hkdfSync, publicEncrypt,
  verify,
} from "node:crypto";
import { test } from "node:test";
import {
  CreateKeyCommand, DecryptCommand, DeleteImportedKeyMaterialCommand, DescribeKeyCommand, EncryptCommand,
  GetParametersForImportCommand, ImportKeyMaterialCommand, KMSClient, ListKeyRotationsCommand,
  RotateKeyOnDemandCommand, SignCommand, type AlgorithmSpec, type ImportKeyMaterialCommandInput, type KeySpec,
  type KeyUsageType, type WrappingKeySpec,
} from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

/** Material need not be random to be material; each call gives another. */
let drawn = 0;
function randomBytes(length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", "material", "", String(++drawn), length));
}

const forever = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" } as const;

/** As users wrap their material with the public key they are given. */
function wrap(publicKey: Uint8Array | undefined, algorithm: AlgorithmSpec, material: Buffer): Buffer {
  const key = createPublicKey({ key: Buffer.from(publicKey ?? []), format: "der", type: "spki" });
  const oaepHash = algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const rsa = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
  if (algorithm.startsWith("RSAES")) return publicEncrypt(rsa, material);
  const wrappingKey = randomBytes(32);
  const cipher = createCipheriv("id-aes256-wrap-pad", wrappingKey, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([publicEncrypt(rsa, wrappingKey), cipher.update(material), cipher.final()]);
}

async function importInto(
  kms: KMSClient, KeyId: string | undefined, material: Buffer,
  rest: Partial<ImportKeyMaterialCommandInput> = forever,
  WrappingAlgorithm: AlgorithmSpec = "RSAES_OAEP_SHA_256", WrappingKeySpec: WrappingKeySpec = "RSA_2048",
): Promise<string | undefined> {
  const parameters = await kms.send(
    new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }),
  );
  const imported = await kms.send(new ImportKeyMaterialCommand({
    KeyId, ImportToken: parameters.ImportToken,
    EncryptedKeyMaterial: wrap(parameters.PublicKey, WrappingAlgorithm, material), ...rest,
  }));
  return imported.KeyMaterialId;
}

async function createExternal(kms: KMSClient, KeySpec?: KeySpec, KeyUsage?: KeyUsageType): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: "EXTERNAL", KeySpec, KeyUsage }));
  return KeyMetadata?.KeyId ?? "";
}

test("imported material expires by the clock, and only the same material brings the key back", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const KeyId = await createExternal(kms);
  const Arn = `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`;
  const encrypt = (): Promise<{ CiphertextBlob?: Uint8Array | undefined }> =>
    kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
  assert.equal(await refusal(encrypt()), `KMSInvalidStateException: ${Arn} is pending import.`);

  const material = randomBytes(32);
  assert.equal(await refusal(importInto(kms, KeyId, material, {})),
    "ValidationException: A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
  const ValidTo = new Date(Date.UTC(2026, 0, 11));
  const materialId = await importInto(kms, KeyId, material, { ValidTo });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.KeyState, "Enabled");
  assert.equal(KeyMetadata?.ExpirationModel, "KEY_MATERIAL_EXPIRES");
  assert.deepEqual(KeyMetadata?.ValidTo, ValidTo);
  assert.equal(KeyMetadata?.CurrentKeyMaterialId, materialId);
  const { CiphertextBlob } = await encrypt();

  await region.clock.advance({ days: 10 });
  await region.settled();
  assert.equal(await refusal(encrypt()), `KMSInvalidStateException: ${Arn} is pending import.`);
  assert.match(await refusal(importInto(kms, KeyId, randomBytes(32))), /^IncorrectKeyMaterialException: /);
  assert.equal(await importInto(kms, KeyId, material), materialId);
  await kms.send(new DecryptCommand({ CiphertextBlob }));

  await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
  assert.equal(await refusal(encrypt()), `KMSInvalidStateException: ${Arn} is pending import.`);
});

test("material of every kind comes in by every wrapping algorithm that can carry it", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { privateKey: ec } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pkcs8 = { format: "der", type: "pkcs8" } as const;
  const algorithms = [
    "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256",
  ] as const;
  for (const algorithm of algorithms) {
    const symmetric = await createExternal(kms);
    await importInto(kms, symmetric, randomBytes(32), forever, algorithm);
    const KeyId = await createExternal(kms, "ECC_NIST_P256", "SIGN_VERIFY");
    await importInto(kms, KeyId, ec.export(pkcs8), forever, algorithm);
    const signed = await kms.send(
      new SignCommand({ KeyId, Message: Buffer.from("m"), SigningAlgorithm: "ECDSA_SHA_256" }),
    );
    assert.equal(
      verify("sha256", Buffer.from("m"), createPublicKey(ec), Buffer.from(signed.Signature ?? [])), true,
    );
  }
  const KeyId = await createExternal(kms, "RSA_2048", "SIGN_VERIFY");
  const digest = createHash("sha256").update("m").digest();
  await importInto(kms, KeyId, rsa.export(pkcs8), forever, "RSA_AES_KEY_WRAP_SHA_256");
  const signed = await kms.send(new SignCommand({
    KeyId, Message: digest, MessageType: "DIGEST", SigningAlgorithm: "RSASSA_PKCS1_V1_5_SHA_256",
  }));
  assert.equal(
    verify("sha256", Buffer.from("m"), createPublicKey(rsa), Buffer.from(signed.Signature ?? [])), true,
  );
  assert.match(await refusal(importInto(kms, KeyId, rsa.export(pkcs8))), /^ValidationException: /);
});

test("what is no material for the key, and what no token is for, is refused", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const own = await kms.send(new CreateKeyCommand({}));
  assert.equal(await refusal(
    importInto(kms, own.KeyMetadata?.KeyId, randomBytes(32)),
  ), "UnsupportedOperationException: "
    + `${own.KeyMetadata?.Arn} origin is AWS_KMS which is not valid for this operation.`);
  const KeyId = await createExternal(kms);
  const other = await createExternal(kms);
  for (const bytes of [31, 33]) {
    assert.match(
      await refusal(importInto(kms, KeyId, randomBytes(bytes))), /^IncorrectKeyMaterialException: /,
    );
  }
  const parameters = await kms.send(new GetParametersForImportCommand({
    KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048",
  }));
  assert.deepEqual(parameters.ParametersValidTo, new Date(Date.UTC(2026, 0, 2)));
  const { ImportToken } = parameters;
  const EncryptedKeyMaterial = wrap(parameters.PublicKey, "RSAES_OAEP_SHA_256", randomBytes(32));
  const send = (input: object): Promise<string> => refusal(kms.send(new ImportKeyMaterialCommand({
    KeyId, ImportToken, EncryptedKeyMaterial, ...forever, ...input,
  })));
  assert.match(await send({ ImportToken: Buffer.from("junk") }), /^InvalidImportTokenException: /);
  assert.match(await send({ KeyId: other }), /^InvalidImportTokenException: /);
  assert.match(await send({ EncryptedKeyMaterial: Buffer.from("junk") }), /^InvalidCiphertextException: /);
  await region.clock.advance({ days: 1 });
  assert.match(await send({}), /^ExpiredImportTokenException: /);
});

test("new material awaits its rotation, after which all of it is needed", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const KeyId = await createExternal(kms);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const firstId = await importInto(kms, KeyId, first);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
  const secondId = await importInto(kms, KeyId, second, { ...forever, ImportType: "NEW_KEY_MATERIAL" });
  const states = async (): Promise<unknown> => (await kms.send(new ListKeyRotationsCommand({
    KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL",
  }))).Rotations?.map((row) => [row.KeyMaterialId, row.KeyMaterialState, row.ImportState]);
  assert.deepEqual(
    await states(), [[firstId, "CURRENT", "IMPORTED"], [secondId, "PENDING_ROTATION", "IMPORTED"]],
  );
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  assert.deepEqual(await states(), [[firstId, "NON_CURRENT", "IMPORTED"], [secondId, "CURRENT", "IMPORTED"]]);
  assert.equal((await kms.send(new DecryptCommand({ CiphertextBlob }))).KeyMaterialId, firstId);
  await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId: firstId }));
  assert.equal((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState, "PendingImport");
});
