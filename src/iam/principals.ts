/**
 * The `Principal` and `NotPrincipal` elements: how a policy names the one who asks decides which other
 * policies can still limit what it grants.
 *
 * @evidence IAM User Guide, "AWS JSON policy elements: Principal"
 */
import type { PrincipalElement } from "./document.ts";
import type { RequestPrincipal } from "./types.ts";

/** From weak to strong; a stronger relation grants at least what a weaker one does. */
export const unrelated = 0;
/** The account is named: it decides, by identity policies, who of its principals may. */
export const byAccount = 1;
/** The role is named: boundaries and session policies still limit its sessions. */
export const byRole = 2;
/** The user, the session, the service, the provider, the account's root user or everyone is named. */
export const direct = 3;

export type Relation = typeof unrelated | typeof byAccount | typeof byRole | typeof direct;

export interface PrincipalSet {
  readonly everyone: boolean;
  readonly accounts: ReadonlySet<string>;
  /** Of users, roles and sessions: ARNs, and unique ids of users and roles. */
  readonly names: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
}

const rootForm = /^arn:[a-z-]+:iam::(\d{12}):root$/;

export function compilePrincipals(element: PrincipalElement): PrincipalSet {
  const listed = element === "*" ? ["*"] : (element.AWS ?? []);
  const accounts = new Set<string>();
  const names = new Set<string>();
  for (const name of listed) {
    const root = rootForm.exec(name)?.[1];
    if (root !== undefined) accounts.add(root);
    else if (/^\d{12}$/.test(name)) accounts.add(name);
    else if (name !== "*") names.add(name);
  }
  return {
    everyone: listed.includes("*"),
    accounts,
    names,
    services: new Set(element === "*" ? [] : element.Service),
    providers: new Set(element === "*" ? [] : element.Federated),
  };
}

export function relationTo(set: PrincipalSet, principal: RequestPrincipal): Relation {
  if (set.everyone) return direct;
  if (principal.type === "AWSService") return set.services.has(principal.arn) ? direct : unrelated;
  const { federatedProvider } = principal;
  if (federatedProvider !== undefined && set.providers.has(federatedProvider)) return direct;
  if (principal.type === "Anonymous") return unrelated;
  const { roleArn, uniqueId, userId } = principal;
  if (set.names.has(principal.arn) || (userId !== undefined && set.names.has(userId))) return direct;
  const byId = uniqueId !== undefined && set.names.has(uniqueId);
  if (byId && roleArn === undefined) return direct;
  const account = set.accounts.has(principal.account);
  if (account && principal.type === "Root") return direct;
  if (byId || (roleArn !== undefined && set.names.has(roleArn))) return byRole;
  return account ? byAccount : unrelated;
}

/**
 * `NotPrincipal` means everyone except those it lists. In a Deny only the very principal is excepted: naming
 * the account or the role does not except its sessions and users. In an Allow whoever is named in any way is
 * left out.
 *
 * @evidence IAM User Guide, "AWS JSON policy elements: NotPrincipal", the examples of Bob and of
 * cross-account-audit-app, which name the account and deny its other principals
 */
export function relationToOthers(set: PrincipalSet, principal: RequestPrincipal, deny: boolean): Relation {
  const relation = relationTo(set, principal);
  const excepted = deny ? relation === direct : relation !== unrelated;
  return excepted ? unrelated : direct;
}
