/** Which policies of somebody let them into a service at all. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { parsePolicy, type Statement } from "../../iam/parse.ts";
import { Glob, tokensOf } from "../../iam/wildcard.ts";
import { operation } from "../../kernel/operation.ts";
import { deniedByName, invalidArn, noSuchEntity } from "./errors.ts";
import { groupsOf } from "./groups.ts";
import { compareText, listItems } from "./listing.ts";
import { attachedArns, defaultDocument, inlinePoliciesOf, policyNameOf } from "./policy-rows.ts";
import { principalOfArn, type Principal } from "./principals.ts";

function matches(pattern: string, text: string): boolean {
  return new Glob(tokensOf(pattern.toLowerCase())).matches(text);
}

/** `s3` of `s3:Get*`; a bare `*` is every service. */
function serviceOf(action: string): string {
  const colon = action.indexOf(":");
  return colon < 0 ? action : action.slice(0, colon);
}

function allowsSome({ effect, actions, notActions }: Statement, namespace: string): boolean {
  if (effect !== "Allow") return false;
  if (actions !== undefined) return actions.some((action) => matches(serviceOf(action), namespace));
  const shutOut = (notActions ?? []).some((action) =>
    (action === "*" || action.endsWith(":*")) && matches(serviceOf(action), namespace));
  return !shutOut;
}

function grants(document: string, namespace: string): boolean {
  return parsePolicy(document).statements.some((statement) => allowsSome(statement, namespace.toLowerCase()));
}

interface Candidate {
  readonly document: string;
  readonly granting: iam.PolicyGrantingServiceAccess;
}

function policiesOf(ctx: ReadContext, principal: Principal): Candidate[] {
  const managed = attachedArns(ctx, principal.id).flatMap((arn) => {
    const document = defaultDocument(ctx, arn);
    const granting = { PolicyName: policyNameOf(arn), PolicyType: "MANAGED" as const, PolicyArn: arn };
    return document === undefined ? [] : [{ document, granting }];
  });
  const inline = inlinePoliciesOf(ctx, principal.id).map(({ name, document }) => ({
    document,
    granting: {
      PolicyName: name, PolicyType: "INLINE" as const,
      EntityType: principal.kind.toUpperCase() as iam.policyOwnerEntityType, EntityName: principal.name,
    },
  }));
  const itsGroups = principal.kind === "user" ? groupsOf(ctx, principal.id) : [];
  const shared = itsGroups.flatMap((group) => policiesOf(ctx, group));
  return [...managed, ...inline, ...shared];
}

/** Denies, conditions and boundaries are not looked at. @evidence IAM API Reference, same operation */
export const ListPoliciesGrantingServiceAccess = operation(iam.ListPoliciesGrantingServiceAccess, {
  resource: (input) => input.Arn,
  denied: deniedByName,

  run(input, ctx) {
    if (!/^arn:[^:]+:iam::[^:]*:(?:user|group|role)\//.test(input.Arn)) throw invalidArn(input.Arn);
    const principal = principalOfArn(ctx, input.Arn);
    if (principal === undefined) throw noSuchEntity(`ARN ${input.Arn} cannot be found.`);
    const candidates = policiesOf(ctx, principal);
    const entries = input.ServiceNamespaces.map((namespace) => ({
      ServiceNamespace: namespace,
      Policies: unique(candidates.filter((candidate) => grants(candidate.document, namespace))
        .map((candidate) => candidate.granting)),
    }));
    const { items, marks } = listItems(input, "ListPoliciesGrantingServiceAccess", entries);
    return { PoliciesGrantingServiceAccess: items, ...marks };
  },
});

/** A managed policy that comes by several ways is named once. */
function unique(granting: readonly iam.PolicyGrantingServiceAccess[]): iam.PolicyGrantingServiceAccess[] {
  const named = new Map(granting.map((policy) =>
    [policy.PolicyArn ?? `${policy.EntityType} ${policy.EntityName} ${policy.PolicyName}`, policy]));
  return [...named.values()].sort((a, b) => compareText(a.PolicyName, b.PolicyName));
}
