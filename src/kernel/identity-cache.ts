/** IAM's answers, remembered until something in the account's IAM changes. */

import type { SourcedPolicy } from "../iam/types.ts";
import { parseArn } from "./arn.ts";
import { isUniqueId } from "./policy-principals.ts";
import { accountOfAccessKeyId } from "./auth/access-key-id.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import type { Caller } from "./auth/caller.ts";
import type {
  AccessKeyOwner, FederationProvider, IdentityProvider, PrincipalPolicies, RoleFacts,
} from "./auth/identity.ts";
import type { OutboundIssuer } from "./auth/outbound-issuer.ts";
import type { CellContext } from "./cell-context.ts";
import type { Identity } from "./kernel.ts";

const entriesMax = 10_000;
const accountPattern = /^\d{12}$/;

interface Known<T> { readonly value: T }

export class IdentityCache implements Identity {
  readonly #provider: IdentityProvider;
  /** A context in an account's `aws-global` cell. */
  readonly #contextOf: (account: string) => CellContext;
  readonly #accounts: () => readonly string[];
  #keys = new BoundedCache<Known<AccessKeyOwner | undefined>>(entriesMax);
  #policies = new BoundedCache<Known<PrincipalPolicies | undefined>>(entriesMax);
  /** Who calls with the same credentials is the same object: found without making a name. */
  #policiesByCaller = new WeakMap<Caller, Known<PrincipalPolicies | undefined>>();

  /** @param accounts those that have anything of IAM's */
  constructor(
    provider: IdentityProvider,
    contextOf: (account: string) => CellContext,
    accounts: () => readonly string[],
  ) {
    this.#provider = provider;
    this.#contextOf = contextOf;
    this.#accounts = accounts;
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
    // Two users may have federated users of one name, whose permissions are each user's own.
    const name = `${caller.arn} ${caller.principalId} ${caller.session?.userId ?? ""}`;
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
    if (arn.service === "sts" && kind === "federated-user") return name !== "";
    if (arn.service === "iam" && kind === "root") return path.length === 0;
    return this.uniqueIdOf(principal) !== undefined;
  }

  uniqueIdOf(arn: string): string | undefined {
    const { account = "", service, resource = "" } = parseArn(arn) ?? {};
    if (!accountPattern.test(account)) return undefined;
    if (service === "sts") return this.#sessionId(account, resource);
    return this.#ask(account, (ctx) => this.#provider.uniqueIdOf(arn, ctx));
  }

  /** Sessions need not have begun, but their role must be there, and is named without its path. */
  #sessionId(account: string, resource: string): string | undefined {
    const [kind, roleName = "", session = "", ...more] = resource.split("/");
    if (kind !== "assumed-role" || session === "" || more.length > 0) return undefined;
    const role = this.role(account, roleName);
    return role?.roleName === roleName ? `${role.roleId}:${session}` : undefined;
  }

  arnOfUniqueId(uniqueId: string): string | undefined {
    if (!isUniqueId(uniqueId)) return undefined;
    const [id = "", session] = uniqueId.split(":");
    for (const account of this.#accounts()) {
      const arn = this.#ask(account, (ctx) => this.#provider.arnOfUniqueId(id, ctx));
      if (arn === undefined) continue;
      const name = arn.slice(arn.lastIndexOf("/") + 1);
      return session === undefined ? arn : `arn:aws:sts::${account}:assumed-role/${name}/${session}`;
    }
    return undefined;
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

  outboundIssuer(account: string): OutboundIssuer | undefined {
    return this.#ask(account, (ctx) => this.#provider.outboundIssuer(ctx));
  }

  outboundIssuerById(id: string): OutboundIssuer | undefined {
    for (const account of this.#accounts()) {
      const issuer = this.outboundIssuer(account);
      if (issuer?.id === id) return issuer;
    }
    return undefined;
  }

  oidcProviderArn(account: string, issuer: string): string | undefined {
    return this.#ask(account, (ctx) => this.#provider.oidcProviderArn(issuer, ctx));
  }

  #ask<T>(account: string, question: (ctx: CellContext) => T): T {
    const ctx = this.#contextOf(account);
    return ctx.reading(() => question(ctx));
  }
}
