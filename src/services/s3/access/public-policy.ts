/**
 * Whether a policy is public: whether it lets in anybody who is not fixed by name, account, network or
 * organization. Pure.
 *
 * @evidence S3 User Guide, "Blocking public access to your Amazon S3 storage", The meaning of "public"
 */

import { parsePolicy, type PolicyDocument, type Statement } from "../../../iam/parse.ts";

/** Conditions on these keys fix who is let in, if their values are fixed. */
const fixingKeys: ReadonlySet<string> = new Set([
  "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
  "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn",
  "aws:sourceorgid", "aws:sourceorgpaths", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
  "aws:sourcevpcarn",
  "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

const accessPointKey = "s3:dataaccesspointarn";
const addressKey = "aws:sourceip";

/** What asks for a value. `…IfExists` and negations let in who has none. */
const affirming =
  /^(?:foranyvalue:)?(?:string(?:equals|like|equalsignorecase)|arn(?:equals|like)|ipaddress)$/;

/** @param document one that `parsePolicy` reads */
export function isPublicPolicy(document: string): boolean {
  return publicStatements(parsePolicy(document)).length > 0;
}

export function publicStatements({ statements }: PolicyDocument): Statement[] {
  return statements.filter(
    (statement) =>
      statement.effect === "Allow" && namesEverybody(statement) && !isNarrowed(statement),
  );
}

function namesEverybody({ principal, notPrincipal }: Statement): boolean {
  if (notPrincipal !== undefined) return true;
  if (principal === undefined) return false;
  if (principal === "*") return true;
  return Object.values(principal).flat().some((name) => !isFixed(name));
}

/** Neither wildcards nor variables. */
function isFixed(value: string): boolean {
  return !/[*?]|\$\{/.test(value);
}

function isNarrowed({ conditions }: Statement): boolean {
  return conditions.some(({ operator, key, values }) => {
    if (key === undefined || !affirming.test(operator.toLowerCase()) || values.length === 0) return false;
    const name = key.toLowerCase();
    if (name === addressKey) return values.every(isNarrowRange);
    if (name === accessPointKey) return values.every(fixesAccount);
    if (name === "aws:userid") return values.every(fixesUser);
    return fixingKeys.has(name) && values.every(isFixed);
  });
}

/** The name of an access point may be anything, as long as its account is one. */
function fixesAccount(arn: string): boolean {
  const [, , , region = "", account = "", ...rest] = arn.split(":");
  return rest.length > 0 && /^\d{12}$/.test(account) && !region.includes("${");
}

/** `AROAEXAMPLE:*` is a role with sessions of any name, and still one role. */
function fixesUser(value: string): boolean {
  return isFixed(value.replace(/:\*$/, "")) && value !== "*";
}

const widestVersion4 = 8;
const widestVersion6 = 32;
/** @evidence RFC 1918, and unique local addresses of RFC 4193 */
const privateRanges = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:)/i;

/** Very wide ranges are as good as everybody. */
function isNarrowRange(range: string): boolean {
  if (!isFixed(range)) return false;
  if (privateRanges.test(range)) return true;
  const isVersion6 = range.includes(":");
  const slash = range.indexOf("/");
  const bits = slash < 0 ? Number.POSITIVE_INFINITY : Number(range.slice(slash + 1));
  return bits >= (isVersion6 ? widestVersion6 : widestVersion4);
}
