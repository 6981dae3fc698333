/** How users' long-lived credentials are kept. */

import { table } from "../../store/types.ts";

export interface AccessKey {
  readonly id: string;
  /** A user's id, or the account's number for root's keys. */
  readonly ownerId: string;
  readonly secret: string;
  readonly active: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const accessKeys = table<AccessKey, "owner">("iam.accessKeys", {
  key: (key) => key.id, indexes: { owner: (key) => [key.ownerId, key.createdAt] },
});

/** A password for the console. Only hashes are kept: its own and those of earlier ones. */
export interface LoginProfile {
  readonly userId: string;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly resetRequired: boolean;
  /** Hexadecimal; one for all hashes of a profile, so that reuse shows. */
  readonly salt: string;
  readonly hash: string;
  readonly earlierHashes: readonly string[];
}

export const loginProfiles = table<LoginProfile>("iam.loginProfiles", { key: (profile) => profile.userId });
