/** Temporary credentials as STS answers them, and the MFA code that may have to come first. */

import type * as sts from "../../generated/sts.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { IssuedSession } from "../../kernel/kernel.ts";
import { invalidMfaCode, missingMfaPart } from "./errors.ts";

export function answer(session: IssuedSession): sts.Credentials {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: Math.floor(session.expiresAt / 1000) * 1000,
  };
}

export interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/** True when a right code was given, false when none was. @throws AccessDenied when half of it or a wrong code was */
export function mfaGiven(input: MfaInput, ctx: ReadContext): boolean {
  const { SerialNumber, TokenCode } = input;
  if (SerialNumber === undefined && TokenCode === undefined) return false;
  if (SerialNumber === undefined) throw missingMfaPart("SerialNumber");
  if (TokenCode === undefined) throw missingMfaPart("TokenCode");
  if (!ctx.kernel.identity.mfaCodeIsRight(ctx.caller, SerialNumber, TokenCode)) throw invalidMfaCode();
  return true;
}
