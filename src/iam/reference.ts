/**
 * A second evaluator, written straight from the documentation, slow and literal. It shares nothing with the
 * fast one but the types, so that the two can be held against each other: where they differ, one of them is
 * wrong. Nothing but tests should call it.
 *
 * @evidence IAM User Guide, "Policy evaluation logic", "Condition operators", "Variables and tags",
 * "Principal"
 */
import { referenceConditionsHold } from "./reference-conditions.ts";
import { matchesResourcePattern, matchesText, substitute, type Json, list } from "./reference-text.ts";
import type { AuthorizationRequest, PolicySet, RequestPrincipal, SourcedPolicy } from "./types.ts";

export interface ReferenceDecision {
  readonly allowed: boolean;
  /** The kind of policy that denied, as `DenialReason` names it. */
  readonly deniedBy: string | undefined;
  readonly explicitDeny: boolean;
}

type Grant = "nothing" | "account" | "role" | "directly";
type Request = AuthorizationRequest;

interface Opinion {
  readonly denies: boolean;
  readonly grants: ReadonlySet<Grant>;
}

export function referenceDecide(
  request: Request, policies: PolicySet & { readonly vpcEndpoint?: SourcedPolicy },
): ReferenceDecision {
  const isRoot = request.principal.type === "Root";
  const hasAccount = ["Root", "IAMUser", "AssumedRole", "FederatedUser"].includes(request.principal.type)
    && request.principal.account !== "";
  const scps = hasAccount ? (policies.serviceControl ?? []) : [];
  const rcps = policies.resourceControl ?? [];
  const endpoint = policies.vpcEndpoint ? [policies.vpcEndpoint] : [];
  const resource = policies.resource ? [policies.resource] : [];
  const own = isRoot ? [] : policies.identity;
  const boundary = isRoot || !policies.boundary ? [] : [policies.boundary];
  const session = isRoot ? [] : (policies.session ?? []);

  const inOrder = [
    ...scps.flat(), ...rcps.flat(), ...endpoint, ...resource, ...own, ...boundary, ...session,
  ];
  const denier = inOrder.find((policy) => opinionOf(policy, request).denies);
  if (denier) return { allowed: false, explicitDeny: true, deniedBy: denier.kind };

  const allows = (policy: SourcedPolicy) => opinionOf(policy, request).grants.size > 0;
  const no = (deniedBy: string): ReferenceDecision => ({ allowed: false, explicitDeny: false, deniedBy });
  const yes: ReferenceDecision = { allowed: true, explicitDeny: false, deniedBy: undefined };
  if (!scps.every((level) => level.some(allows))) return no("scp");
  if (!rcps.every((level) => level.some(allows))) return no("rcp");
  if (!endpoint.every(allows)) return no("vpc-endpoint");

  const grants = new Set(resource.flatMap((policy) => [...opinionOf(policy, request).grants]));
  if (!hasAccount) return grants.size > 0 || own.some(allows) ? yes : no("resource");

  const identityAllows = isRoot || own.some(allows);
  const boundaryAllows = boundary.every(allows);
  const sessionAllows = isRoot || (policies.session
    ? session.some(allows)
    : request.principal.type !== "FederatedUser");
  const limitedBy = !boundaryAllows ? "boundary" : !sessionAllows ? "session" : "";
  const ownSide = identityAllows ? limitedBy : "identity";

  const sameAccount = [request.principal.account, "", "aws"].includes(request.resourceAccount);
  if (!sameAccount) {
    if (ownSide !== "") return no(ownSide);
    return grants.size > 0 ? yes : no("resource");
  }
  if (grants.has("directly")) return yes;
  if (grants.has("role")) {
    if (!boundaryAllows) return no("boundary");
    return sessionAllows ? yes : no("session");
  }
  if (policies.resourcePolicyRequired && !grants.has("account")) return no("resource");
  return ownSide === "" ? yes : no(ownSide);
}

function opinionOf(policy: SourcedPolicy, request: Request): Opinion {
  const document = JSON.parse(policy.document) as Json;
  const variables = document["Version"] === "2012-10-17";
  const grants = new Set<Grant>();
  let denies = false;
  for (const statement of list(document["Statement"]) as Json[]) {
    const grant = concerns(statement, policy, request);
    if (grant === "nothing" || !applies(statement, policy, request, variables)) continue;
    if (statement["Effect"] === "Deny") denies = true;
    else grants.add(grant);
  }
  return { denies, grants };
}

/** Whether, and by which name, a statement concerns the principal. */
function concerns(statement: Json, policy: SourcedPolicy, request: Request): Grant {
  const deny = statement["Effect"] === "Deny";
  const attachedToResource = policy.kind === "resource";
  const attachedToWay = ["scp", "rcp", "vpc-endpoint"].includes(policy.kind);
  const listed = "Principal" in statement;
  const others = "NotPrincipal" in statement;
  if (!listed && !others) return attachedToResource && !deny ? "nothing" : "directly";
  if (!attachedToResource && !attachedToWay) return deny ? "directly" : "nothing";
  const names = namesOf(request.principal, statement[listed ? "Principal" : "NotPrincipal"]);
  if (listed) {
    const strongest = (["directly", "role", "account"] as const).find((name) => names.has(name));
    return strongest ?? "nothing";
  }
  const excepted = deny ? names.has("directly") : names.size > 0;
  return excepted ? "nothing" : "directly";
}

/** All the ways in which a principal element names the one who asks. */
function namesOf(principal: RequestPrincipal, element: unknown): Set<Grant> {
  const names = new Set<Grant>();
  if (element === "*") return names.add("directly");
  const kinds = element as { [kind: string]: unknown };
  const aws = list(kinds["AWS"]) as string[];
  if (aws.includes("*")) names.add("directly");
  if (principal.type === "AWSService") {
    if (list(kinds["Service"]).includes(principal.arn)) names.add("directly");
    return names;
  }
  if (principal.federatedProvider && list(kinds["Federated"]).includes(principal.federatedProvider)) {
    names.add("directly");
  }
  if (principal.type === "Anonymous") return names;
  if (aws.includes(principal.arn)) names.add("directly");
  if (principal.userId && aws.includes(principal.userId)) names.add("directly");
  if (principal.uniqueId && aws.includes(principal.uniqueId)) {
    names.add(principal.roleArn ? "role" : "directly");
  }
  if (principal.roleArn && aws.includes(principal.roleArn)) names.add("role");
  if (aws.includes(principal.account) || aws.includes(`arn:aws:iam::${principal.account}:root`)) {
    names.add(principal.type === "Root" ? "directly" : "account");
  }
  return names;
}

function applies(statement: Json, policy: SourcedPolicy, request: Request, variables: boolean): boolean {
  const deny = statement["Effect"] === "Deny";
  const named = (patterns: unknown) => (list(patterns) as string[]).some((pattern) =>
    matchesText(pattern.toLowerCase(), request.action.toLowerCase()));
  if ("Action" in statement ? !named(statement["Action"]) : named(statement["NotAction"])) return false;

  if ("Resource" in statement || "NotResource" in statement) {
    const patterns = list(statement["Resource"] ?? statement["NotResource"]) as string[];
    const replaced = patterns.map((pattern) => substitute(pattern, request.context, variables));
    const hit = replaced.some((pattern) =>
      pattern !== undefined && matchesResourcePattern(pattern, request.resource));
    if ("Resource" in statement ? !hit : hit) return false;
    if ("NotResource" in statement && !deny && replaced.includes(undefined)) return false;
  } else if (policy.kind !== "resource" && !deny) {
    return false;
  }
  return referenceConditionsHold((statement["Condition"] ?? {}) as Json, request.context, deny, variables);
}
