/** What the public halves of asymmetric keys are for: handing out, and agreeing on a secret. */

import { createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import { operation } from "../../kernel/operation.ts";
import { refuseRecipient } from "./encryption.ts";
import { dryRunSucceeded, invalidUsage, unsupported, validation } from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import { anyKey, keyRules, requireKey } from "./key-ids.ts";
import { metadataOf } from "./key-metadata.ts";
import { isAsymmetric, kindOf } from "./key-specs.ts";
import { keyArn, requireUsable, type Key } from "./keys.ts";
import { recordUsage } from "./last-usage.ts";
import { currentMaterial, openMaterial } from "./materials.ts";

export const GetPublicKey = operation(kms.GetPublicKey, {
  ...keyRules<kms.GetPublicKeyRequest>(anyKey("GetPublicKey")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, anyKey("GetPublicKey"));
    if (!isAsymmetric(key.spec)) {
      throw unsupported(`${keyArn(ctx, key)} key spec is ${key.spec} which is not valid for GetPublicKey.`);
    }
    requireUsable(ctx, key);
    requireGrantTokens(ctx, input.GrantTokens);
    const shown = metadataOf(ctx, key);
    return {
      KeyId: keyArn(ctx, key),
      PublicKey: Buffer.from(currentMaterial(ctx, key).publicKey ?? []),
      CustomerMasterKeySpec: shown.CustomerMasterKeySpec,
      KeySpec: shown.KeySpec,
      KeyUsage: shown.KeyUsage,
      EncryptionAlgorithms: shown.EncryptionAlgorithms,
      SigningAlgorithms: shown.SigningAlgorithms,
      KeyAgreementAlgorithms: shown.KeyAgreementAlgorithms,
    };
  },
});

/** @evidence KMS API Reference, DeriveSharedSecret, PublicKey: DER, of the key's own curve */
function peerKey(key: Key, der: Buffer): KeyObject {
  const kind = kindOf(key.spec);
  const refusal = validation(`The public key is not a valid ${key.spec} public key.`);
  let peer: KeyObject;
  try {
    peer = createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    throw refusal;
  }
  const curve = peer.asymmetricKeyDetails?.namedCurve;
  if (peer.asymmetricKeyType !== "ec" || kind.type !== "ec" || curve !== kind.curve) throw refusal;
  return peer;
}

export const DeriveSharedSecret = operation(kms.DeriveSharedSecret, {
  ...keyRules<kms.DeriveSharedSecretRequest>(anyKey("DeriveSharedSecret")),

  run(input, ctx) {
    refuseRecipient(input);
    const key = requireKey(ctx, input.KeyId, anyKey("DeriveSharedSecret"));
    requireUsable(ctx, key);
    if (key.usage !== "KEY_AGREEMENT") throw invalidUsage(keyArn(ctx, key), key.usage, "DeriveSharedSecret");
    requireGrantTokens(ctx, input.GrantTokens);
    const publicKey = peerKey(key, input.PublicKey);
    if (input.DryRun) throw dryRunSucceeded();
    const privateKey = openMaterial(ctx, key.spec, currentMaterial(ctx, key));
    const secret = diffieHellman({ privateKey, publicKey });
    recordUsage(ctx, key, "DeriveSharedSecret");
    return {
      KeyId: keyArn(ctx, key),
      SharedSecret: secret,
      KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
      KeyOrigin: key.origin,
    };
  },
});
