/** What policies see of a SAML assertion. */

import { createHash } from "node:crypto";
import type { ContextValue } from "../../iam/types.ts";
import type { Assertion } from "./saml-assertion.ts";

/** @evidence STS API Reference, AssumeRoleWithSAML, NameQualifier */
export function nameQualifier(issuer: string, account: string, providerName: string): string {
  return createHash("sha1").update(`${issuer}${account}/${providerName}`).digest("base64");
}

const eduPerson = "urn:oid:1.3.6.1.4.1.5923.1.1.1.";
const eduOrg = "urn:oid:1.3.6.1.4.1.5923.1.2.1.";
const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

/**
 * Attributes whose condition key has one value. Providers write X.500's also as URNs.
 *
 * @evidence IAM User Guide, "Configure SAML assertions for the authentication response", Mapping SAML
 *   attributes to AWS trust policy context keys; the numbers are as AWS writes them
 */
const keysOfOne: ReadonlyMap<string, string> = new Map([
  [`${eduPerson}3`, "edupersonorgdn"],
  [`${eduPerson}5`, "edupersonprimaryaffiliation"],
  [`${eduPerson}6`, "edupersonprincipalname"],
  [`${eduPerson}8`, "edupersonprimaryorgunitdn"],
  [`${claims}name`, "name"],
  ["http://schemas.xmlsoap.org/claims/CommonName", "commonname"],
  [`${claims}givenname`, "givenname"],
  [`${claims}surname`, "surname"],
  [`${claims}emailaddress`, "mail"],
  ["http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "uid"],
  ["2.5.4.3", "commonname"],
  ["2.5.4.4", "surname"],
  ["2.4.5.42", "givenname"],
  ["2.5.4.45", "x500uniqueidentifier"],
  ["0.9.2342.19200300100.1.1", "uid"],
  ["urn:oid:0.9.2342.19200300.100.1.1", "uid"],
  ["0.9.2342.19200300100.1.3", "mail"],
  ["urn:oid:0.9.2342.19200300.100.1.3", "mail"],
  ["0.9.2342.19200300.100.1.45", "organizationstatus"],
]);

/** Those whose key has any number of values. */
const keysOfMany: ReadonlyMap<string, string> = new Map([
  [`${eduPerson}1`, "edupersonaffiliation"],
  [`${eduPerson}2`, "edupersonnickname"],
  [`${eduPerson}4`, "edupersonorgunitdn"],
  [`${eduPerson}7`, "edupersonentitlement"],
  [`${eduPerson}9`, "edupersonscopedaffiliation"],
  [`${eduPerson}10`, "edupersontargetedid"],
  [`${eduPerson}11`, "edupersonassurance"],
  [`${eduOrg}2`, "eduorghomepageuri"],
  [`${eduOrg}3`, "eduorgidentityauthnpolicyuri"],
  [`${eduOrg}4`, "eduorglegalname"],
  [`${eduOrg}5`, "eduorgsuperioruri"],
  [`${eduOrg}6`, "eduorgwhitepagesuri"],
  ["urn:oid:2.5.4.3", "cn"],
]);

/** @evidence IAM User Guide, "Available keys for SAML-based AWS STS federation" */
export function samlConditions(
  assertion: Assertion, account: string, providerName: string,
): Record<string, ContextValue> {
  const values: Record<string, ContextValue> = {
    "saml:aud": assertion.recipient,
    "saml:iss": assertion.issuer,
    "saml:sub": assertion.subject,
    "saml:sub_type": assertion.subjectType,
    "saml:doc": `${account}/${providerName}`,
    "saml:namequalifier": nameQualifier(assertion.issuer, account, providerName),
  };
  for (const [name, given] of assertion.attributes) {
    const single = keysOfOne.get(name);
    const list = keysOfMany.get(name);
    const [first] = given;
    if (first === undefined) continue;
    if (single !== undefined) values[`saml:${single}`] ??= first;
    else if (list !== undefined) values[`saml:${list}`] = given;
  }
  return values;
}
