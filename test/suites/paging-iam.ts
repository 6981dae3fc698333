/** IAM with several of everything that can be listed. */

import { createPublicKey } from "node:crypto";
import { authorityCertificate, leafCertificate, leafKey } from "../../src/services/iam/test-certificates.ts";
import { samlMetadata, trustPolicy } from "./documents.ts";
import type { Listings, Make } from "./listings.ts";

const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
});
const Tags = ["a", "b", "c", "d", "e"].map((Key) => ({ Key, Value: "x" }));
const numbers = [1, 2, 3, 4, 5];
const policyArn = (number: number) => `arn:aws:iam::000000000000:policy/policy-${number}`;

async function fillPrincipals(make: Make): Promise<void> {
  for (const number of numbers) {
    await make("iam:CreateUser", { UserName: `user-${number}`, Tags });
    await make("iam:CreateGroup", { GroupName: `group-${number}` });
    await make("iam:CreateRole", { RoleName: `role-${number}`, AssumeRolePolicyDocument: trustPolicy, Tags });
    await make("iam:CreateInstanceProfile", { InstanceProfileName: `profile-${number}`, Tags });
    await make("iam:AddRoleToInstanceProfile", {
      InstanceProfileName: `profile-${number}`,
      RoleName: "role-1",
    });
    await make("iam:AddUserToGroup", { GroupName: "group-1", UserName: `user-${number}` });
    if (number > 1) await make("iam:AddUserToGroup", { GroupName: `group-${number}`, UserName: "user-1" });
  }
  for (const _ of [1, 2]) await make("iam:CreateAccessKey", { UserName: "user-1" });
  await make("iam:CreateAccountAlias", { AccountAlias: "several" });
}

async function fillPolicies(make: Make): Promise<void> {
  for (const number of numbers) {
    await make("iam:CreatePolicy", { PolicyName: `policy-${number}`, PolicyDocument: document, Tags });
    const inline = { PolicyName: `inline-${number}`, PolicyDocument: document };
    await make("iam:PutUserPolicy", { UserName: "user-1", ...inline });
    await make("iam:PutGroupPolicy", { GroupName: "group-1", ...inline });
    await make("iam:PutRolePolicy", { RoleName: "role-1", ...inline });
    const PolicyArn = policyArn(number);
    await make("iam:AttachUserPolicy", { UserName: "user-1", PolicyArn });
    await make("iam:AttachGroupPolicy", { GroupName: "group-1", PolicyArn });
    await make("iam:AttachRolePolicy", { RoleName: "role-1", PolicyArn });
    if (number === 1) continue;
    await make("iam:CreatePolicyVersion", { PolicyArn: policyArn(1), PolicyDocument: document });
    for (const [kind, Kind] of [
      ["user", "User"],
      ["group", "Group"],
      ["role", "Role"],
    ] as const) {
      await make(`iam:Attach${Kind}Policy`, {
        [`${Kind}Name`]: `${kind}-${number}`,
        PolicyArn: policyArn(1),
      });
    }
  }
}

async function fillCredentials(make: Make): Promise<void> {
  for (const number of numbers) {
    await make("iam:CreateVirtualMFADevice", { VirtualMFADeviceName: `device-${number}`, Tags });
    await make("iam:UploadSSHPublicKey", { UserName: "user-1", SSHPublicKeyBody: sshKey(number) });
  }
  await make("iam:CreateOpenIDConnectProvider", {
    Url: "https://issuer.example.com",
    ClientIDList: ["a"],
    Tags,
  });
  await make("iam:CreateSAMLProvider", { Name: "provider", SAMLMetadataDocument: samlMetadata, Tags });
  for (const number of numbers) {
    await make("iam:UploadServerCertificate", {
      ServerCertificateName: `certificate-${number}`,
      CertificateBody: leafCertificate,
      PrivateKey: leafKey,
      Tags,
    });
  }
  await make("iam:UploadSigningCertificate", { UserName: "user-1", CertificateBody: leafCertificate });
  await make("iam:UploadSigningCertificate", { UserName: "user-1", CertificateBody: authorityCertificate });
}

/** No private key goes with it: finding one takes a quarter of a second. */
function sshKey(number: number): string {
  const modulus = Buffer.alloc(256, 0x81 + 2 * number);
  const key = { kty: "RSA", n: modulus.toString("base64url"), e: "AQAB" };
  return createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }).toString();
}

export const iamListings: Listings = {
  async fill(make) {
    await fillPrincipals(make);
    await fillPolicies(make);
    await fillCredentials(make);
  },
  inputs: {
    ListUsers: {},
    ListGroups: {},
    ListRoles: {},
    ListInstanceProfiles: {},
    ListAccountAliases: {},
    ListPolicies: { Scope: "Local" },
    ListUserTags: { UserName: "user-1" },
    ListRoleTags: { RoleName: "role-1" },
    ListPolicyTags: { PolicyArn: policyArn(1) },
    ListInstanceProfileTags: { InstanceProfileName: "profile-1" },
    GetGroup: { GroupName: "group-1" },
    ListGroupsForUser: { UserName: "user-1" },
    ListInstanceProfilesForRole: { RoleName: "role-1" },
    ListPolicyVersions: { PolicyArn: policyArn(1) },
    ListEntitiesForPolicy: { PolicyArn: policyArn(1) },
    ListUserPolicies: { UserName: "user-1" },
    ListGroupPolicies: { GroupName: "group-1" },
    ListRolePolicies: { RoleName: "role-1" },
    ListAttachedUserPolicies: { UserName: "user-1" },
    ListAttachedGroupPolicies: { GroupName: "group-1" },
    ListAttachedRolePolicies: { RoleName: "role-1" },
    ListAccessKeys: { UserName: "user-1" },
    GetAccountAuthorizationDetails: { Filter: ["User", "Group", "Role", "LocalManagedPolicy"] },
    ListVirtualMFADevices: {},
    ListSSHPublicKeys: { UserName: "user-1" },
    ListMFADevices: { UserName: "user-1" },
    ListMFADeviceTags: { SerialNumber: "arn:aws:iam::000000000000:mfa/device-1" },
    ListOpenIDConnectProviderTags: {
      OpenIDConnectProviderArn: "arn:aws:iam::000000000000:oidc-provider/issuer.example.com",
    },
    ListServerCertificateTags: { ServerCertificateName: "certificate-1" },
    ListSAMLProviderTags: { SAMLProviderArn: "arn:aws:iam::000000000000:saml-provider/provider" },
    ListSigningCertificates: { UserName: "user-1" },
    ListServerCertificates: {},
    SimulateCustomPolicy: {
      PolicyInputList: [document],
      ActionNames: ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:Publish"],
    },
    SimulatePrincipalPolicy: {
      PolicySourceArn: "arn:aws:iam::000000000000:user/user-1",
      ActionNames: ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:Publish"],
    },
  },
  single: ["ListAccountAliases", "ListMFADevices"],
};
