/** What each key spec is, what it may be used for, and by which algorithms. Pure. */

import type {
  EncryptionAlgorithmSpec, GrantOperation, KeySpec, KeyUsageType, MacAlgorithmSpec, SigningAlgorithmSpec,
} from "../../generated/kms.ts";
import type { MlDsaSet } from "./ml-dsa.ts";

export type KeyKind =
  | { readonly type: "symmetric" }
  | { readonly type: "hmac"; readonly lengthBytes: number; readonly hash: string }
  | { readonly type: "rsa"; readonly lengthBits: number }
  | { readonly type: "ec"; readonly curve: string }
  | { readonly type: "ed25519" }
  | { readonly type: "ml-dsa"; readonly set: MlDsaSet }
  /** Known to the model, and nothing that this software can make. */
  | { readonly type: "sm2" };

const kinds: Readonly<Record<KeySpec, KeyKind>> = {
  SYMMETRIC_DEFAULT: { type: "symmetric" },
  HMAC_224: { type: "hmac", lengthBytes: 28, hash: "sha224" },
  HMAC_256: { type: "hmac", lengthBytes: 32, hash: "sha256" },
  HMAC_384: { type: "hmac", lengthBytes: 48, hash: "sha384" },
  HMAC_512: { type: "hmac", lengthBytes: 64, hash: "sha512" },
  RSA_2048: { type: "rsa", lengthBits: 2048 },
  RSA_3072: { type: "rsa", lengthBits: 3072 },
  RSA_4096: { type: "rsa", lengthBits: 4096 },
  ECC_NIST_P256: { type: "ec", curve: "prime256v1" },
  ECC_NIST_P384: { type: "ec", curve: "secp384r1" },
  ECC_NIST_P521: { type: "ec", curve: "secp521r1" },
  ECC_SECG_P256K1: { type: "ec", curve: "secp256k1" },
  ECC_NIST_EDWARDS25519: { type: "ed25519" },
  SM2: { type: "sm2" },
  ML_DSA_44: { type: "ml-dsa", set: 44 },
  ML_DSA_65: { type: "ml-dsa", set: 65 },
  ML_DSA_87: { type: "ml-dsa", set: 87 },
};

export function kindOf(spec: KeySpec): KeyKind {
  return kinds[spec];
}

export function isSymmetricEncryption(spec: KeySpec): boolean {
  return spec === "SYMMETRIC_DEFAULT";
}

export function isAsymmetric(spec: KeySpec): boolean {
  const { type } = kinds[spec];
  return type !== "symmetric" && type !== "hmac";
}

/** @evidence KMS API Reference, CreateKey, KeyUsage */
export function usagesOf(spec: KeySpec): readonly KeyUsageType[] {
  switch (kinds[spec].type) {
    case "symmetric": return ["ENCRYPT_DECRYPT"];
    case "hmac": return ["GENERATE_VERIFY_MAC"];
    case "rsa": return ["ENCRYPT_DECRYPT", "SIGN_VERIFY"];
    case "ec": return spec === "ECC_SECG_P256K1" ? ["SIGN_VERIFY"] : ["SIGN_VERIFY", "KEY_AGREEMENT"];
    default: return ["SIGN_VERIFY"];
  }
}

export function encryptionAlgorithmsOf(spec: KeySpec): readonly EncryptionAlgorithmSpec[] {
  return isSymmetricEncryption(spec) ? ["SYMMETRIC_DEFAULT"] : ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];
}

const ecdsa: Partial<Record<KeySpec, SigningAlgorithmSpec>> = {
  ECC_NIST_P256: "ECDSA_SHA_256",
  ECC_NIST_P384: "ECDSA_SHA_384",
  ECC_NIST_P521: "ECDSA_SHA_512",
  ECC_SECG_P256K1: "ECDSA_SHA_256",
};

const rsaSigning: readonly SigningAlgorithmSpec[] = [
  "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
  "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
];

export function signingAlgorithmsOf(spec: KeySpec): readonly SigningAlgorithmSpec[] {
  const { type } = kinds[spec];
  if (type === "rsa") return rsaSigning;
  if (type === "ml-dsa") return ["ML_DSA_SHAKE_256"];
  if (type === "ed25519") return ["ED25519_PH_SHA_512", "ED25519_SHA_512"];
  const algorithm = ecdsa[spec];
  return algorithm ? [algorithm] : [];
}

const macs: Partial<Record<KeySpec, MacAlgorithmSpec>> = {
  HMAC_224: "HMAC_SHA_224", HMAC_256: "HMAC_SHA_256", HMAC_384: "HMAC_SHA_384", HMAC_512: "HMAC_SHA_512",
};

export function macAlgorithmsOf(spec: KeySpec): readonly MacAlgorithmSpec[] {
  const algorithm = macs[spec];
  return algorithm ? [algorithm] : [];
}

/**
 * The largest plaintext: the modulus less the OAEP padding.
 *
 * @evidence RFC 8017, 7.1.1; recorded AWS answers
 */
export function oaepPlaintextBytesMax(lengthBits: number, algorithm: EncryptionAlgorithmSpec): number {
  const hashBytes = algorithm === "RSAES_OAEP_SHA_1" ? 20 : 32;
  return lengthBits / 8 - 2 * hashBytes - 2;
}

/** What grants on a key may allow. @evidence KMS Developer Guide, "Grants in AWS KMS", Grant operations */
export function grantOperationsOf(spec: KeySpec, usage: KeyUsageType): ReadonlySet<GrantOperation> {
  const everywhere: GrantOperation[] = ["CreateGrant", "RetireGrant", "DescribeKey"];
  const encrypting: GrantOperation[] = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"];
  switch (usage) {
    case "SIGN_VERIFY": return new Set([...everywhere, "Sign", "Verify", "GetPublicKey"]);
    case "GENERATE_VERIFY_MAC": return new Set([...everywhere, "GenerateMac", "VerifyMac"]);
    case "KEY_AGREEMENT": return new Set([...everywhere, "DeriveSharedSecret", "GetPublicKey"]);
    case "ENCRYPT_DECRYPT":
      if (!isSymmetricEncryption(spec)) return new Set([...everywhere, ...encrypting, "GetPublicKey"]);
      return new Set([
        ...everywhere, ...encrypting, "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
      ]);
  }
}
