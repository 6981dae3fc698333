/**
 * Which part of a SAML response its identity provider has signed. Nothing but that part is ever read: whoever
 * wraps
 * a signed assertion into something else gains nothing.
 */

import { SignedXml } from "xml-crypto";
import {
  attribute, children, descendants, isElement, parseXml, samlNamespaces, type XmlElement,
} from "../../kernel/auth/saml-xml.ts";

const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";

/** What a signature covers, as text; undefined unless it covers exactly the element that it stands in. */
function signedText(xml: string, signature: XmlElement, certificate: string): string | undefined {
  const parent = signature.parentNode ?? undefined;
  const id = attribute(parent, "ID");
  try {
    const check = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
    check.idAttributes = ["ID"];
    // The library takes DOM nodes of any implementation; its types name the browser's.
    check.loadSignature(signature as never);
    const [reference, ...more] = check.getReferences();
    const transforms: readonly string[] = reference?.transforms ?? [];
    const usual = transforms.includes(enveloped)
      && transforms.every((transform) => transform === enveloped || transform === exclusive);
    if (id === undefined || more.length > 0 || reference?.uri !== `#${id}` || !usual) return undefined;
    return check.checkSignature(xml) ? check.getSignedReferences()[0] : undefined;
  } catch {
    return undefined;
  }
}

function verified(xml: string, signature: XmlElement,
  certificates: readonly string[]): XmlElement | undefined {
  for (const certificate of certificates) {
    const text = signedText(xml, signature, certificate);
    if (text !== undefined) return parseXml(text);
  }
  return undefined;
}

/**
 * The assertion, out of what is signed: the response as a whole, or the assertion in it. All signatures there
 * are
 * must be right.
 */
export function signedAssertion(
  xml: string, response: XmlElement, certificates: readonly string[],
): XmlElement | undefined {
  const [assertion, ...others] = descendants(response, samlNamespaces.assertion, "Assertion");
  if (assertion === undefined || others.length > 0 || assertion.parentNode !== response) return undefined;
  const ofResponse = children(response, samlNamespaces.signature, "Signature");
  const ofAssertion = children(assertion, samlNamespaces.signature, "Signature");
  const signatures = [...ofResponse, ...ofAssertion];
  const all = descendants(response, samlNamespaces.signature, "Signature");
  if (ofResponse.length > 1 || ofAssertion.length > 1 || all.length !== signatures.length) return undefined;
  const signed = signatures.map((signature) => verified(xml, signature, certificates));
  const [first] = signed;
  if (first === undefined || signed.includes(undefined)) return undefined;
  if (isElement(first, samlNamespaces.assertion, "Assertion")) return ofResponse.length === 0 ? first
    : undefined;
  if (!isElement(first, samlNamespaces.protocol, "Response")) return undefined;
  return children(first, samlNamespaces.assertion, "Assertion")[0];
}
