/** What the kernel asks of IAM. The IAM service answers from its own tables; nobody else reads them. */

import type { SourcedPolicy } from "../../iam/types.ts";
import type { ReadContext } from "../context.ts";
import type { Caller } from "./caller.ts";

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

/** `ctx` is always the `aws-global` cell of the account in question. */
export interface IdentityProvider {
  accessKey(accessKeyId: string, ctx: ReadContext): AccessKeyOwner | undefined;
  /** Policies of a user (with groups') or of a role session's role; undefined when the principal is gone. */
  policiesOf(caller: Caller, ctx: ReadContext): PrincipalPolicies | undefined;
  /** A managed policy's default version: AWS's own or the account's. */
  managedPolicy(arn: string, ctx: ReadContext): SourcedPolicy | undefined;
  role(roleName: string, ctx: ReadContext): RoleFacts | undefined;
}
