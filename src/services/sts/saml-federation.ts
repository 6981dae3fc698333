/** Roles for those whom a SAML identity provider knows: no AWS credentials are needed to ask. */

import * as sts from "../../generated/sts.ts";
import {
  attribute, children, isElement, parseSamlMetadata, parseXml, samlNamespaces, type SamlMetadata,
    type XmlElement,
} from "../../kernel/auth/saml-xml.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { answer } from "./credentials.ts";
import { assertionTooOld, invalidToken, notAuthorized, providerRejected } from "./errors.ts";
import { requireTrust } from "./federated-trust.ts";
import { issueRoleSession, ownerOfRole, requireRoleArn } from "./role-sessions.ts";
import { readAssertion, type Assertion } from "./saml-assertion.ts";
import { nameQualifier, samlConditions } from "./saml-conditions.ts";
import { signedAssertion } from "./saml-signature.ts";

const action = "sts:AssumeRoleWithSAML";
const success = "urn:oasis:names:tc:SAML:2.0:status:Success";
const durationSecondsDefault = 3_600;

/** @evidence IAM User Guide, Troubleshoot SAML federation: "Specified provider doesn't exist" */
function requireProvider(arn: string, ctx: BodyContext): SamlMetadata {
  const provider = ctx.kernel.identity.federation(ctx.account, arn);
  const metadata = provider?.kind === "saml" ? parseSamlMetadata(provider.metadata) : undefined;
  if (metadata === undefined) throw invalidToken("Specified provider doesn't exist");
  return metadata;
}

/** @evidence reported answers of AssumeRoleWithSAML: "Invalid base64 SAMLResponse" */
function readResponse(text: string): { xml: string; response: XmlElement } {
  const base64 = text.replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw invalidToken("Invalid base64 SAMLResponse");
  const xml = Buffer.from(base64, "base64").toString();
  const response = parseXml(xml);
  if (!isElement(response, samlNamespaces.protocol, "Response")) throw invalidToken(
    "SAMLResponse is not valid");
  return { xml, response };
}

/** What the provider says of itself is believed only where it says no. */
function checkStatus(response: XmlElement): void {
  const [status] = children(response, samlNamespaces.protocol, "Status");
  const [code] = children(status, samlNamespaces.protocol, "StatusCode");
  const value = attribute(code, "Value") ?? "none";
  if (value !== success) throw providerRejected(value);
}

/** @evidence IAM User Guide, Troubleshoot SAML federation, for both texts */
function trustedAssertion(input: sts.AssumeRoleWithSAMLRequest, ctx: BodyContext): Assertion {
  const metadata = requireProvider(input.PrincipalArn, ctx);
  const { xml, response } = readResponse(input.SAMLAssertion);
  checkStatus(response);
  const signed = signedAssertion(xml, response, metadata.signingCertificates);
  if (signed === undefined) throw invalidToken("Response signature invalid");
  const assertion = readAssertion(signed, ctx.clock.now());
  if (assertion.issuer !== metadata.entityId) throw invalidToken("Issuer not present in specified provider");
  const named = assertion.roles.some(([role, provider]) =>
    role === input.RoleArn && provider === input.PrincipalArn);
  if (!named) throw notAuthorized(action);
  return assertion;
}

/**
 * The shortest of what the request, the attribute and the provider's own session say. @evidence same API
 * Reference
 */
function durationSeconds(asked: number | undefined, assertion: Assertion, now: number): number {
  const limits = [asked, assertion.sessionSeconds].filter((seconds) => seconds !== undefined);
  const seconds = limits.length === 0 ? durationSecondsDefault : Math.min(...limits);
  if (assertion.sessionEndsAt === undefined) return seconds;
  const left = Math.floor((assertion.sessionEndsAt - now) / 1000);
  if (!(left > 0)) throw assertionTooOld();
  return Math.min(seconds, left);
}

export const AssumeRoleWithSAML = operation(sts.AssumeRoleWithSAML, {
  access: "anonymous",
  owner: ownerOfRole,
  resource: (input) => input.RoleArn,

  async body(input, ctx) {
    requireRoleArn(input.RoleArn);
    const assertion = trustedAssertion(input, ctx);
    const providerName = input.PrincipalArn.slice(input.PrincipalArn.lastIndexOf("/") + 1);
    const claims = samlConditions(assertion, ctx.account, providerName);
    const { tags, sourceIdentity, sessionName } = assertion;
    requireTrust({
      action, roleArn: input.RoleArn, provider: input.PrincipalArn, sessionName, claims, tags, sourceIdentity,
    }, ctx);
    const request = {
      ...input, RoleSessionName: sessionName,
      DurationSeconds: durationSeconds(input.DurationSeconds, assertion, ctx.clock.now()),
    };
    const issued = issueRoleSession(request, ctx, {
      sessionTags: tags.tags,
      federatedProvider: input.PrincipalArn,
      contextKeys: claims,
      ...(tags.transitiveKeys.length > 0 && { transitiveTagKeys: tags.transitiveKeys }),
      ...(sourceIdentity !== undefined && { sourceIdentity }),
    });
    return {
      Credentials: answer(issued.session), AssumedRoleUser: issued.user,
      Subject: assertion.subject, SubjectType: assertion.subjectType, Issuer: assertion.issuer,
      Audience: assertion.recipient,
      NameQualifier: nameQualifier(assertion.issuer, ctx.account, providerName),
      PackedPolicySize: issued.packedPolicySize, SourceIdentity: sourceIdentity,
    };
  },
});
