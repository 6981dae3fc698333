/**
 * IAM: who there is in an account, and what they may do.
 *
 * A noun is a file that exports its operations: import it as a whole and name it below. Files whose names end
 * in `-rows` hold tables that several nouns share; they have no operations and are not named.
 */

import * as iam from "../../generated/iam.ts";
import type { Caller } from "../../kernel/auth/caller.ts";
import { service } from "../../kernel/service.ts";
import * as accessKeys from "./access-keys.ts";
import * as accountAliases from "./account-aliases.ts";
import * as accountSummary from "./account-summary.ts";
import * as attachments from "./attachments.ts";
import * as authorizationDetails from "./authorization-details.ts";
import * as boundaries from "./boundaries.ts";
import * as contextKeys from "./context-keys.ts";
import * as credentialReport from "./credential-report.ts";
import * as groups from "./groups.ts";
import { identity } from "./identity.ts";
import * as inlinePolicies from "./inline-policies.ts";
import * as instanceProfiles from "./instance-profiles.ts";
import * as lastAccessed from "./last-accessed.ts";
import * as loginProfiles from "./login-profiles.ts";
import * as mfaDevices from "./mfa-devices.ts";
import * as oidcProviders from "./oidc-providers.ts";
import * as outboundFederation from "./outbound-federation.ts";
import * as passwordPolicy from "./password-policy.ts";
import * as policies from "./policies.ts";
import * as policyLists from "./policy-lists.ts";
import * as policySimulator from "./policy-simulator.ts";
import * as policyVersions from "./policy-versions.ts";
import * as roles from "./roles.ts";
import * as samlProviders from "./saml-providers.ts";
import * as serverCertificates from "./server-certificates.ts";
import * as serviceAccess from "./service-access.ts";
import * as serviceCredentials from "./service-credentials.ts";
import * as serviceLinkedRoles from "./service-linked-roles.ts";
import * as signingCertificates from "./signing-certificates.ts";
import * as sshPublicKeys from "./ssh-public-keys.ts";
import { tagging } from "./tagging-by-arn.ts";
import * as tokenPreferences from "./token-preferences.ts";
import * as users from "./users.ts";

/**
 * Sessions of GetSessionToken are let into IAM only with MFA, sessions of GetFederationToken never.
 *
 * @evidence IAM User Guide, "Compare AWS STS credentials"
 */
function mayCallIam({ session }: Caller): boolean {
  if (!session || session.kind === "role") return true;
  return session.kind !== "federated-user" && session.mfaAuthenticatedAt !== undefined;
}

export default service(iam.service, {
  nouns: [
    users, groups, roles, instanceProfiles,
    policies, policyVersions, policyLists, inlinePolicies, attachments, boundaries, serviceAccess,
    accessKeys, loginProfiles, passwordPolicy,
    accountAliases, accountSummary, authorizationDetails,
    mfaDevices, serverCertificates, signingCertificates, sshPublicKeys, serviceCredentials,
    oidcProviders, samlProviders, outboundFederation, serviceLinkedRoles, tokenPreferences,
    credentialReport, lastAccessed, contextKeys, policySimulator,
  ],
  tagging,
  identity,
  admits: mayCallIam,
  /** @evidence recorded denials: "iam:GetAccountSummary on resource: *", "iam:ListAccountAliases on …" */
  saysAnyResource: true,
});
