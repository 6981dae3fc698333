/** When keys were last used for cryptography, as it is kept. */

import type { KeyLastUsageTrackingOperation } from "../../generated/kms.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import type { Key } from "./keys.ts";

interface Use {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly requestId: string;
}

interface Usage {
  readonly keyId: string;
  readonly uses: Readonly<Partial<Record<KeyLastUsageTrackingOperation, Use>>>;
}

export const usages = table<Usage>("kms.usages", { key: (row) => row.keyId });

export interface LastUse {
  readonly operation: KeyLastUsageTrackingOperation;
  readonly use: Use;
}

/** The latest use of any kind; undefined for a key that was never used. */
export function lastUseOf(ctx: ReadContext, key: Key): LastUse | undefined {
  let latest: LastUse | undefined;
  for (const [operation, use] of Object.entries(ctx.db(usages).get(key.keyId)?.uses ?? {})) {
    if (latest && latest.use.at >= use.at) continue;
    latest = { operation: operation as KeyLastUsageTrackingOperation, use };
  }
  return latest;
}
