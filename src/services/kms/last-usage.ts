/** When a key was last used for cryptography. */

import * as kms from "../../generated/kms.ts";
import type { KeyLastUsageTrackingOperation } from "../../generated/kms.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
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

/** A busy key costs one write a minute for each operation, not one a request. */
const resolutionMilliseconds = 60_000;

export function recordUsage(ctx: Context, key: Key, operationName: KeyLastUsageTrackingOperation): void {
  const now = ctx.clock.now();
  const uses = ctx.db(usages).get(key.keyId)?.uses;
  const last = uses?.[operationName]?.at;
  if (last !== undefined && now >= last && now - last < resolutionMilliseconds) return;
  ctx.db(usages).put({
    keyId: key.keyId, uses: { ...uses, [operationName]: { at: now, requestId: ctx.requestId } },
  });
}

export const GetKeyLastUsage = operation(kms.GetKeyLastUsage, {
  ...keyRules<kms.GetKeyLastUsageRequest>(ownKey("GetKeyLastUsage")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("GetKeyLastUsage"));
    const uses = Object.entries(ctx.db(usages).get(key.keyId)?.uses ?? {});
    const [name, last] = uses.reduce<[string, Use] | []>(
      (latest, use) => (latest[1] && latest[1].at >= use[1].at ? latest : use), [],
    );
    return {
      KeyId: key.keyId,
      TrackingStartDate: key.createdAt,
      KeyCreationDate: key.createdAt,
      ...(name !== undefined && last && {
        KeyLastUsage: {
          Operation: name as KeyLastUsageTrackingOperation, Timestamp: last.at, KmsRequestId: last.requestId,
        },
      }),
    };
  },
});
