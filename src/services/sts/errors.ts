import * as sts from "../../generated/sts.ts";
import { modelled, unmodelled } from "../../kernel/errors.ts";

export const accessDenied = (message: string) => unmodelled("AccessDenied", message, 403);

/** @evidence recorded answers of AssumeRole; the blank at the end is AWS's */
export const invalidMfaCode = () =>
  accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ");

export const missingMfaPart = (missing: "SerialNumber" | "TokenCode") =>
  accessDenied(`MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. Missing ${missing}.`);

export const validationError = (message: string) => unmodelled("ValidationError", message, 400);

/** @evidence STS API Reference, AssumeRole, DurationSeconds */
export const durationExceedsRole = () =>
  validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");

export const durationExceedsChaining = () =>
  validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");

export const malformedPolicy = (message: string) => modelled(sts.MalformedPolicyDocumentException, message);

export const invalidMessage = () =>
  modelled(sts.InvalidAuthorizationMessageException, "Message is not valid.");
