/**
 * Identity providers as tests need them: one that publishes keys over http, and one that signs SAML
 * responses.
 */

import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { SignedXml } from "xml-crypto";
import { providerCertificate, providerKey } from "./identity-provider-key.ts";

interface SigningKey {
  readonly kid: string;
  readonly algorithm: "RS256" | "ES256";
  readonly privateKey: KeyObject;
  readonly published: object;
}

function newKey(kid: string, algorithm: SigningKey["algorithm"]): SigningKey {
  const { publicKey, privateKey } = algorithm === "RS256"
    ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, algorithm, privateKey,
    published: { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm } };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Keys of providers that are gone: RSA keys take their time to be made. */
const spareKeys: SigningKey[] = [];

export class OpenIdProvider implements AsyncDisposable {
  /** How often keys were asked for. */
  requests = 0;
  /** What the discovery document is replaced by, to be a provider that misbehaves. */
  discovery: ((issuer: string) => unknown) | undefined;
  readonly #first = spareKeys.pop() ?? newKey("one", "RS256");
  keys: SigningKey[] = [this.#first];
  readonly #scheme: "http" | "https";
  readonly #server: Server;

  /** @param scheme `https` with a certificate that no public authority has signed */
  constructor(scheme: "http" | "https") {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request.url ?? "", response);
    this.#scheme = scheme;
    this.#server = scheme === "http" ? createServer(answer)
      : createSecureServer({ key: providerKey, cert: providerCertificate }, answer);
  }

  static async start(scheme: "http" | "https" = "http"): Promise<OpenIdProvider> {
    const provider = new OpenIdProvider(scheme);
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  get issuer(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/realm`;
  }

  #answer(path: string, response: ServerResponse): void {
    if (path === "/realm/.well-known/openid-configuration") {
      const { issuer } = this;
      response.end(JSON.stringify(this.discovery?.(issuer) ?? { issuer, jwks_uri: `${issuer}/keys` }));
    } else if (path === "/realm/keys") {
      this.requests++;
      response.end(JSON.stringify({ keys: this.keys.map((key) => key.published) }));
    } else {
      response.statusCode = 404;
      response.end();
    }
  }

  /** Keys are replaced, as providers do every few weeks. */
  rotate(kid: string, algorithm: SigningKey["algorithm"] = "RS256"): void {
    this.keys = [newKey(kid, algorithm)];
  }

  /** @param header replaces parts of the header, for forgeries */
  token(claims: object, header: object = {}): string {
    const [key] = this.keys;
    if (!key) throw new Error("no keys");
    const text = `${encoded({ alg: key.algorithm, typ: "JWT", kid: key.kid, ...header })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(text), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    spareKeys.push(this.#first);
  }
}

export const samlIssuer = "https://idp.example.com/metadata";

export const samlMetadata =
  `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${samlIssuer}">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
      <X509Certificate>${providerCertificate.replace(/-----[^-]+-----|\s/g, "")}</X509Certificate>
    </X509Data></KeyInfo></KeyDescriptor>
  </IDPSSODescriptor>
</EntityDescriptor>`;

export interface SamlClaims {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly audience?: string;
  readonly recipient?: string;
  readonly issuer?: string;
  readonly status?: string;
  readonly notOnOrAfter?: number;
  readonly sessionNotOnOrAfter?: number;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A response that nobody has signed yet. */
export function samlResponse(claims: SamlClaims): string {
  const { now, attributes, recipient = "https://signin.aws.amazon.com/saml" } = claims;
  const end = iso(claims.notOnOrAfter ?? now + 300_000);
  const named = Object.entries(attributes).map(([name, values]) => {
    const texts = values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join("");
    return `<saml:Attribute Name="${name}">${texts}</saml:Attribute>`;
  }).join("");
  const session = claims.sessionNotOnOrAfter === undefined ? ""
    : ` SessionNotOnOrAfter="${iso(claims.sessionNotOnOrAfter)}"`;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"`
    + ` xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0"`
    + ` IssueInstant="${iso(now)}">`
    + `<saml:Issuer>${samlIssuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="`
    + `${claims.status ?? "urn:oasis:names:tc:SAML:2.0:status:Success"}"/></samlp:Status>`
    + `<saml:Assertion ID="_assertion" Version="2.0" IssueInstant="${iso(now)}">`
    + `<saml:Issuer>${claims.issuer ?? samlIssuer}</saml:Issuer><saml:Subject>`
    + `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>`
    + `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData`
    + ` NotOnOrAfter="${end}" Recipient="${recipient}"/></saml:SubjectConfirmation></saml:Subject>`
    + `<saml:Conditions NotBefore="${iso(now)}" NotOnOrAfter="${end}">`
    + `<saml:AudienceRestriction><saml:Audience>`
    + `${claims.audience ?? "https://signin.aws.amazon.com/saml"}</saml:Audience></saml:AudienceRestriction>`
    + `</saml:Conditions><saml:AuthnStatement AuthnInstant="${iso(now)}"${session}/>`
    + `<saml:AttributeStatement>${named}</saml:AttributeStatement></saml:Assertion></samlp:Response>`;
}

/** Signs the response or the assertion in it, as identity providers do. */
export function signSaml(xml: string, what: "Response" | "Assertion", digest: "sha1" | "sha256" | "sha512" =
  "sha256"): string {
  const place = `//*[local-name(.)='${what}']`;
  const more = "http://www.w3.org/2001/04/xmldsig-more#rsa-";
  const signature = new SignedXml({
    privateKey: providerKey,
    signatureAlgorithm: digest === "sha1" ? "http://www.w3.org/2000/09/xmldsig#rsa-sha1" : `${more}${digest}`,
    canonicalizationAlgorithm: "http://www.w3.org/2001/10/xml-exc-c14n#",
  });
  signature.addReference({
    xpath: place,
    digestAlgorithm: digest === "sha1" ? "http://www.w3.org/2000/09/xmldsig#sha1"
      : `http://www.w3.org/2001/04/xmlenc#${digest}`,
    transforms: [
      "http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#",
    ],
  });
  signature.computeSignature(xml, {
    location: { reference: `${place}/*[local-name(.)='Issuer']`, action: "after" },
  });
  return signature.getSignedXml();
}
