/** How much of everything an account has, and how much it may have. */

import * as iam from "../../generated/iam.ts";
import { operation } from "../../kernel/operation.ts";
import { accessKeys } from "./credential-rows.ts";
import { oidcProviders, samlProviders } from "./federation-rows.ts";
import { instanceProfiles } from "./instance-profile-rows.ts";
import { mfaDevices } from "./mfa-rows.ts";
import { policies, policyVersions } from "./policy-rows.ts";
import { groups, roles, users } from "./principals.ts";
import { signingCertificates } from "./public-key-rows.ts";
import { serverCertificates } from "./server-certificates.ts";
import { globalTokenVersion } from "./token-preferences.ts";

/** @evidence recorded answers of GetAccountSummary */
const quotas: Partial<Record<iam.summaryKeyType, number>> = {
  AccessKeysPerUserQuota: 2, AssumeRolePolicySizeQuota: 2_048, AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10, AttachedPoliciesPerUserQuota: 10, GroupPolicySizeQuota: 5_120,
  GroupsPerUserQuota: 10, GroupsQuota: 300, InstanceProfilesQuota: 1_000, PoliciesQuota: 1_500,
  PolicySizeQuota: 6_144, PolicyVersionsInUseQuota: 10_000, RolePolicySizeQuota: 10_240, RolesQuota: 1_000,
  ServerCertificatesQuota: 20, SigningCertificatesPerUserQuota: 2, UserPolicySizeQuota: 2_048,
  UsersQuota: 5_000, VersionsPerPolicyQuota: 5,
};

/** Nouns that have more to count add a line. */
export const GetAccountSummary = operation(iam.GetAccountSummary, {
  run(_, ctx) {
    const rootKeys = ctx.db(accessKeys).by("owner").count({ prefix: [ctx.account] });
    const counts: Partial<Record<iam.summaryKeyType, number>> = {
      Users: ctx.db(users).count(),
      Groups: ctx.db(groups).count(),
      Roles: ctx.db(roles).count(),
      InstanceProfiles: ctx.db(instanceProfiles).count(),
      Policies: ctx.db(policies).count(),
      PolicyVersionsInUse: ctx.db(policyVersions).count(),
      AccountAccessKeysPresent: rootKeys > 0 ? 1 : 0,
      AccountMFAEnabled: ctx.db(mfaDevices).by("owner").count({ prefix: [ctx.account] }) > 0 ? 1 : 0,
      AccountPasswordPresent: 0,
      AccountSigningCertificatesPresent:
        ctx.db(signingCertificates).by("owner").count({ prefix: [ctx.account] }) > 0 ? 1 : 0,
      GlobalEndpointTokenVersion: globalTokenVersion(ctx),
      MFADevices: ctx.db(mfaDevices).count(),
      MFADevicesInUse: ctx.db(mfaDevices).by("owner").count(),
      Providers: ctx.db(oidcProviders).count() + ctx.db(samlProviders).count(),
      ServerCertificates: ctx.db(serverCertificates).count(),
    };
    const sorted = Object.entries({ ...quotas, ...counts }).sort(([a], [b]) => (a < b ? -1 : 1));
    return { SummaryMap: Object.fromEntries(sorted) as Record<string, number> };
  },
});
