/** What the kernel asks of IAM. The IAM service answers from its own tables; nobody else reads them. */

import type { SourcedPolicy } from "../../iam/types.ts";
import type { ReadContext } from "../context.ts";
import type { Caller } from "./caller.ts";
import type { OutboundIssuer } from "./outbound-issuer.ts";

export interface AccessKeyOwner {
  readonly secretAccessKey: string;
  readonly active: boolean;
  readonly userName: string;
  readonly userId: string;
  readonly userArn: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface PrincipalPolicies {
  readonly identity: readonly SourcedPolicy[];
  readonly boundary?: SourcedPolicy;
}

/** A role as trust decisions need it. */
export interface RoleFacts {
  readonly arn: string;
  readonly roleId: string;
  readonly roleName: string;
  readonly trustPolicy: string;
  /** 3600 to 43200. */
  readonly maxSessionDurationSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

export type FederationProvider =
  | {
      readonly kind: "oidc";
      readonly arn: string;
      /** `https://…`. */
      readonly url: string;
      readonly clientIds: readonly string[];
      readonly thumbprints: readonly string[];
    }
  | { readonly kind: "saml"; readonly arn: string; readonly metadata: string };

/** `ctx` is always the `aws-global` cell of the account in question. */
export interface IdentityProvider {
  accessKey(accessKeyId: string, ctx: ReadContext): AccessKeyOwner | undefined;
  /** Policies of a user (with groups') or of a role session's role; undefined when the principal is gone. */
  policiesOf(caller: Caller, ctx: ReadContext): PrincipalPolicies | undefined;
  /** A managed policy's default version: AWS's own or the account's. */
  managedPolicy(arn: string, ctx: ReadContext): SourcedPolicy | undefined;
  role(roleName: string, ctx: ReadContext): RoleFacts | undefined;
  /** The `AIDA…` or `AROA…` of the user or role of the account that has exactly this ARN. */
  uniqueIdOf(arn: string, ctx: ReadContext): string | undefined;
  /** The ARN of the user or role of the account that has this unique id. */
  arnOfUniqueId(uniqueId: string, ctx: ReadContext): string | undefined;
  /** Whether `code` is what the caller's MFA device with this serial number shows now. */
  mfaCodeIsRight(caller: Caller, serialNumber: string, code: string, ctx: ReadContext): boolean;
  /** An OIDC or SAML provider of the account. */
  federation(providerArn: string, ctx: ReadContext): FederationProvider | undefined;
  /** The account as an issuer of tokens; undefined where it never was one. */
  outboundIssuer(ctx: ReadContext): OutboundIssuer | undefined;
  /** The OIDC provider that stands for an issuer: its URL without the scheme. */
  oidcProviderArn(issuer: string, ctx: ReadContext): string | undefined;
}
