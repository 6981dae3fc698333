/** Canonical ids: what access control lists call accounts by. */

import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type * as s3 from "../../../generated/s3.ts";

/**
 * Anonymous callers own what they write to buckets that let them.
 *
 * @evidence S3 User Guide, "Access control list (ACL) overview", anonymous user
 */
const anonymousId = "65a011a29cdf8ec533ec3d1ccaae921c";

const key = createHash("sha256").update("us-local-1 canonical ids").digest();
const noVector = Buffer.alloc(16);
/** Tells ids that were made here from other texts of their form. */
const mark = "canonical user id: ";

/** An account always has the same one: 64 hexadecimal digits, which only this region can read. */
export function canonicalId(account: string): string {
  if (account === "") return anonymousId;
  const cipher = createCipheriv("aes-256-cbc", key, noVector).setAutoPadding(false);
  const bytes = Buffer.from(mark + account.padStart(13, " "));
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString("hex");
}

/** Undefined for what is no account's id. */
export function accountOfCanonicalId(id: string): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  const decipher = createDecipheriv("aes-256-cbc", key, noVector).setAutoPadding(false);
  const text = Buffer.concat([decipher.update(id, "hex"), decipher.final()]).toString("latin1");
  const account = text.slice(mark.length).trimStart();
  return text.startsWith(mark) && /^\d{12}$/.test(account) ? account : undefined;
}

export function ownerShown(account: string): s3.Owner {
  return { ID: canonicalId(account) };
}
