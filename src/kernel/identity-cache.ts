/** IAM's answers, remembered until something in the account's IAM changes. */

import type { SourcedPolicy } from "../iam/types.ts";
import { parseArn } from "./arn.ts";
import { accountOfAccessKeyId } from "./auth/access-key-id.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import type { Caller } from "./auth/caller.ts";
import type {
  AccessKeyOwner, FederationProvider, IdentityProvider, PrincipalPolicies, RoleFacts,
} from "./auth/identity.ts";
import type { CellContext } from "./cell-context.ts";
import type { Identity } from "./kernel.ts";

const entriesMax = 10_000;
const accountPattern = /^\d{12}$/;

interface Known<T> { readonly value: T }

export class IdentityCache implements Identity {
  readonly #provider: IdentityProvider;
  /** A context in an account's `aws-global` cell. */
  readonly #contextOf: (account: string) => CellContext;
  #keys = new BoundedCache<Known<AccessKeyOwner | undefined>>(entriesMax);
  #policies = new BoundedCache<Known<PrincipalPolicies | undefined>>(entriesMax);
  /** Who calls with the same credentials is the same object: found without making a name. */
  #policiesByCaller = new WeakMap<Caller, Known<PrincipalPolicies | undefined>>();

  constructor(provider: IdentityProvider, contextOf: (account: string) => CellContext) {
    this.#provider = provider;
    this.#contextOf = contextOf;
  }

  /** To be called whenever IAM has written something. */
  forget(): void {
    this.#keys = new BoundedCache(entriesMax);
    this.#policies = new BoundedCache(entriesMax);
    this.#policiesByCaller = new WeakMap();
  }

  accessKey(accessKeyId: string): AccessKeyOwner | undefined {
    const known = this.#keys.get(accessKeyId);
    if (known) return known.value;
    const account = accountOfAccessKeyId(accessKeyId);
    const value = account === undefined ? undefined
      : this.#ask(account, (ctx) => this.#provider.accessKey(accessKeyId, ctx));
    this.#keys.set(accessKeyId, { value });
    return value;
  }

  policiesOf(caller: Caller): PrincipalPolicies | undefined {
    let known = this.#policiesByCaller.get(caller);
    if (!known) this.#policiesByCaller.set(caller, (known = this.#knownPoliciesOf(caller)));
    return known.value;
  }

  #knownPoliciesOf(caller: Caller): Known<PrincipalPolicies | undefined> {
    const name = `${caller.arn} ${caller.principalId}`;
    let known = this.#policies.get(name);
    if (!known) {
      known = { value: this.#ask(caller.account, (ctx) => this.#provider.policiesOf(caller, ctx)) };
      this.#policies.set(name, known);
    }
    return known;
  }

  role(account: string, roleName: string): RoleFacts | undefined {
    return this.#ask(account, (ctx) => this.#provider.role(roleName, ctx));
  }

  principalExists(principal: string): boolean {
    if (principal === "*" || accountPattern.test(principal)) return true;
    const arn = parseArn(principal);
    if (!arn || !accountPattern.test(arn.account)) return false;
    const [kind, ...path] = arn.resource.split("/");
    const name = path[path.length - 1] ?? "";
    if (arn.service === "sts") return (kind === "assumed-role" || kind === "federated-user") && name !== "";
    if (arn.service !== "iam") return false;
    if (kind === "root") return path.length === 0;
    if (kind === "role") return this.role(arn.account, name)?.arn === principal;
    if (kind !== "user") return false;
    return this.#ask(arn.account, (ctx) => this.#provider.userArn(name, ctx)) === principal;
  }

  managedPolicy(account: string, arn: string): SourcedPolicy | undefined {
    return this.#ask(account, (ctx) => this.#provider.managedPolicy(arn, ctx));
  }

  mfaCodeIsRight(caller: Caller, serialNumber: string, code: string): boolean {
    return this.#ask(caller.account, (ctx) => this.#provider.mfaCodeIsRight(caller, serialNumber, code, ctx));
  }

  federation(account: string, providerArn: string): FederationProvider | undefined {
    return this.#ask(account, (ctx) => this.#provider.federation(providerArn, ctx));
  }

  oidcProviderArn(account: string, issuer: string): string | undefined {
    return this.#ask(account, (ctx) => this.#provider.oidcProviderArn(issuer, ctx));
  }

  #ask<T>(account: string, question: (ctx: CellContext) => T): T {
    const ctx = this.#contextOf(account);
    return ctx.reading(() => question(ctx));
  }
}
