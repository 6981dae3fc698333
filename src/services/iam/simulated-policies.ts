/** What a simulation is about: the policies of somebody, and those that are only given to be tried out. */

import { parsePolicy, validatePolicy, type PolicyDocument } from "../../iam/parse.ts";
import type { SourcedPolicy } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { invalidInput, noSuchEntity } from "./errors.ts";
import { groupsOf } from "./groups.ts";
import { attachedArns, defaultDocument, inlinePoliciesOf, policyNameOf } from "./policy-rows.ts";
import { principalOfArn, type Principal } from "./principals.ts";

export interface SimulatedPolicies {
  readonly identity: readonly SourcedPolicy[];
  readonly boundary?: SourcedPolicy;
}

/** @throws InvalidInput */
export function readSimulated(text: string, kind: "identity" | "resource" = "identity"): PolicyDocument {
  const [problem] = validatePolicy(text, kind, { resourceElement: "optional" });
  if (problem !== undefined) throw invalidInput(problem.message);
  return parsePolicy(text);
}

/** Policies of a request, numbered as AWS names them in matched statements. @throws InvalidInput */
export function givenPolicies(
  texts: readonly string[], kind: SourcedPolicy["kind"], list: string,
): SourcedPolicy[] {
  return texts.map((document, index) => {
    readSimulated(document);
    return { document, kind, id: `${list}.${index + 1}` };
  });
}

/** @throws NoSuchEntity */
export function requirePolicySource(ctx: ReadContext, arn: string): Principal {
  const principal = principalOfArn(ctx, arn);
  if (principal === undefined) throw noSuchEntity(`ARN ${arn} cannot be found.`);
  return principal;
}

/**
 * Managed policies are named by their names, inline ones as `role_NAME_POLICY`.
 *
 * @evidence recorded answers of SimulatePrincipalPolicy, SourcePolicyId
 */
function carriedBy(ctx: ReadContext, principal: Principal): SourcedPolicy[] {
  const whose = principal.kind === "group" ? "group" : "identity";
  const managed = attachedArns(ctx, principal.id).flatMap((arn) => {
    const document = defaultDocument(ctx, arn);
    return document === undefined ? []
      : [{ document, kind: `${whose}-managed` as const, id: policyNameOf(arn) }];
  });
  const inline = inlinePoliciesOf(ctx, principal.id).map(({ name, document }) => ({
    document, kind: `${whose}-inline` as const, id: `${principal.kind}_${principal.name}_${name}`,
  }));
  return [...managed, ...inline];
}

export function sourcesOf(ctx: ReadContext, principal: Principal): SimulatedPolicies {
  const groups = principal.kind === "user" ? groupsOf(ctx, principal.id) : [];
  const identity = [principal, ...groups].flatMap((each) => carriedBy(ctx, each));
  const boundaryArn = principal.kind === "group" ? undefined : principal.boundaryArn;
  const document = boundaryArn === undefined ? undefined : defaultDocument(ctx, boundaryArn);
  if (boundaryArn === undefined || document === undefined) return { identity };
  return { identity, boundary: { document, kind: "boundary", id: policyNameOf(boundaryArn) } };
}
