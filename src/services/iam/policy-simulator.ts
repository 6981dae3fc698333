/**
 * The policy simulator: what policies would decide, without doing anything. It decides by the same rules as
 * requests are decided by.
 */

import * as iam from "../../generated/iam.ts";
import { decide } from "../../iam/decide.ts";
import type {
  ConditionContext, ContextValue, Decision, PolicySet, RequestPrincipal, SourcedPolicy, StatementMatch,
} from "../../iam/types.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { contextKeysOf } from "./context-keys.ts";
import { deniedByName, invalidInput, invalidMarker } from "./errors.ts";
import { givenPolicies, readSimulated, requirePolicySource, sourcesOf } from "./simulated-policies.ts";
import { statementSpans } from "./statement-positions.ts";

const resultsDefault = 100;

interface SimulationInput {
  readonly ActionNames: readonly string[];
  readonly ResourceArns?: readonly string[] | undefined;
  readonly ResourcePolicy?: string | undefined;
  readonly ResourceOwner?: string | undefined;
  readonly CallerArn?: string | undefined;
  readonly ContextEntries?: readonly iam.ContextEntry[] | undefined;
  readonly MaxItems?: number | undefined;
  readonly Marker?: string | undefined;
}

/** What stays the same for all actions and resources of a simulation. */
interface Simulation {
  readonly input: SimulationInput;
  readonly principal: RequestPrincipal;
  readonly policies: Pick<PolicySet, "identity" | "boundary">;
  readonly context: ConditionContext;
  /** Condition keys as the policies spell them, by their lower-case form. */
  readonly spelled: ReadonlyMap<string, string>;
  readonly resourceAccount: string | undefined;
}

/** @throws InvalidInput */
function contextOf(entries: readonly iam.ContextEntry[]): ConditionContext {
  const values = new Map<string, ContextValue>();
  for (const { ContextKeyName: name, ContextKeyValues: given = [], ContextKeyType: type } of entries) {
    if (name === undefined || type === undefined) {
      throw invalidInput("Context entries must have a name, values and a type.");
    }
    const [only] = given;
    const single = !type.endsWith("List") && given.length === 1;
    values.set(name.toLowerCase(), single && only !== undefined ? only : given);
  }
  return { get: (key) => values.get(key), keys: () => values.keys() };
}

/** @throws InvalidInput */
function principalOf(ctx: ReadContext, arn: string | undefined): RequestPrincipal {
  const parsed = arn === undefined ? undefined : parseArn(arn);
  if (arn !== undefined && (parsed?.service !== "iam" || !/^\d{12}$/.test(parsed.account))) {
    throw invalidInput(`Invalid caller ARN: ${arn}`);
  }
  const account = parsed?.account ?? ctx.account;
  if (parsed?.resource.startsWith("role/") && arn !== undefined) {
    return { type: "AssumedRole", account, arn: arn.replace(":iam:", ":sts:"), roleArn: arn };
  }
  return { type: "IAMUser", account, arn: arn ?? `arn:aws:iam::${account}:user/simulated` };
}

function checkActions(actions: readonly string[]): void {
  const wrong = actions.find((action) => !/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action));
  if (wrong !== undefined) throw invalidInput(`Invalid Action Name: ${wrong}`);
}

function simulation(
  ctx: ReadContext, input: SimulationInput, policies: Simulation["policies"], callerArn: string | undefined,
): Simulation {
  checkActions(input.ActionNames);
  if (input.ResourcePolicy !== undefined) {
    if (callerArn === undefined) throw invalidInput("A caller must be given along with a resource policy.");
    readSimulated(input.ResourcePolicy, "resource");
  }
  const texts = [...policies.identity, ...(policies.boundary ? [policies.boundary] : [])]
    .map((policy) => readSimulated(policy.document));
  const resourceTexts = input.ResourcePolicy === undefined ? []
    : [readSimulated(input.ResourcePolicy, "resource")];
  const keys = contextKeysOf([...texts, ...resourceTexts]);
  const owner = input.ResourceOwner;
  return {
    input, policies, principal: principalOf(ctx, callerArn), context: contextOf(input.ContextEntries ?? []),
    spelled: new Map(keys.map((key) => [key.toLowerCase(), key])),
    resourceAccount: owner === undefined ? undefined : (parseArn(owner)?.account ?? owner),
  };
}

/** Each position of each policy is worked out once a page. */
class Statements {
  readonly #spans = new Map<string, ReturnType<typeof statementSpans>>();

  /**
   * AWS gives all identity policies this type, which is not among those of its model.
   *
   * @evidence recorded answers of SimulatePrincipalPolicy and SimulateCustomPolicy
   */
  describe({ policy, statement }: StatementMatch): iam.Statement {
    let spans = this.#spans.get(policy.document);
    if (spans === undefined) this.#spans.set(policy.document, spans = statementSpans(policy.document));
    const span = spans[statement];
    const type = policy.kind === "resource" ? "Resource Policy" : "IAM Policy";
    return {
      SourcePolicyId: policy.kind === "resource" ? "ResourcePolicy" : policy.id,
      SourcePolicyType: type as iam.PolicySourceType,
      ...(span && { StartPosition: span.start, EndPosition: span.end }),
    };
  }
}

function decisionName(decision: Decision): iam.PolicyEvaluationDecisionType {
  if (decision.allowed) return "allowed";
  return decision.explicitDeny ? "explicitDeny" : "implicitDeny";
}

/** Only what determined the result: denies where one denied. @evidence IAM API Reference, EvaluationResult */
function decisive(decision: Decision): readonly StatementMatch[] {
  const effect = decision.explicitDeny ? "Deny" : "Allow";
  return decision.matched.filter((match) =>
    match.effect === effect && (effect === "Deny" || match.policy.kind !== "boundary"));
}

/** By itself, whatever the other policies say. */
function boundaryAllows({ matched }: Decision): boolean {
  const ofBoundary = matched.filter(({ policy }) => policy.kind === "boundary");
  return ofBoundary.length > 0 && ofBoundary.every(({ effect }) => effect === "Allow");
}

function evaluate(
  { input, policies, principal, context, spelled, resourceAccount }: Simulation, statements: Statements,
  action: string, resource: string,
): iam.EvaluationResult {
  const resourcePolicy: { resource?: SourcedPolicy } = input.ResourcePolicy === undefined ? {}
    : { resource: { document: input.ResourcePolicy, kind: "resource", id: resource } };
  const decision = decide({
    principal, action, resource, context,
    resourceAccount: resourceAccount ?? (parseArn(resource)?.account || principal.account),
  }, { ...policies, ...resourcePolicy });
  const matched = decisive(decision).map((match) => statements.describe(match));
  const missing = decision.missingContext.map((key) => spelled.get(key) ?? key);
  const boundary = policies.boundary && {
    PermissionsBoundaryDecisionDetail: {
      AllowedByPermissionsBoundary: boundaryAllows(decision),
    },
  };
  const name = decisionName(decision);
  return {
    EvalActionName: action, EvalResourceName: resource, EvalDecision: name, MatchedStatements: matched,
    MissingContextValues: missing, ...boundary,
    ...(input.ResourceArns?.length && {
      ResourceSpecificResults: [{
        EvalResourceName: resource, EvalResourceDecision: name, MatchedStatements: matched,
        MissingContextValues: missing, ...boundary,
      }],
    }),
  };
}

/** One result for each action and resource, action by action; only those of the page are worked out. */
function results(simulated: Simulation, scope: string): iam.SimulatePolicyResponse {
  const { ActionNames: actions, ResourceArns, Marker, MaxItems } = simulated.input;
  const resources = ResourceArns?.length ? ResourceArns : ["*"];
  const total = actions.length * resources.length;
  const start = Marker === undefined ? 0 : openPageToken(scope, Marker);
  if (typeof start !== "number") throw invalidMarker();
  const end = Math.min(total, start + (MaxItems ?? resultsDefault));
  const statements = new Statements();
  const evaluated: iam.EvaluationResult[] = [];
  for (let index = start; index < end; index++) {
    const action = actions[Math.floor(index / resources.length)] ?? "";
    evaluated.push(evaluate(simulated, statements, action, resources[index % resources.length] ?? "*"));
  }
  const marks = end < total ? { IsTruncated: true, Marker: pageToken(scope, end) } : { IsTruncated: false };
  return { EvaluationResults: evaluated, ...marks };
}

/** @throws InvalidInput */
function givenBoundary(texts: readonly string[] | undefined): SourcedPolicy | undefined {
  if ((texts?.length ?? 0) > 1) throw invalidInput("Only one permissions boundary policy can be simulated.");
  return givenPolicies(texts ?? [], "boundary", "PermissionsBoundaryPolicyInputList")[0];
}

export const SimulateCustomPolicy = operation(iam.SimulateCustomPolicy, {
  run(input, ctx) {
    const boundary = givenBoundary(input.PermissionsBoundaryPolicyInputList);
    const policies = {
      identity: givenPolicies(input.PolicyInputList, "identity-inline", "PolicyInputList"),
      ...(boundary && { boundary }),
    };
    return results(simulation(ctx, input, policies, input.CallerArn), "SimulateCustomPolicy");
  },
});

/**
 * A boundary that is given replaces the one that is there. @evidence IAM API Reference,
 * SimulatePrincipalPolicy
 */
export const SimulatePrincipalPolicy = operation(iam.SimulatePrincipalPolicy, {
  resource: (input) => input.PolicySourceArn,
  denied: deniedByName,

  run(input, ctx) {
    const source = requirePolicySource(ctx, input.PolicySourceArn);
    const attached = sourcesOf(ctx, source);
    const boundary = givenBoundary(input.PermissionsBoundaryPolicyInputList) ?? attached.boundary;
    const given = givenPolicies(input.PolicyInputList ?? [], "identity-inline", "PolicyInputList");
    const policies = { identity: [...attached.identity, ...given], ...(boundary && { boundary }) };
    const caller = input.CallerArn ?? (source.kind === "group" ? undefined : input.PolicySourceArn);
    const simulated = simulation(ctx, input, policies, caller);
    return results(simulated, `SimulatePrincipalPolicy ${source.id}`);
  },
});
