/** The policy language's public contract. Everything in `iam/` is pure: no store, no clock, no wire. */

/** One policy and where it came from, for explanations and matched statements. */
export interface SourcedPolicy {
  /** The JSON text, as stored. Compiled once and cached by its text. */
  readonly document: string;
  /** How AWS names the kind of source in denials and in the policy simulator. */
  readonly kind:
    | "identity-managed"
    | "identity-inline"
    | "group-managed"
    | "group-inline"
    | "boundary"
    | "session"
    | "resource"
    | "scp"
    | "rcp"
    | "vpc-endpoint";
  /** A managed policy's ARN, an inline policy's name, or the ARN of the resource that carries it. */
  readonly id: string;
}

export type ContextValue = string | readonly string[];

/** Condition keys are asked for lower case. Values are computed only when a policy looks at them. */
export interface ConditionContext {
  get(key: string): ContextValue | undefined;
  /** The keys worth showing in an explanation. */
  keys(): Iterable<string>;
}

export type PrincipalType = "Root" | "IAMUser" | "AssumedRole" | "FederatedUser" | "AWSService" | "Anonymous";

/** Who asks, as far as policies can tell. */
export interface RequestPrincipal {
  readonly type: PrincipalType;
  /** Empty for services and for anonymous callers. */
  readonly account: string;
  /** `arn:aws:sts::…:assumed-role/R/S` for sessions; `sqs.amazonaws.com` for services; `*` for anonymous. */
  readonly arn: string;
  /** For a role session: the role's ARN, which policies may name instead of the session. */
  readonly roleArn?: string;
  /** The `AIDA…` of a user, the `AROA…` of a session's role: what policies that are kept name them by. */
  readonly uniqueId?: string;
  /** For a role session: its `aws:userid`, `AROA…:session`, by which policies keep the session itself. */
  readonly userId?: string;
  /** For role sessions from OIDC or SAML: the provider, which trust policies name as `Federated`. */
  readonly federatedProvider?: string;
}

export interface AuthorizationRequest {
  readonly principal: RequestPrincipal;
  /** `service:Action` in AWS's own spelling. */
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  /** The account that owns the resource: decides same-account and cross-account rules. */
  readonly resourceAccount: string;
  readonly context: ConditionContext;
}

export interface PolicySet {
  readonly identity: readonly SourcedPolicy[];
  readonly boundary?: SourcedPolicy;
  /** Present (even if empty) only when the session was made with session policies. */
  readonly session?: readonly SourcedPolicy[];
  readonly resource?: SourcedPolicy;
  /**
   * The resource's policy must itself let the caller in; identity policies alone are not enough (KMS keys,
   * trust policies).
   */
  readonly resourcePolicyRequired?: boolean;
  /** One list a level, from the organization's root down to the account; each level must allow. */
  readonly serviceControl?: readonly (readonly SourcedPolicy[])[];
  readonly resourceControl?: readonly (readonly SourcedPolicy[])[];
}

export interface StatementMatch {
  readonly policy: SourcedPolicy;
  /** Position in the document's Statement list, from 0. */
  readonly statement: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
}

/** Which kind of policy said no, as AWS words it after "because". */
export type DenialReason =
  | { readonly type: "explicit"; readonly kind: SourcedPolicy["kind"]; readonly policy: SourcedPolicy }
  | {
      readonly type: "implicit";
      readonly kind: "identity" | "boundary" | "session" | "resource" | "scp" | "rcp" | "vpc-endpoint";
    };

export interface Decision {
  readonly allowed: boolean;
  readonly explicitDeny: boolean;
  readonly matched: readonly StatementMatch[];
  readonly reason?: DenialReason;
  /** Condition keys that a policy asked for and the request did not have, lower case. */
  readonly missingContext: readonly string[];
}
