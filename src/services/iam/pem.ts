/** Certificates and keys in PEM. Nothing here throws what is not a refusal. */

import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { brokenChain, malformedCertificate, malformedPrivateKey } from "./credential-errors.ts";

const certificateForm = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** @evidence IAM User Guide, Server certificates: a chain is a handful of certificates */
const chainMax = 20;

/** @throws MalformedCertificate unless the text is exactly one certificate */
export function readCertificate(text: string): X509Certificate {
  const [only, ...more] = text.match(certificateForm) ?? [];
  const nothingElse = only !== undefined && more.length === 0 && text.replace(only, "").trim() === "";
  if (!nothingElse) throw malformedCertificate();
  return parsed(only);
}

function parsed(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw malformedCertificate();
  }
}

/** Checks that each certificate of the chain has issued the one before it. @throws MalformedCertificate */
export function checkChain(leaf: X509Certificate, text: string): void {
  const blocks = text.match(certificateForm) ?? [];
  if (blocks.length === 0 || blocks.length > chainMax) throw malformedCertificate();
  let issued = leaf;
  blocks.forEach((block, index) => {
    const issuer = parsed(block);
    if (!issued.checkIssued(issuer) || !issued.verify(issuer.publicKey)) throw brokenChain(index);
    issued = issuer;
  });
}

/** @throws MalformedCertificate */
export function readPrivateKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw malformedPrivateKey();
  }
}

/** Epoch milliseconds. */
export function expiryOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}
