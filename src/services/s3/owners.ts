/** Canonical ids: what access control lists call accounts by. */

import { createHash } from "node:crypto";
import type * as s3 from "../../generated/s3.ts";

/** An account always has the same one: 64 hexadecimal digits, from which the account cannot be read. */
export function canonicalId(account: string): string {
  return createHash("sha256").update(`us-local-1 canonical id ${account}`).digest("hex");
}

export function ownerShown(account: string): s3.Owner {
  return { ID: canonicalId(account) };
}
