/**
 * What the tests of the policy language are made of: short ways to write policies and requests, and seeded
 * chance.
 */
import type {
  AuthorizationRequest, ConditionContext, ContextValue, RequestPrincipal, SourcedPolicy,
} from "./types.ts";

export const account = "111122223333";
export const otherAccount = "444455556666";

export function contextOf(values: { readonly [key: string]: ContextValue }): ConditionContext {
  const byKey = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]));
  return { get: (key) => byKey.get(key), keys: () => Object.keys(values) };
}

export function policyOf(
  kind: SourcedPolicy["kind"], statements: unknown, version: string | undefined = "2012-10-17",
): SourcedPolicy {
  return { kind, id: `arn:aws:iam::${account}:policy/${kind}`, document: textOf(statements, version) };
}

export function textOf(statements: unknown, version: string | undefined = "2012-10-17"): string {
  return JSON.stringify({ Version: version, Statement: statements });
}

export const user: RequestPrincipal = {
  type: "IAMUser", account, arn: `arn:aws:iam::${account}:user/ana`, uniqueId: "AIDAANA",
};
export const root: RequestPrincipal = { type: "Root", account, arn: `arn:aws:iam::${account}:root` };
export const session: RequestPrincipal = {
  type: "AssumedRole",
  account,
  arn: `arn:aws:sts::${account}:assumed-role/worker/one`,
  roleArn: `arn:aws:iam::${account}:role/worker`,
  uniqueId: "AROAWORKER",
  userId: "AROAWORKER:one",
};
export const federated: RequestPrincipal = {
  type: "FederatedUser",
  account,
  arn: `arn:aws:sts::${account}:federated-user/ana`,
  roleArn: user.arn,
};
export const service: RequestPrincipal = { type: "AWSService", account: "", arn: "sns.amazonaws.com" };
export const anonymous: RequestPrincipal = { type: "Anonymous", account: "", arn: "*" };

export const queue = `arn:aws:sqs:us-east-1:${account}:orders`;

export function requestOf(parts: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    principal: user,
    action: "sqs:SendMessage",
    resource: queue,
    resourceAccount: account,
    context: contextOf({}),
    ...parts,
  };
}

/** mulberry32: a small generator with a seed, so that every run is the same. */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
