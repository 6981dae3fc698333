/** Condition keys of Object Lock: what a request asks for. */

import type { ContextValue } from "../../../iam/types.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { dayMilliseconds } from "../lifecycle/days.ts";

type Conditions = Record<string, ContextValue | undefined>;

interface Asks {
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: number | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
  readonly Retention?: { readonly Mode?: string; readonly RetainUntilDate?: number } | undefined;
  readonly LegalHold?: { readonly Status?: string } | undefined;
}

/** @evidence Service Authorization Reference, "Condition keys for Amazon S3", s3:object-lock-… */
export function lockConditions(input: object, ctx: ReadContext): Conditions {
  const asks = input as Asks;
  const until = asks.ObjectLockRetainUntilDate ?? asks.Retention?.RetainUntilDate;
  const conditions: Conditions = {
    "s3:object-lock-mode": asks.ObjectLockMode ?? asks.Retention?.Mode,
    "s3:object-lock-legal-hold": asks.ObjectLockLegalHoldStatus ?? asks.LegalHold?.Status,
  };
  if (until !== undefined) {
    conditions["s3:object-lock-retain-until-date"] = new Date(until).toISOString();
    const remainingDays = Math.ceil((until - ctx.clock.now()) / dayMilliseconds);
    conditions["s3:object-lock-remaining-retention-days"] = String(remainingDays);
  }
  return conditions;
}
