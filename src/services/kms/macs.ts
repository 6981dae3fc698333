/** GenerateMac and VerifyMac. */

import { createHmac, timingSafeEqual } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import type { MacAlgorithmSpec } from "../../generated/kms.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { dryRunSucceeded, incompatibleAlgorithm, invalidMac, invalidUsage } from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import { anyKey, keyRules, requireKey } from "./key-ids.ts";
import { kindOf, macAlgorithmsOf } from "./key-specs.ts";
import { keyArn, requireUsable, type Key } from "./keys.ts";
import { recordUsage } from "./last-usage.ts";
import { currentMaterial, openMaterial } from "./materials.ts";

function requireMacKey(
  ctx: Context, input: kms.GenerateMacRequest, name: "GenerateMac" | "VerifyMac",
): Key {
  const key = requireKey(ctx, input.KeyId, anyKey(name));
  requireUsable(ctx, key);
  if (key.usage !== "GENERATE_VERIFY_MAC") throw invalidUsage(keyArn(ctx, key), key.usage, name);
  if (!macAlgorithmsOf(key.spec).includes(input.MacAlgorithm)) {
    throw incompatibleAlgorithm(input.MacAlgorithm, key.spec);
  }
  requireGrantTokens(ctx, input.GrantTokens);
  return key;
}

function macOf(ctx: Context, key: Key, message: Uint8Array): Buffer {
  const kind = kindOf(key.spec);
  const hash = kind.type === "hmac" ? kind.hash : "sha256";
  return createHmac(hash, openMaterial(ctx, key.spec, currentMaterial(ctx, key))).update(message).digest();
}

export const GenerateMac = operation(kms.GenerateMac, {
  ...keyRules<kms.GenerateMacRequest>(anyKey("GenerateMac")),

  run(input, ctx) {
    const key = requireMacKey(ctx, input, "GenerateMac");
    if (input.DryRun) throw dryRunSucceeded();
    const mac = macOf(ctx, key, input.Message);
    recordUsage(ctx, key, "GenerateMac");
    return { Mac: mac, MacAlgorithm: input.MacAlgorithm, KeyId: keyArn(ctx, key) };
  },
});

export const VerifyMac = operation(kms.VerifyMac, {
  ...keyRules<kms.VerifyMacRequest>(anyKey("VerifyMac")),

  run(input, ctx) {
    const key = requireMacKey(ctx, input, "VerifyMac");
    const mac = macOf(ctx, key, input.Message);
    if (mac.length !== input.Mac.length || !timingSafeEqual(mac, input.Mac)) throw invalidMac();
    if (input.DryRun) throw dryRunSucceeded();
    recordUsage(ctx, key, "VerifyMac");
    const algorithm: MacAlgorithmSpec = input.MacAlgorithm;
    return { KeyId: keyArn(ctx, key), MacValid: true, MacAlgorithm: algorithm };
  },
});
