/** Managed policies listed, and who uses them. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { awsManagedPolicies, type AwsManagedPolicy } from "./aws-managed-policies.ts";
import { accessDenied, noSuchPolicy } from "./errors.ts";
import { compareText, listItems } from "./listing.ts";
import { boundaryUses, describeAwsPolicy, describePolicy, onPolicy } from "./policies.ts";
import { attachments, checkPolicyArn, policies, policyExists, type Policy } from "./policy-rows.ts";
import type { Ordered } from "../../store/types.ts";
import { groups, roles, users, type Group, type Principal, type Role, type User } from "./principals.ts";

type AnyPolicy = { readonly own: Policy } | { readonly aws: AwsManagedPolicy };

function attachedCount(ctx: ReadContext, arn: string): number {
  return ctx.db(attachments).by("policy").count({ prefix: [arn] });
}

/** Whether a policy is one that a list with these filters is after. */
function isWanted(ctx: ReadContext, arn: string, input: iam.ListPoliciesRequest): boolean {
  if (input.PolicyUsageFilter === "PermissionsBoundary") return boundaryUses(ctx, arn) > 0;
  if (input.OnlyAttached) return attachedCount(ctx, arn) > 0;
  if (input.PolicyUsageFilter === "PermissionsPolicy") {
    return attachedCount(ctx, arn) > 0 || boundaryUses(ctx, arn) === 0;
  }
  return true;
}

/** The account's own come first, each kind by name. */
export const ListPolicies = operation(iam.ListPolicies, {
  resource: (input, ctx) => ctx.arn(`policy${input.PathPrefix ?? "/"}`),
  /** @evidence recorded denials: "iam:ListPolicies on resource: policy path /" */
  denied: (message) => accessDenied(message.replace(/ arn:[^:]+:iam::\d*:policy\//, " policy path /")),

  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const scope = input.Scope ?? "All";
    const own = scope === "AWS" ? [] : [...ctx.db(policies).by("name").list()];
    const aws = scope === "Local" ? [] : awsManagedPolicies();
    const wanted = (policy: Policy | AwsManagedPolicy) =>
      policy.path.startsWith(prefix) && isWanted(ctx, policy.arn, input);
    const all: AnyPolicy[] = [
      ...own.filter(wanted).map((policy) => ({ own: policy })),
      ...aws.filter(wanted).map((policy) => ({ aws: policy })),
    ];
    const { items, marks } = listItems(input, `ListPolicies ${scope}`, all);
    return {
      Policies: items.map((entry) =>
        "own" in entry ? describePolicy(ctx, entry.own) : describeAwsPolicy(ctx, entry.aws)),
      ...marks,
    };
  },
});

interface Uses {
  readonly groups: readonly Group[];
  readonly users: readonly User[];
  readonly roles: readonly Role[];
}

function usesOf(ctx: ReadContext, arn: string, filter: iam.PolicyUsageType | undefined): Uses {
  const asPolicy = filter !== "PermissionsBoundary";
  const asBoundary = filter !== "PermissionsPolicy";
  const attached = (kind: Principal["kind"]) => asPolicy
    ? [...ctx.db(attachments).by("policy").list({ prefix: [arn, kind] })].map((row) => row.principalId) : [];
  const limited = (rows: Ordered<User | Role>) => asBoundary
    ? [...rows.list({ prefix: [arn] })].map((row) => row.id) : [];
  const limitedUsers = limited(ctx.db(users).by("boundary"));
  const limitedRoles = limited(ctx.db(roles).by("boundary"));
  const unique = (ids: readonly string[]) => [...new Set(ids)];
  return {
    groups: attached("group").flatMap((id) => ctx.db(groups).get(id) ?? []),
    users: unique([...attached("user"), ...limitedUsers]).flatMap((id) => ctx.db(users).get(id) ?? []),
    roles: unique([...attached("role"), ...limitedRoles]).flatMap((id) => ctx.db(roles).get(id) ?? []),
  };
}

/** Groups, users and roles, each by name. */
export const ListEntitiesForPolicy = operation(iam.ListEntitiesForPolicy, {
  ...onPolicy,
  run(input, ctx) {
    checkPolicyArn(input.PolicyArn);
    if (!policyExists(ctx, input.PolicyArn)) throw noSuchPolicy(input.PolicyArn);
    const prefix = input.PathPrefix ?? "/";
    const filter = input.EntityFilter;
    const uses = usesOf(ctx, input.PolicyArn, input.PolicyUsageFilter);
    const all: Principal[] = [
      ...(filter === undefined || filter === "Group" ? uses.groups : []),
      ...(filter === undefined || filter === "User" ? uses.users : []),
      ...(filter === undefined || filter === "Role" ? uses.roles : []),
    ];
    const wanted = all.filter((principal) => principal.path.startsWith(prefix))
      .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name.toLowerCase(), b.name.toLowerCase()));
    const { items, marks } = listItems(input, "ListEntitiesForPolicy", wanted);
    const of = (kind: Principal["kind"]) => items.filter((principal) => principal.kind === kind);
    return {
      PolicyGroups: of("group").map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyUsers: of("user").map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: of("role").map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...marks,
    };
  },
});
