/** STS's refusals, each text once. */

import * as sts from "../../generated/sts.ts";
import { modelled, unmodelled } from "../../kernel/errors.ts";

export const accessDenied = (message: string) => unmodelled("AccessDenied", message, 403);

export const validationError = (message: string) => unmodelled("ValidationError", message, 400);

/** @evidence recorded answers of AssumeRole; the blank at the end is AWS's */
export const invalidMfaCode = () =>
  accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ");

/** @evidence reported answers of GetSessionToken, with two blanks */
export const unknownMfaDevice = () => accessDenied("MultiFactorAuthentication failed, unable to validate MFA "
  + "code.  Please verify your MFA serial number is valid and associated with this user.");

/** @evidence none: the text could not be found in any answer of AWS's */
export const missingMfaPart = (missing: "SerialNumber" | "TokenCode") =>
  accessDenied(
    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. "
    + `Missing ${missing}.`);

/** @evidence STS API Reference, AssumeRole, DurationSeconds */
export const durationExceedsRole = () =>
  validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");

/** @evidence recorded answers of AssumeRole, quoted with their period */
export const durationExceedsChaining = () => validationError(
  "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");

export const malformedPolicy = (message: string) => modelled(sts.MalformedPolicyDocumentException, message);

/** @evidence reported answers of AssumeRole; AWS troubleshooting pages quote both */
export const packedTooLarge = (what: "policy" | "tags", percent: number) => modelled(
  sts.PackedPolicyTooLargeException,
  what === "policy" ? `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`
    : `Packed size of session tags consumes ${percent}% of allotted space.`,
);

export const invalidMessage = () =>
  modelled(sts.InvalidAuthorizationMessageException, "Message is not valid.");

export const invalidToken = (message: string) => modelled(sts.InvalidIdentityTokenException, message);

/** @evidence reported answers of AssumeRoleWithWebIdentity */
export const notJsonWebToken = () => invalidToken(
  "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");

export const missingClaim = (claim: string) => invalidToken(`Missing a required claim: ${claim}`);

export const noOidcProvider = (issuer: string) =>
  invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);

export const wrongAudience = () => invalidToken("Incorrect token audience");

/** @evidence reported answers of AssumeRoleWithWebIdentity, with two blanks */
export const noVerificationKey = () => invalidToken("Couldn't retrieve verification key from your identity "
  + "provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");

export const wrongThumbprint = () =>
  invalidToken("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");

/** @evidence none: the text is ours */
export const wrongTokenSignature = () => invalidToken("The signature of the ID Token is not valid.");

/** @evidence reported answers of AssumeRoleWithWebIdentity; times are in seconds */
export const tokenExpired = (now: number, expiry: number) => modelled(sts.ExpiredTokenException,
  `Token expired: current date/time ${now} must be before the expiration date/time ${expiry}`);

/** @evidence STS API Reference, IDPCommunicationError; the text is ours */
export const providerUnreachable = (provider: string) => modelled(sts.IDPCommunicationErrorException,
  `The identity provider ${provider} could not be reached.`);

/** @evidence STS API Reference, IDPRejectedClaim; the text is ours */
export const providerRejected = (status: string) => modelled(sts.IDPRejectedClaimException,
  `The identity provider reported that authentication failed: ${status}`);

/** @evidence recorded answers, radkawar/stackd, testdata/aws/iam/outbound_identity.json; so the next three */
export const outboundFederationDisabled = () =>
  modelled(sts.OutboundWebIdentityFederationDisabledException, "OutboundWebIdentityFederation is disabled.");

export const unsupportedAlgorithm = () => validationError("Requested SigningAlgorithm is not supported. "
  + "See the GetWebIdentityToken documentation for supported algorithms");

export const tokenOutlivesSession = () => modelled(sts.SessionDurationEscalationException,
  "Requested token expiry time must be before the original session's expiry time.");

export const duplicateTagKeys = () => unmodelled(
  "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");

/** @evidence STS API Reference, JWTPayloadSizeExceeded; the answer's own words are not on record */
export const payloadTooLarge = () => modelled(
  sts.JWTPayloadSizeExceededException, "The requested token payload size exceeds the maximum allowed size.");

/** @evidence IAM User Guide, Getting started with outbound identity federation; the text is ours */
export const issuedHere = () =>
  invalidToken("Tokens of GetWebIdentityToken cannot be used for federation into AWS.");

/** @evidence IAM User Guide, Troubleshoot SAML federation with IAM */
export const notAuthorized = (action: string) => accessDenied(`Not authorized to perform ${action}`);

/** @evidence reported answers of AssumeRoleWithSAML */
export const assertionTooOld = () =>
  modelled(sts.ExpiredTokenException, "Token must be redeemed within 5 minutes of issuance");
