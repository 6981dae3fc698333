/** The keys that digests are signed with. They are made when one is needed, and stay for a year. */

import { createHash, createPrivateKey, generateKeyPair, sign } from "node:crypto";
import { promisify } from "node:util";
import * as cloudtrail from "../../generated/cloudtrail.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { table } from "../../store/types.ts";
import { invalidTimeRange, invalidToken } from "./errors.ts";
import { inGlobalCell } from "./trail-rows.ts";

export interface SigningKey {
  /** MD5 of the public key, in hex. */
  readonly fingerprint: string;
  /** PKCS #1, DER. */
  readonly publicKey: Uint8Array;
  /** Sealed with a key of the region's. */
  readonly privateKey: Uint8Array;
  /** Epoch milliseconds. */
  readonly validFrom: number;
  readonly validUntil: number;
}

export const signingKeys = table<SigningKey>("cloudtrail.signingKeys", {
  key: ({ validFrom, fingerprint }) => [validFrom, fingerprint],
});

const day = 86_400_000;
const validDays = 365;
const pageSize = 50;
const purpose = "cloudtrail.signing";

const makeKeyPair = promisify(generateKeyPair);

export async function signingKey(ctx: BodyContext): Promise<SigningKey> {
  const now = ctx.clock.now();
  const known = (): SigningKey | undefined => [...ctx.db(signingKeys).list({ reverse: true })]
    .find(({ validFrom, validUntil }) => validFrom <= now && now < validUntil);
  const current = ctx.reading(known);
  if (current) return current;
  const { publicKey, privateKey } = await makeKeyPair("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "pkcs1", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const key: SigningKey = {
    fingerprint: createHash("md5").update(publicKey).digest("hex"),
    publicKey,
    privateKey: seal(privateKey, ctx.kernel.keyFor(purpose), ctx.ids.bytes(sealingIvBytes)),
    validFrom: now - (now % day) - day,
    validUntil: now - (now % day) + validDays * day,
  };
  return ctx.transaction((within) => known() ?? within.db(signingKeys).put(key));
}

/** The lines' signature, in hex. */
export function signed(ctx: ReadContext, key: SigningKey, lines: readonly string[]): string {
  const opened = unseal(key.privateKey, ctx.kernel.keyFor(purpose));
  const privateKey = createPrivateKey({ key: opened, format: "der", type: "pkcs8" });
  return sign("sha256", Buffer.from(lines.join("\n")), privateKey).toString("hex");
}

/** @evidence CloudTrail API Reference, ListPublicKeys: keys valid in the range, by default now */
export const ListPublicKeys = operation(cloudtrail.ListPublicKeys, {
  ...inGlobalCell,
  run(input, ctx) {
    const now = ctx.clock.now();
    const { StartTime = now, EndTime = now } = input;
    if (EndTime < StartTime) throw invalidTimeRange();
    const keys = [...ctx.db(signingKeys).list()]
      .filter(({ validFrom, validUntil }) => validFrom <= EndTime && validUntil >= StartTime);
    const { items, next } = pageOf(keys, {
      limit: pageSize, token: input.NextToken, invalid: invalidToken,
      scope: `cloudtrail:ListPublicKeys ${StartTime} ${EndTime}`,
    });
    const PublicKeyList = items.map((key) => ({
      Value: Buffer.from(key.publicKey),
      ValidityStartTime: key.validFrom,
      ValidityEndTime: key.validUntil,
      Fingerprint: key.fingerprint,
    }));
    return { PublicKeyList, NextToken: next };
  },
});
