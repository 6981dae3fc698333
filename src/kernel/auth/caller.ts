/** Who makes a request, once its signature has been verified. */

import type { PrincipalType } from "../../iam/types.ts";

/** What a session token seals: everything known of temporary credentials. Nothing of it is stored. */
export interface Session {
  readonly kind: "role" | "federated-user" | "user" | "root";
  readonly account: string;
  readonly arn: string;
  /** `AROA…:session-name`, `AIDA…`, `123456789012:name`. */
  readonly principalId: string;
  readonly userName?: string;
  /** Of a federated user: the user whose permissions it has; absent when root vouched for it. */
  readonly userId?: string;
  readonly roleArn?: string;
  readonly roleName?: string;
  readonly sessionName?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly mfaAuthenticatedAt?: number;
  /** Session policies: inline documents, and ARNs of managed ones. Present only when the session has some. */
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
  /** The OIDC or SAML provider that vouched for the session. */
  readonly federatedProvider?: string;
  /**
   * Condition keys that requests have from whoever the session was made for, lower case: what a provider's
   * token said (`accounts.google.com:sub`), the function that runs (`lambda:sourcefunctionarn`).
   */
  readonly contextKeys?: Readonly<Record<string, string | readonly string[]>>;
  /** Role sessions made from role sessions last an hour at most. */
  readonly chained?: boolean;
}

export interface Caller {
  readonly type: PrincipalType;
  /** Empty for anonymous callers. */
  readonly account: string;
  /**
   * `arn:aws:iam::…:user/N`, `arn:aws:sts::…:assumed-role/R/S`, `arn:aws:iam::…:root`; a service's principal
   * name.
   */
  readonly arn: string;
  /** `aws:userid`. */
  readonly principalId: string;
  readonly userName?: string;
  readonly accessKeyId?: string;
  /** For role sessions. */
  readonly roleArn?: string;
  readonly session?: Session;
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Service principals through which the request came, first to last. @evidence IAM user guide, aws:CalledVia
   */
  readonly calledVia: readonly string[];
  /** For services: the resource on whose behalf they act, `aws:SourceArn`. */
  readonly sourceArn?: string;
}

/**
 * The `AIDA…` of a user, the `AROA…` of a session's role: a session's principal id is that of its role, a
 * colon, and the session's name. Others have none.
 */
export function uniqueIdOf({ type, principalId }: Caller): string | undefined {
  if (type !== "IAMUser" && type !== "AssumedRole") return undefined;
  return principalId.split(":", 1)[0];
}

/** What the connection says of a request. */
export interface RequestOrigin {
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly secureTransport: boolean;
  /** How the signature came: IAM's `s3:authType`, and CloudTrail's `AuthenticationMethod`. */
  readonly authenticationMethod: "AuthHeader" | "QueryString" | "Form" | "None";
  /** The signature is one of version 2, which S3 takes in queries. */
  readonly isOlderSignature?: true;
  /** When the request was signed, by the clock that the signature was read by; epoch milliseconds. */
  readonly signedAt?: number;
  /** What the signature says of the body: its hash, `UNSIGNED-PAYLOAD`, `STREAMING-…`. */
  readonly payloadHash?: string;
  /** `1.2`, `1.3`; absent without transport security. */
  readonly tlsVersion?: string;
  /** `X-Amzn-Trace-Id`: what caused the request, for functions that cause themselves to run. */
  readonly traceHeader?: string;
}
