/** How users' signing certificates, SSH keys and credentials for single services are kept. */

import { table } from "../../store/types.ts";

export interface SigningCertificate {
  readonly id: string;
  /** A user's id, or the account's number for root. */
  readonly ownerId: string;
  readonly body: string;
  /** SHA-256, in hexadecimal. */
  readonly fingerprint: string;
  readonly active: boolean;
  /** Epoch milliseconds. */
  readonly uploadedAt: number;
}

export const signingCertificates = table<SigningCertificate, "owner" | "fingerprint">(
  "iam.signingCertificates", {
    key: (certificate) => certificate.id,
    indexes: {
      owner: (certificate) => [certificate.ownerId, certificate.uploadedAt],
      fingerprint: (certificate) => certificate.fingerprint,
    },
  },
);

export interface SshPublicKey {
  readonly id: string;
  readonly userId: string;
  /** As it was uploaded. */
  readonly body: string;
  /** MD5 of the key's ssh-rsa form, in pairs of hexadecimal digits with colons between. */
  readonly fingerprint: string;
  readonly active: boolean;
  readonly uploadedAt: number;
}

export const sshPublicKeys = table<SshPublicKey, "user">("iam.sshPublicKeys", {
  key: (key) => key.id, indexes: { user: (key) => [key.userId, key.uploadedAt] },
});

export interface ServiceCredential {
  readonly id: string;
  readonly userId: string;
  readonly service: string;
  /** What the user signs in with: `alice-at-123456789012`. */
  readonly serviceUserName: string;
  readonly password: string;
  readonly active: boolean;
  readonly createdAt: number;
  /** Epoch milliseconds; absent where it never expires. */
  readonly expiresAt?: number;
}

export const serviceCredentials = table<ServiceCredential, "user">("iam.serviceCredentials", {
  key: (credential) => credential.id,
  indexes: { user: (credential) => [credential.userId, credential.createdAt] },
});
