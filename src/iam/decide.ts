/**
 * Whether a request is allowed, by all policies that concern it.
 *
 * 1. One explicit deny anywhere decides.
 * 2. Service control policies, resource control policies and the VPC endpoint's policy must each allow.
 * 3. Within one account, the resource's policy and the identity's policies are added together. What the
 *    resource's policy grants to a user, a session or everyone is limited by nothing else; what it grants to
 *    a role is limited by the boundary and by session policies; what it grants to the account is left to
 *    identity policies.
 * 4. Across accounts both sides must allow.
 *
 * @evidence IAM User Guide, "Policy evaluation logic", Determining whether a request is allowed or denied
 * within an account; "Cross-account policy evaluation logic"
 */
import { compilePolicy, statementMatches, type CompiledStatement, type RequestView } from "./compile.ts";
import {
  byAccount, byRole, direct, relationTo, relationToOthers, unrelated, type Relation,
} from "./principals.ts";
import type {
  AuthorizationRequest, ContextValue, Decision, DenialReason, PolicySet, RequestPrincipal, SourcedPolicy,
  StatementMatch,
} from "./types.ts";

/** The policies of a request that came through a VPC endpoint include the endpoint's. */
export interface EndpointPolicySet extends PolicySet {
  readonly vpcEndpoint?: SourcedPolicy;
}

type ImplicitKind = Extract<DenialReason, { readonly type: "implicit" }>["kind"];
type Policies = readonly SourcedPolicy[];

/** Where a policy is attached decides what its `Principal` and `Resource` elements mean. */
type Attachment =
  /** To who asks: a principal has no place here. */
  | "identity"
  /** To what is asked for: without a principal nobody is meant. */
  | "resource"
  /** To the way: without a principal everybody is meant. */
  | "perimeter";

class Evaluation implements RequestView {
  readonly action: string;
  readonly resource: string;
  readonly principal: RequestPrincipal;
  readonly matched: StatementMatch[] = [];
  readonly missing: string[] = [];
  denial: SourcedPolicy | undefined;
  readonly lookup: (key: string) => ContextValue | undefined;

  constructor(request: AuthorizationRequest) {
    this.action = request.action.toLowerCase();
    this.resource = request.resource;
    this.principal = request.principal;
    const { context } = request;
    this.lookup = (key) => {
      const value = context.get(key);
      if (value === undefined && !this.missing.includes(key)) this.missing.push(key);
      return value;
    };
  }

  /** The strongest relation by which a policy allows; remembers the first policy that denies. */
  scan(policy: SourcedPolicy, attachment: Attachment): Relation {
    let granted: Relation = unrelated;
    for (const statement of compilePolicy(policy.document).statements) {
      const relation = this.#relation(statement, attachment);
      if (relation === unrelated || !statementMatches(statement, this, attachment === "resource")) continue;
      const { sid } = statement.source;
      const place = { policy, statement: statement.index, effect: statement.source.effect };
      this.matched.push(sid === undefined ? place : { ...place, sid });
      if (statement.deny) this.denial ??= policy;
      else if (relation > granted) granted = relation;
    }
    return granted;
  }

  #relation(statement: CompiledStatement, attachment: Attachment): Relation {
    if (statement.principals === undefined && statement.notPrincipals === undefined) {
      return attachment !== "resource" || statement.deny ? direct : unrelated;
    }
    if (attachment === "identity") return statement.deny ? direct : unrelated;
    if (statement.principals !== undefined) return relationTo(statement.principals, this.principal);
    if (statement.notPrincipals === undefined) return unrelated;
    return relationToOthers(statement.notPrincipals, this.principal, statement.deny);
  }

  allowedByAny(policies: Policies, attachment: Attachment): boolean {
    let allowed = false;
    for (const policy of policies) allowed = this.scan(policy, attachment) !== unrelated || allowed;
    return allowed;
  }

  allowedByEachLevel(levels: readonly Policies[] | undefined, attachment: Attachment): boolean {
    let allowed = true;
    for (const level of levels ?? []) allowed = this.allowedByAny(level, attachment) && allowed;
    return allowed;
  }
}

/** What each kind of policy says, explicit denies apart. */
interface Verdicts {
  readonly serviceControl: boolean;
  readonly resourceControl: boolean;
  readonly endpoint: boolean;
  readonly resource: Relation;
  readonly identity: boolean;
  readonly boundary: boolean;
  readonly session: boolean;
}

/**
 * Evaluates everything, also what comes after a first deny, so that the explanation is complete.
 *
 * `policies` must hold what applies: the caller leaves out service control policies of the management account
 * and of service-linked roles. Service principals without a resource policy have no policy that could let
 * them in, and are denied here.
 */
export function decide(request: AuthorizationRequest, policies: EndpointPolicySet): Decision {
  const evaluation = new Evaluation(request);
  const verdicts = weigh(evaluation, policies);
  const { denial } = evaluation;
  const implicit = denial === undefined ? implicitDenial(request, policies, verdicts) : undefined;
  const reason = denial !== undefined
    ? { type: "explicit" as const, kind: denial.kind, policy: denial }
    : implicit && { type: "implicit" as const, kind: implicit };
  return {
    allowed: reason === undefined,
    explicitDeny: denial !== undefined,
    matched: evaluation.matched,
    missingContext: evaluation.missing,
    ...(reason && { reason }),
  };
}

/** In the order in which AWS names the kind of policy that denied. */
function weigh(evaluation: Evaluation, policies: EndpointPolicySet): Verdicts {
  const { principal } = evaluation;
  // Service control policies bind the principals of the organization's accounts, and only them.
  const governed = hasAccount(principal);
  const serviceControl = !governed || evaluation.allowedByEachLevel(policies.serviceControl, "perimeter");
  const resourceControl = evaluation.allowedByEachLevel(policies.resourceControl, "perimeter");
  const endpoint = policies.vpcEndpoint === undefined
    || evaluation.scan(policies.vpcEndpoint, "perimeter") !== unrelated;
  const resource = policies.resource === undefined
    ? unrelated
    : evaluation.scan(policies.resource, "resource");
  const perimeter = { serviceControl, resourceControl, endpoint };
  if (principal.type === "Root") {
    return { ...perimeter, resource, identity: true, boundary: true, session: true };
  }
  const identity = evaluation.allowedByAny(policies.identity, "identity");
  const boundary = policies.boundary === undefined
    || evaluation.scan(policies.boundary, "identity") !== unrelated;
  // A federated user's session has the permissions of the policies passed with it, and none without.
  // @evidence IAM User Guide, "Policy evaluation logic", step Session policies
  const session = policies.session === undefined
    ? principal.type !== "FederatedUser"
    : evaluation.allowedByAny(policies.session, "identity");
  return { ...perimeter, resource, identity, boundary, session };
}

function implicitDenial(
  request: AuthorizationRequest, policies: EndpointPolicySet, verdicts: Verdicts,
): ImplicitKind | undefined {
  if (!verdicts.serviceControl) return "scp";
  if (!verdicts.resourceControl) return "rcp";
  if (!verdicts.endpoint) return "vpc-endpoint";
  const { principal, resourceAccount } = request;
  const { resource } = verdicts;
  if (!hasAccount(principal)) {
    return resource === unrelated && !verdicts.identity ? "resource" : undefined;
  }
  const limits = limitingDenial(verdicts);
  if (principal.account !== resourceAccount && resourceAccount !== "" && resourceAccount !== "aws") {
    if (!verdicts.identity) return "identity";
    return limits ?? (resource === unrelated ? "resource" : undefined);
  }
  if (resource === direct) return undefined;
  if (resource === byRole) return limits;
  if (policies.resourcePolicyRequired === true && resource < byAccount) return "resource";
  return verdicts.identity ? limits : "identity";
}

/** Services, anonymous callers and those who come with a provider's token have no account to limit them. */
function hasAccount(principal: RequestPrincipal): boolean {
  return principal.account !== "" && principal.type !== "AWSService" && principal.type !== "Anonymous";
}

function limitingDenial(verdicts: Verdicts): "boundary" | "session" | undefined {
  if (!verdicts.boundary) return "boundary";
  return verdicts.session ? undefined : "session";
}
