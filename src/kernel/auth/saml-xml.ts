/**
 * SAML's XML as far as both IAM and STS read it: parsing without surprises, and an identity provider's
 * metadata.
 */

import { DOMParser } from "@xmldom/xmldom";

export const samlNamespaces = {
  assertion: "urn:oasis:names:tc:SAML:2.0:assertion",
  metadata: "urn:oasis:names:tc:SAML:2.0:metadata",
  protocol: "urn:oasis:names:tc:SAML:2.0:protocol",
  signature: "http://www.w3.org/2000/09/xmldsig#",
} as const;

/** An element, without the rest of the DOM: enough to read SAML with. */
export interface XmlElement {
  readonly localName: string | null;
  readonly namespaceURI: string | null;
  readonly nodeType: number;
  readonly textContent: string | null;
  readonly parentNode: XmlElement | null;
  readonly childNodes: { readonly length: number; item(index: number): XmlElement | null };
  getAttribute(name: string): string | null;
  getElementsByTagNameNS(
    namespace: string,
    name: string,
  ): { readonly length: number; item(index: number): XmlElement | null };
}

const elementNode = 1;
/** Deeper nesting is no SAML, and would exhaust the stack of whoever walks it. */
const depthMax = 100;

/**
 * The root element; undefined for text that is not well-formed. Document types are refused: entities are of
 * no
 * use here but to attack parsers.
 */
export function parseXml(text: string): XmlElement | undefined {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text) || nestsTooDeep(text)) return undefined;
  const refuse = (message: string): never => {
    throw new SyntaxError(message);
  };
  try {
    const parser = new DOMParser({
      errorHandler: { warning: () => undefined, error: refuse, fatalError: refuse },
    });
    const root = parser.parseFromString(text, "text/xml").documentElement as unknown as XmlElement | null;
    return root ?? undefined;
  } catch {
    return undefined;
  }
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (const [tag] of text.matchAll(/<[/?!]?[^<>]*>/g)) {
    if (tag.startsWith("</")) depth--;
    else if (!tag.startsWith("<?") && !tag.startsWith("<!") && !tag.endsWith("/>")) depth++;
    if (depth > depthMax) return true;
  }
  return false;
}

export function isElement(node: XmlElement | undefined, namespace: string, name: string): node is XmlElement {
  return node?.nodeType === elementNode && node.namespaceURI === namespace && node.localName === name;
}

export function children(parent: XmlElement | undefined, namespace: string, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (let index = 0; index < (parent?.childNodes.length ?? 0); index++) {
    const node = parent?.childNodes.item(index) ?? undefined;
    if (isElement(node, namespace, name)) found.push(node);
  }
  return found;
}

/** All below an element, at any depth. */
export function descendants(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  const list = parent.getElementsByTagNameNS(namespace, name);
  return Array.from({ length: list.length }, (_, index) => list.item(index)).filter((node) => node !== null);
}

/** Undefined where it is absent or empty. */
export function attribute(element: XmlElement | undefined, name: string): string | undefined {
  return element?.getAttribute(name) || undefined;
}

export interface SamlMetadata {
  readonly entityId: string;
  /** Certificates in PEM whose keys sign assertions. */
  readonly signingCertificates: readonly string[];
  /** Epoch milliseconds. */
  readonly validUntil?: number;
}

const certificatesMax = 20;

/** Undefined when the text is not the metadata of one identity provider with a certificate. */
export function parseSamlMetadata(text: string): SamlMetadata | undefined {
  const root = parseXml(text);
  if (!isElement(root, samlNamespaces.metadata, "EntityDescriptor")) return undefined;
  const entityId = attribute(root, "entityID");
  const [provider] = children(root, samlNamespaces.metadata, "IDPSSODescriptor");
  if (entityId === undefined || provider === undefined) return undefined;
  const certificates = children(provider, samlNamespaces.metadata, "KeyDescriptor")
    .filter((key) => (attribute(key, "use") ?? "signing") === "signing")
    .flatMap((key) => descendants(key, samlNamespaces.signature, "X509Certificate"))
    .map((certificate) => (certificate.textContent ?? "").replace(/\s/g, ""));
  const usable = certificates.every((certificate) => /^[A-Za-z0-9+/]+={0,2}$/.test(certificate));
  if (certificates.length === 0 || certificates.length > certificatesMax || !usable) return undefined;
  const until = Date.parse(attribute(root, "validUntil") ?? attribute(provider, "validUntil") ?? "");
  return {
    entityId,
    signingCertificates: certificates.map(pem),
    ...(!Number.isNaN(until) && { validUntil: until }),
  };
}

function pem(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
