/**
 * What counts as sensitive in texts, by AWS's names, for whoever has a data protection policy: CloudWatch
 * Logs, SNS. Those that need words nearby, or a country's registers, are not
 * here: a policy that names them is refused.
 *
 * @evidence CloudWatch Logs User Guide, "Types of data that you can protect"
 */

import { Expression, TooCostly } from "./expressions/expression.ts";

export interface Finder {
  readonly name: string;
  /** Ranges of a text: begin, and one past the end. */
  find(text: string): [begin: number, end: number][];
}

function byForm(name: string, form: RegExp, isRight: (found: string) => boolean = () => true): Finder {
  return {
    name,
    find: (text) => [...text.matchAll(form)].filter(([found]) => isRight(found))
      .map((match) => [match.index, match.index + match[0].length]),
  };
}

/** The check digit that payment cards have. */
function hasCheckDigit(text: string): boolean {
  const digits = [...text.replace(/\D/g, "")].reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => {
    const counted = index % 2 === 0 ? digit : digit * 2;
    return total + (counted > 9 ? counted - 9 : counted);
  }, 0);
  return sum % 10 === 0;
}

function isMixed(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text);
}

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const privateKey = (kind: string): RegExp =>
  new RegExp(`-----BEGIN ${kind}-----[A-Za-z0-9+/=\\s:,.-]{1,20000}?-----END ${kind}-----`, "g");

const finders: readonly Finder[] = [
  byForm("EmailAddress", /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/g),
  byForm("IpAddress", new RegExp(`(?<![\\d.])(?:${octet}\\.){3}${octet}(?![\\d.])`, "g")),
  byForm("CreditCardNumber", /(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)/g, hasCheckDigit),
  byForm("Ssn-US", /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])/g),
  byForm(
    "PhoneNumber-US", /(?<!\d)(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?!\d)/g
  ),
  byForm("AwsSecretKey", /(?<![\w/+=])[A-Za-z0-9/+]{40}(?![\w/+=])/g, isMixed),
  byForm("OpenSshPrivateKey", privateKey("OPENSSH PRIVATE KEY")),
  byForm("PgpPrivateKey", privateKey("PGP PRIVATE KEY BLOCK")),
  byForm("PkcsPrivateKey", privateKey("(?:RSA |EC |ENCRYPTED )?PRIVATE KEY")),
  byForm("LatLong", /(?<![\d.])-?(?:[1-8]?\d|90)\.\d{4,}, ?-?(?:1[0-7]\d|[1-9]?\d|180)\.\d{4,}(?!\d)/g),
];

const byName = new Map(finders.map((finder) => [finder.name, finder]));

/** @param identifier `arn:aws:dataprotection::aws:data-identifier/EmailAddress` */
export function managedFinder(identifier: string): Finder | undefined {
  return byName.get(identifier.slice(identifier.lastIndexOf("/") + 1));
}

/** @param replace makes something of what was found */
export function replaced(text: string, finders: readonly Finder[],
  replace: (found: string) => string): string {
  let result = text;
  for (const finder of finders) {
    // From the end, so that what comes before stays where it was found.
    for (const [begin, end] of finder.find(result).reverse()) {
      result = result.slice(0, begin) + replace(result.slice(begin, end)) + result.slice(end);
    }
  }
  return result;
}

/**
 * @evidence CloudWatch Logs User Guide, "Custom data identifiers": names and expressions of 200 characters
 */
export function customFinder(name: string, source: string): Finder | undefined {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name) || source.length > 200 || !isTame(source)) return undefined;
  try {
    return byExpression(name, new Expression(source));
  } catch {
    return undefined;
  }
}

/** A text that is too long for the expression to be searched counts as found, all of it. */
function byExpression(name: string, expression: Expression): Finder {
  return {
    name,
    find: (text) => {
      try {
        return [...expression.all(text)].filter((found) => found.text !== "")
          .map((found) => [found.at, found.at + found.text.length]);
      } catch (error) {
        if (error instanceof TooCostly) return [[0, text.length]];
        throw error;
      }
    },
  };
}

/** Repeats within repeats may take for ever; AWS takes none of them either. */
function isTame(source: string): boolean {
  return !/\([^)]*[*+}][^)]*\)[*+{]/.test(source) && (source.match(/[*+]|\{\d+,\}/g) ?? []).length <= 2;
}
