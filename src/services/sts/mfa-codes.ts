/** The MFA code that may come with a request. A code counts once. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { parseArn } from "../../kernel/arn.ts";
import { table } from "../../store/types.ts";
import { invalidMfaCode, missingMfaPart, unknownMfaDevice } from "./errors.ts";

interface UsedCodes {
  readonly serialNumber: string;
  readonly codes: readonly { readonly code: string; readonly at: number }[];
}

const usedCodes = table<UsedCodes>("sts.usedMfaCodes", { key: (row) => row.serialNumber });

/** Longer than a code is right: three steps of 30 seconds. */
const rememberMilliseconds = 120_000;

export interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

function isUsed(row: UsedCodes | undefined, code: string, now: number): boolean {
  return row?.codes.some((used) => used.code === code && used.at > now - rememberMilliseconds) ?? false;
}

/** In whichever region and account the code was used: a device is one for all of them. */
function wasUsed(ctx: ReadContext, serialNumber: string, code: string): boolean {
  const now = ctx.clock.now();
  if (isUsed(ctx.db(usedCodes).get(serialNumber), code, now)) return true;
  return ctx.kernel.cells().some((cell) =>
    isUsed(ctx.kernel.read(cell, (transaction) => transaction.rows(usedCodes).get(serialNumber)), code, now));
}

/**
 * True when a right code was given, false when none was. @throws AccessDenied when half of it or a wrong code
 * was
 */
export function mfaGiven(input: MfaInput, ctx: ReadContext): boolean {
  const { SerialNumber, TokenCode } = input;
  if (SerialNumber === undefined && TokenCode === undefined) return false;
  if (SerialNumber === undefined) throw missingMfaPart("SerialNumber");
  if (TokenCode === undefined) throw missingMfaPart("TokenCode");
  const device = parseArn(SerialNumber);
  if (device?.account !== ctx.caller.account || !device.resource.startsWith("mfa/")) throw unknownMfaDevice();
  if (!ctx.kernel.identity.mfaCodeIsRight(ctx.caller, SerialNumber, TokenCode)) throw invalidMfaCode();
  if (wasUsed(ctx, SerialNumber, TokenCode)) throw invalidMfaCode();
  return true;
}

/** The same, and the code is used up. */
export function useMfaCode(input: MfaInput, ctx: Context): boolean {
  if (!mfaGiven(input, ctx)) return false;
  const now = ctx.clock.now();
  const { SerialNumber: serialNumber = "", TokenCode: code = "" } = input;
  const recent = (ctx.db(usedCodes).get(serialNumber)?.codes ?? [])
    .filter((used) => used.at > now - rememberMilliseconds);
  ctx.db(usedCodes).put({ serialNumber, codes: [...recent, { code, at: now }] });
  return true;
}
