/** What an assertion says, and whether it may still be said. */

import { attribute, children, samlNamespaces, type XmlElement } from "../../kernel/auth/saml-xml.ts";
import { assertionTooOld, invalidToken } from "./errors.ts";
import { checkedTags, type SessionTags } from "./session-tags.ts";

const attributes = "https://aws.amazon.com/SAML/Attributes/";
const audiences = new Set(["https://signin.aws.amazon.com/saml", "urn:amazon:webservices"]);
const recipientForm = /^https:\/\/(?:[a-z0-9-]+\.)?signin\.aws\.amazon\.com\/saml(?:\/acs\/[\w-]+)?$/;
const formatPrefix = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
const redeemMilliseconds = 300_000;
const nameForm = /^[\w+=,.@-]{2,64}$/;

export interface Assertion {
  readonly issuer: string;
  readonly subject: string;
  readonly subjectType: string;
  /** Where it was to be presented: what `saml:aud` is. */
  readonly recipient: string;
  readonly sessionName: string;
  readonly sessionSeconds: number | undefined;
  /** Epoch milliseconds. */
  readonly sessionEndsAt: number | undefined;
  /** Pairs of a role's ARN and a provider's ARN. */
  readonly roles: readonly (readonly [string, string])[];
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

function one(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return children(parent, samlNamespaces.assertion, name)[0];
}

function textOf(element: XmlElement | undefined): string {
  return (element?.textContent ?? "").trim();
}

/** Undefined when absent; not a number when it can't be read, which no comparison lets through. */
function timeOf(element: XmlElement | undefined, name: string): number | undefined {
  const text = attribute(element, name);
  return text === undefined ? undefined : Date.parse(text);
}

function attributesOf(assertion: XmlElement): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const statement of children(assertion, samlNamespaces.assertion, "AttributeStatement")) {
    for (const element of children(statement, samlNamespaces.assertion, "Attribute")) {
      const name = attribute(element, "Name") ?? "";
      const values = children(element, samlNamespaces.assertion, "AttributeValue").map(textOf);
      found.set(name, [...(found.get(name) ?? []), ...values]);
    }
  }
  return found;
}

/** @throws ExpiredTokenException, InvalidIdentityToken */
function checkTimes(assertion: XmlElement, confirmation: XmlElement | undefined, now: number): void {
  const conditions = one(assertion, "Conditions");
  const issuedAt = timeOf(assertion, "IssueInstant") ?? Number.NaN;
  const ends = [timeOf(confirmation, "NotOnOrAfter"), timeOf(conditions, "NotOnOrAfter")];
  const current = ends.every((end) => end === undefined || now < end);
  if (ends[0] === undefined || !current || !(now <= issuedAt + redeemMilliseconds)) throw assertionTooOld();
  const begins = [issuedAt, timeOf(conditions, "NotBefore") ?? issuedAt];
  if (!begins.every((begin) => begin <= now + redeemMilliseconds)) {
    throw invalidToken("The assertion is not valid yet.");
  }
}

/**
 * @evidence IAM User Guide, Troubleshoot SAML federation: "Response does not contain the required audience"
 */
function checkAudience(assertion: XmlElement, recipient: string): void {
  const restrictions =
    children(one(assertion, "Conditions"), samlNamespaces.assertion, "AudienceRestriction");
  const meant = restrictions.length > 0 && restrictions.every((restriction) =>
    children(restriction, samlNamespaces.assertion, "Audience").some((element) =>
      audiences.has(textOf(element))));
  if (!meant || !recipientForm.test(recipient)) {
    throw invalidToken("Response does not contain the required audience");
  }
}

/** @evidence IAM User Guide, Troubleshoot SAML federation, for both texts */
function sessionNameOf(values: readonly string[] | undefined): string {
  const [name] = values ?? [];
  if (name === undefined) throw invalidToken("RoleSessionName is required in AuthnResponse");
  if (!nameForm.test(name)) {
    throw invalidToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}");
  }
  return name;
}

function sessionSecondsOf(values: readonly string[] | undefined): number | undefined {
  const [text] = values ?? [];
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= 900 && seconds <= 43_200)) {
    throw invalidToken("SessionDuration in AuthnResponse must be from 900 to 43200 seconds");
  }
  return seconds;
}

/** @evidence IAM User Guide, Troubleshoot SAML federation: "Source Identity must match …" */
function sourceIdentityOf(values: readonly string[] | undefined): string | undefined {
  const [text] = values ?? [];
  if (text === undefined || (nameForm.test(text) && !/^aws:/i.test(text))) return text;
  throw invalidToken('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"');
}

function tagsOf(given: ReadonlyMap<string, readonly string[]>): SessionTags {
  const prefix = `${attributes}PrincipalTag:`;
  const list = [...given].filter(([name]) => name.startsWith(prefix)).map(([name, values]) => {
    const [Value, ...more] = values;
    const Key = name.slice(prefix.length);
    if (Value === undefined || more.length > 0 || Value.length > 256 || Key.length === 0
      || Key.length > 128) {
      throw invalidToken(`The tag ${Key} must have one value.`);
    }
    return { Key, Value };
  });
  return checkedTags(list, given.get(`${attributes}TransitiveTagKeys`) ?? []);
}

/** Either ARN may come first. @evidence IAM User Guide, Configure SAML assertions, Role attribute */
function rolesOf(values: readonly string[]): [string, string][] {
  return values.flatMap((value) => {
    const [first = "", second = ""] = value.split(",").map((part) => part.trim());
    return first.includes(":saml-provider/") ? [[second, first]] : [[first, second]];
  });
}

/** @throws InvalidIdentityToken, ExpiredTokenException. @param now epoch milliseconds */
export function readAssertion(assertion: XmlElement, now: number): Assertion {
  const subject = one(assertion, "Subject");
  const nameId = one(subject, "NameID");
  const confirmation = one(one(subject, "SubjectConfirmation"), "SubjectConfirmationData");
  const recipient = attribute(confirmation, "Recipient") ?? "";
  checkTimes(assertion, confirmation, now);
  checkAudience(assertion, recipient);
  const given = attributesOf(assertion);
  return {
    issuer: textOf(one(assertion, "Issuer")),
    subject: textOf(nameId),
    subjectType: (attribute(nameId, "Format") ?? "").replace(formatPrefix, ""),
    recipient,
    sessionName: sessionNameOf(given.get(`${attributes}RoleSessionName`)),
    sessionSeconds: sessionSecondsOf(given.get(`${attributes}SessionDuration`)),
    sessionEndsAt: timeOf(one(assertion, "AuthnStatement"), "SessionNotOnOrAfter"),
    roles: rolesOf(given.get(`${attributes}Role`) ?? []),
    tags: tagsOf(given),
    sourceIdentity: sourceIdentityOf(given.get(`${attributes}SourceIdentity`)),
    attributes: given,
  };
}
