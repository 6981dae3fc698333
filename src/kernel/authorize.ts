/** May they? Gathers the policies that bear on a request and asks `iam/decide`. */

import { decide } from "../iam/decide.ts";
import { denialMessage, explainDecision, type DecodedMessage } from "../iam/explain.ts";
import type {
  AuthorizationRequest,
  Decision,
  DenialReason,
  PolicySet,
  RequestPrincipal,
  SourcedPolicy,
  StatementMatch,
} from "../iam/types.ts";
import { parseArn } from "./arn.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import { sessionCaller } from "./auth/authenticate.ts";
import { uniqueIdOf, type Caller } from "./auth/caller.ts";
import type { PrincipalPolicies } from "./auth/identity.ts";
import type { CellContext } from "./cell-context.ts";
import { RequestConditions, type ConditionSources } from "./conditions.ts";
import type { Check } from "./context.ts";
import type { Engine } from "./engine.ts";
import { accessDenied } from "./gateway/wording.ts";
import type { OperationModel } from "./model/model.ts";
import type { AnyOperation } from "./operation.ts";
import type { Service } from "./service.ts";

/** The facts of a denial, kept for `us-local-1 explain`. */
export interface Denial {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly message: string;
  readonly reason: DenialReason | undefined;
  /** Which statements of which policies spoke. */
  readonly matched: readonly StatementMatch[];
  /** Condition keys that a policy asked for and the request did not have. */
  readonly missingContext: readonly string[];
  /** What `sts decode-authorization-message` answers. */
  readonly decoded: DecodedMessage;
}

/**
 * Service and resource control policies: a list a level, from the organization's root down to the account.
 */
export type ControlPolicies = Pick<PolicySet, "serviceControl" | "resourceControl">;

interface Message {
  readonly text: string;
  /** A policy denies it, and not only that none allows it. */
  readonly isExplicit: boolean;
  /** In the words of the service that is asked. */
  readonly error: () => Error;
}

const denialsMax = 1_000;
const allowedMax = 1_000;
/** Stands for a resource without a policy. */
const noPolicy = "";

/** Unsigned requests and services have no identity policies; root needs none. */
const noPolicies: readonly SourcedPolicy[] = [];

export function requestPrincipal(caller: Caller): RequestPrincipal {
  const provider = caller.session?.federatedProvider;
  const uniqueId = uniqueIdOf(caller);
  return {
    type: caller.type,
    account: caller.type === "AWSService" ? "" : caller.account,
    arn: caller.arn,
    ...(caller.roleArn !== undefined && { roleArn: caller.roleArn }),
    ...(uniqueId !== undefined && { uniqueId }),
    ...(caller.type === "AssumedRole" && { userId: caller.principalId }),
    ...(provider !== undefined && { federatedProvider: provider }),
  };
}

function asList(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

export class Authorizer {
  readonly #engine: Engine;
  readonly #denials = new Map<string, Denial>();
  readonly #allowedWithoutPolicies = new BoundedCache<string>(allowedMax);
  readonly #allowed = new WeakMap<readonly SourcedPolicy[], BoundedCache<string>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @returns the ARNs that the request touches; throws the service's denial */
  operation(
    ctx: CellContext,
    service: Service,
    model: OperationModel,
    operation: AnyOperation,
    input: Record<string, unknown>,
  ): readonly string[] {
    const resources = operation.resource ? asList(operation.resource(input, ctx)) : ["*"];
    if (operation.access !== undefined && operation.access !== "policies") return resources;
    const { action } = operation;
    const actions =
      action === undefined
        ? [model.iamAction]
        : asList(typeof action === "string" ? action : action(input, ctx));
    const own = operation.conditions && (() => ctx.reading(() => operation.conditions?.(input, ctx) ?? {}));
    for (const resource of resources) {
      const sources = { ctx, service, resource, input, ...(own && { own }) };
      for (const each of actions) {
        const message = this.#denial(ctx, service, each, sources);
        if (message !== undefined) {
          throw operation.denied?.(message.text, input) ?? message.error();
        }
      }
    }
    return resources;
  }

  /**
   * Further permissions are asked of the caller's policies, and of the resource's where its service has some.
   */
  require(ctx: CellContext, check: Check): void {
    const message = this.#further(ctx, check);
    if (message !== undefined) throw message.error();
  }

  allows(ctx: CellContext, check: Check): boolean {
    return this.#further(ctx, check) === undefined;
  }

  forbids(ctx: CellContext, check: Check): boolean {
    return this.#further(ctx, check)?.isExplicit ?? false;
  }

  denial(requestId: string | undefined): Denial | undefined {
    return requestId === undefined ? [...this.#denials.values()].at(-1) : this.#denials.get(requestId);
  }

  #further(from: CellContext, check: Check): Message | undefined {
    const { conditions } = check;
    const ctx = this.#askerOf(from, check);
    const service = this.#engine.loadedByIamPrefix(check.action.slice(0, check.action.indexOf(":")));
    return this.#denial(ctx, service, check.action, {
      ctx,
      resource: check.resource,
      ...(service && { service }),
      ...(ctx.input && { input: ctx.input }),
      ...(conditions && { own: () => conditions }),
    });
  }

  #askerOf(from: CellContext, { service, session }: Check): CellContext {
    if (service) return from.as(serviceCaller(service));
    if (session === undefined) return from;
    const opened = this.#engine.sessions.open(session);
    if (!opened) throw new Error("a service asks for a session that is none");
    return from.as(sessionCaller(opened));
  }

  /** What is said of a denial, or undefined when the action is allowed. */
  #denial(
    ctx: CellContext,
    service: Service | undefined,
    action: string,
    sources: ConditionSources,
  ): Message | undefined {
    const { caller } = ctx;
    const { resource, input } = sources;
    const asked = input ? { action, input } : { action };
    const found =
      service?.resourcePolicy && ctx.reading(() => service.resourcePolicy?.(resource, ctx, asked));
    const resourcePolicy = typeof found === "object" ? found.document : found;
    const owner = typeof found === "object" ? found.account : undefined;
    const controls = this.#engine.controlPolicies?.(ctx.account);
    const isPlain = isPlainRoot(caller, owner ?? ctx.account);
    if (isPlain && resourcePolicy === undefined && !controls) return undefined;
    const own = this.#ownPolicies(caller);
    const known = controls ? undefined : this.#allowedBy(caller, own);
    const question = questionOf(caller, `${owner ?? ctx.account} ${action} ${resource}`);
    if (known?.get(question) === (resourcePolicy ?? noPolicy)) return undefined;

    const policies = { ...this.#policies(caller, own, service, resource, resourcePolicy), ...controls };
    const conditions = new RequestConditions(sources);
    const request: AuthorizationRequest = {
      principal: requestPrincipal(caller),
      action,
      resource,
      resourceAccount: owner ?? (parseArn(resource)?.account || ctx.account),
      context: conditions,
    };
    const decision = decide(request, policies);
    if (decision.allowed) {
      const isForGood = isService(caller) ? conditions.wasAskedOfCallerAlone : !conditions.wasAsked;
      if (isForGood) known?.set(question, resourcePolicy ?? noPolicy);
      return undefined;
    }
    if (
      !decision.explicitDeny &&
      service?.alsoAllows &&
      ctx.reading(() => service.alsoAllows?.(request, ctx))
    ) {
      return undefined;
    }
    const text = this.#remember(ctx, request, decision, service?.saysAnyResource ?? false);
    const { resourceAccount: account } = request;
    return {
      text,
      isExplicit: decision.explicitDeny,
      error: () =>
        service?.denied?.({ action, resource, account, message: text }, ctx) ??
        accessDenied(this.#engine.models.get(ctx.entry.service), text),
    };
  }

  /**
   * What a caller's policies and a resource's have allowed without looking at conditions, they will allow
   * again: remembered, with the resource's policy, for as long as IAM gives the same answer about the
   * caller's. Root and services have no policies of their own. What a resource's policy has let a service
   * do on behalf of something, by conditions that only look at who it is and on whose behalf, it does again.
   */
  #allowedBy(caller: Caller, own: PrincipalPolicies | undefined): BoundedCache<string> | undefined {
    if (isService(caller)) return this.#allowedWithoutPolicies;
    if (caller.session?.policies || caller.session?.policyArns) return undefined;
    if (caller.type === "Root") return this.#allowedWithoutPolicies;
    if (!own) return undefined;
    let allowed = this.#allowed.get(own.identity);
    if (!allowed) this.#allowed.set(own.identity, (allowed = new BoundedCache(allowedMax)));
    return allowed;
  }

  /** Root and services have none, and who is not known has none. */
  #ownPolicies(caller: Caller): PrincipalPolicies | undefined {
    const hasNone = caller.type === "Root" || caller.type === "AWSService" || caller.type === "Anonymous";
    return hasNone ? undefined : this.#engine.identity.policiesOf(caller);
  }

  #policies(
    caller: Caller,
    own: PrincipalPolicies | undefined,
    service: Service | undefined,
    resource: string,
    resourcePolicy: string | undefined,
  ): PolicySet {
    const session = this.#sessionPolicies(caller);
    return {
      identity: own?.identity ?? noPolicies,
      ...(own?.boundary && { boundary: own.boundary }),
      ...(session && { session }),
      ...(resourcePolicy !== undefined && {
        resource: { document: resourcePolicy, kind: "resource" as const, id: resource },
      }),
      ...(service?.resourcePolicyRequired &&
        resourcePolicy !== undefined && { resourcePolicyRequired: true }),
    };
  }

  #sessionPolicies(caller: Caller): SourcedPolicy[] | undefined {
    const { policies, policyArns, account } = caller.session ?? {};
    if (!policies && !policyArns) return undefined;
    const inline = (policies ?? []).map((document) => ({
      document,
      kind: "session" as const,
      id: "session-policy",
    }));
    const managed = (policyArns ?? []).flatMap((arn) => {
      const policy = this.#engine.identity.managedPolicy(account ?? "", arn);
      return policy ? [{ ...policy, kind: "session" as const }] : [];
    });
    return [...inline, ...managed];
  }

  #remember(
    ctx: CellContext, request: AuthorizationRequest, decision: Decision, saysAnyResource: boolean,
  ): string {
    const { action, resource } = request;
    const { arn: principalArn } = ctx.caller;
    const message = denialMessage({ principalArn, action, resource, saysAnyResource, decision });
    const { principalId, userName } = ctx.caller;
    const named = userName === undefined ? { principalId } : { principalId, principalName: userName };
    this.#denials.set(ctx.requestId, {
      requestId: ctx.requestId,
      at: ctx.clock.now(),
      message,
      reason: decision.reason,
      matched: decision.matched,
      missingContext: decision.missingContext,
      decoded: explainDecision({ request, decision, ...named }),
    });
    if (this.#denials.size > denialsMax) {
      for (const oldest of this.#denials.keys()) {
        this.#denials.delete(oldest);
        break;
      }
    }
    return message;
  }
}

function isService({ type, session, calledVia }: Caller): boolean {
  return type === "AWSService" && session === undefined && calledVia.length === 0;
}

/**
 * Who asks is part of the question where others' answers are remembered beside: for root its account, for a
 * service also on whose behalf it asks.
 */
function questionOf(caller: Caller, question: string): string {
  if (caller.type === "Root") return `${caller.arn} ${question}`;
  if (!isService(caller)) return question;
  return `${caller.arn} ${caller.sourceArn ?? ""} ${caller.account} ${question}`;
}

function serviceCaller({ principal, sourceArn }: NonNullable<Check["service"]>): Caller {
  const nothing = { account: "", tags: {}, calledVia: [] };
  return { type: "AWSService", arn: principal, principalId: principal, ...nothing, sourceArn };
}

/** An account's root in its own account is stopped only by resource policies and by the organization's. */
function isPlainRoot(caller: Caller, owner: string): boolean {
  return caller.type === "Root" && caller.account === owner && caller.session?.policies === undefined;
}
