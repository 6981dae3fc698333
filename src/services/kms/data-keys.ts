/** Keys for use outside KMS, encrypted under a key inside; and random bytes. */

import * as kms from "../../generated/kms.ts";
import type { DataKeyPairSpec, KeyLastUsageTrackingOperation } from "../../generated/kms.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { EncryptionContext } from "./ciphertexts.ts";
import { encryptWith, refuseRecipient, requireEncryptionKey } from "./encryption.ts";
import { customKeyStoreNotFound, dryRunSucceeded, unsupported, validation } from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import { anyKey, keyRules, requireKey } from "./key-ids.ts";
import { kindOf } from "./key-specs.ts";
import { keyArn, type Key } from "./keys.ts";
import { recordUsage } from "./last-usage.ts";
import { generatePrivateKey, publicKeyDer } from "./materials.ts";

interface DataKeyRequest {
  readonly KeyId: string;
  readonly EncryptionContext?: EncryptionContext | undefined;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
}

type DataKeyOperation = Extract<KeyLastUsageTrackingOperation, `GenerateDataKey${string}`>;

interface DataKey {
  readonly blob: Buffer;
  readonly materialId: string;
  readonly key: Key;
}

/** Encrypts what was made under the key of the request, and says under which. */
function wrap(
  ctx: Context, input: DataKeyRequest, name: DataKeyOperation, plaintext: () => Uint8Array,
): DataKey {
  const key = requireKey(ctx, input.KeyId, anyKey(name));
  requireEncryptionKey(ctx, key, name, "SYMMETRIC_DEFAULT");
  requireGrantTokens(ctx, input.GrantTokens);
  if (input.DryRun) throw dryRunSucceeded();
  const { blob, materialId } = encryptWith(ctx, key, plaintext(), input.EncryptionContext);
  recordUsage(ctx, key, name);
  return { blob, materialId, key };
}

type DataKeySize = Pick<kms.GenerateDataKeyRequest, "KeySpec" | "NumberOfBytes">;

function lengthBytes(input: DataKeySize): number {
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw validation("Please specify either number of bytes or key spec.");
  }
  return input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32);
}

export const GenerateDataKey = operation(kms.GenerateDataKey, {
  ...keyRules<kms.GenerateDataKeyRequest>(anyKey("GenerateDataKey")),

  run(input, ctx) {
    refuseRecipient(input);
    const plaintext = ctx.ids.bytes(lengthBytes(input));
    const { blob, materialId, key } = wrap(ctx, input, "GenerateDataKey", () => plaintext);
    return { CiphertextBlob: blob, Plaintext: plaintext, KeyId: keyArn(ctx, key), KeyMaterialId: materialId };
  },
});

export const GenerateDataKeyWithoutPlaintext = operation(kms.GenerateDataKeyWithoutPlaintext, {
  ...keyRules<kms.GenerateDataKeyWithoutPlaintextRequest>(anyKey("GenerateDataKeyWithoutPlaintext")),

  run(input, ctx) {
    const length = lengthBytes(input);
    const { blob, materialId, key } =
      wrap(ctx, input, "GenerateDataKeyWithoutPlaintext", () => ctx.ids.bytes(length));
    return { CiphertextBlob: blob, KeyId: keyArn(ctx, key), KeyMaterialId: materialId };
  },
});

interface Pair {
  readonly privateKey: Buffer;
  readonly publicKey: Buffer;
}

/** SM2 is for the China Regions. @evidence KMS API Reference, GenerateDataKeyPair, KeyPairSpec */
async function generatePair(spec: DataKeyPairSpec): Promise<Pair> {
  if (spec === "SM2") throw unsupported(`KeyPairSpec ${spec} is not supported in this region.`);
  const privateKey = await generatePrivateKey(kindOf(spec), spec);
  return {
    privateKey: privateKey.export({ format: "der", type: "pkcs8" }), publicKey: publicKeyDer(privateKey),
  };
}

/** What must hold is checked before the pair is made, which takes a while, and again when it is there. */
async function pairUnder(
  ctx: BodyContext, input: DataKeyRequest & { readonly KeyPairSpec: DataKeyPairSpec }, name: DataKeyOperation,
): Promise<Pair & DataKey> {
  ctx.transaction((within) => {
    requireEncryptionKey(within, requireKey(within, input.KeyId, anyKey(name)), name, "SYMMETRIC_DEFAULT");
    requireGrantTokens(within, input.GrantTokens);
    if (input.DryRun) throw dryRunSucceeded();
  });
  const pair = await generatePair(input.KeyPairSpec);
  return { ...pair, ...ctx.transaction((within) => wrap(within, input, name, () => pair.privateKey)) };
}

export const GenerateDataKeyPair = operation(kms.GenerateDataKeyPair, {
  ...keyRules<kms.GenerateDataKeyPairRequest>(anyKey("GenerateDataKeyPair")),

  async body(input, ctx) {
    refuseRecipient(input);
    const {
      blob, privateKey, publicKey, key, materialId,
    } = await pairUnder(ctx, input, "GenerateDataKeyPair");
    return {
      PrivateKeyCiphertextBlob: blob,
      PrivateKeyPlaintext: privateKey,
      PublicKey: publicKey,
      KeyId: keyArn(ctx, key),
      KeyPairSpec: input.KeyPairSpec,
      KeyMaterialId: materialId,
    };
  },
});

export const GenerateDataKeyPairWithoutPlaintext = operation(kms.GenerateDataKeyPairWithoutPlaintext, {
  ...keyRules<kms.GenerateDataKeyPairWithoutPlaintextRequest>(anyKey("GenerateDataKeyPairWithoutPlaintext")),

  async body(input, ctx) {
    const { blob, publicKey, key, materialId } =
      await pairUnder(ctx, input, "GenerateDataKeyPairWithoutPlaintext");
    return {
      PrivateKeyCiphertextBlob: blob,
      PublicKey: publicKey,
      KeyId: keyArn(ctx, key),
      KeyPairSpec: input.KeyPairSpec,
      KeyMaterialId: materialId,
    };
  },
});

/** @evidence recorded AWS answer to GenerateRandom without NumberOfBytes */
export const GenerateRandom = operation(kms.GenerateRandom, {
  run(input, ctx) {
    refuseRecipient(input);
    if (input.CustomKeyStoreId !== undefined) throw customKeyStoreNotFound();
    if (input.NumberOfBytes === undefined) throw validation("NumberOfBytes is required.");
    return { Plaintext: ctx.ids.bytes(input.NumberOfBytes) };
  },
});
