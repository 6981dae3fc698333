/** Noting and telling when a key was last used for cryptography. */

import * as kms from "../../generated/kms.ts";
import type { KeyLastUsageTrackingOperation } from "../../generated/kms.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
import type { Key } from "./keys.ts";
import { lastUseOf, usages } from "./last-use.ts";

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
    const last = lastUseOf(ctx, key);
    return {
      KeyId: key.keyId,
      TrackingStartDate: key.createdAt,
      KeyCreationDate: key.createdAt,
      ...(last && {
        KeyLastUsage: {
          Operation: last.operation, Timestamp: last.use.at, KmsRequestId: last.use.requestId,
        },
      }),
    };
  },
});
