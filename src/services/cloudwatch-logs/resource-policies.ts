/** Policies by which other services may write to the account's groups, and those of single groups. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { ResourcePolicy } from "../../kernel/service.ts";
import { page } from "../../kernel/page.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { table } from "../../store/types.ts";
import { invalidNextToken, invalidParameter, limitExceeded, resourceNotFound } from "./errors.ts";
import { groupNameOf, requireGroup } from "./group-table.ts";
import { findDestination } from "./subscription-delivery.ts";

interface Policy {
  /** A name, for policies of the account; the group's ARN for those of one group. */
  readonly name: string;
  readonly scope: "ACCOUNT" | "RESOURCE";
  readonly document: string;
  readonly updatedAt: number;
  readonly revision?: string;
}

const policies = table<Policy>("logs.resourcePolicies", { key: (row) => [row.scope, row.name] });

/** @evidence CloudWatch Logs User Guide, quotas: ten resource policies a Region */
const policiesMax = 10;

function documentToKeep(ctx: ReadContext, document: string | undefined): string {
  const [problem] = document === undefined ? ["missing"] : validatePolicy(document, "resource");
  // @evidence recorded: "Syntax errors in policy."
  if (document === undefined || problem !== undefined) throw invalidParameter("Syntax errors in policy.");
  return keptPolicy(ctx.kernel.identity, document, (name) =>
    invalidParameter(`Invalid principal in policy: ${name}`));
}

/** A group's policy is under its ARN without `:*`. */
function resourceOf(ctx: Context, resourceArn: string): string {
  const { name } = requireGroup(ctx, groupNameOf(resourceArn));
  return ctx.arn(`log-group:${name}`);
}

function requireRevision(known: Policy | undefined, expected: string | undefined): void {
  if (expected === undefined || known?.revision === expected) return;
  throw invalidParameter("The expected revision id does not match the policy's revision id.");
}

function shown(ctx: ReadContext, policy: Policy): logs.ResourcePolicy {
  const isOfGroup = policy.scope === "RESOURCE";
  return {
    ...(isOfGroup ? { resourceArn: policy.name } : { policyName: policy.name }),
    policyDocument: shownPolicy(ctx.kernel.identity, policy.document),
    lastUpdatedTime: policy.updatedAt,
    policyScope: policy.scope,
    ...(policy.revision !== undefined && { revisionId: policy.revision }),
  };
}

export const PutResourcePolicy = operation(logs.PutResourcePolicy, {
  run(input, ctx) {
    const { policyName, resourceArn } = input;
    if ((policyName === undefined) === (resourceArn === undefined)) {
      throw invalidParameter("Either policyName or resourceArn must be specified, but not both.");
    }
    const scope = resourceArn === undefined ? "ACCOUNT" : "RESOURCE";
    const name = resourceArn === undefined ? (policyName ?? "") : resourceOf(ctx, resourceArn);
    const known = ctx.db(policies).get([scope, name]);
    requireRevision(known, input.expectedRevisionId);
    const document = documentToKeep(ctx, input.policyDocument);
    if (!known && scope === "ACCOUNT" && ctx.db(policies).count({ prefix: [scope] }) >= policiesMax) {
      throw limitExceeded();
    }
    const policy = ctx.db(policies).put({
      name, scope, document, updatedAt: ctx.clock.now(),
      ...(scope === "RESOURCE" && { revision: ctx.ids.hex(16) }),
    });
    return {
      resourcePolicy: shown(ctx, policy),
      ...(policy.revision !== undefined && { revisionId: policy.revision }),
    };
  },
});

export const DeleteResourcePolicy = operation(logs.DeleteResourcePolicy, {
  run(input, ctx) {
    const { policyName, resourceArn } = input;
    const scope = resourceArn === undefined ? "ACCOUNT" : "RESOURCE";
    const name = resourceArn === undefined ? (policyName ?? "") : resourceOf(ctx, resourceArn);
    const known = ctx.db(policies).get([scope, name]);
    // @evidence recorded: "Policy with name [x] does not exist"
    if (!known) throw resourceNotFound(`Policy with name [${name}] does not exist`);
    requireRevision(known, input.expectedRevisionId);
    ctx.db(policies).delete([scope, name]);
  },
});

export const DescribeResourcePolicies = operation(logs.DescribeResourcePolicies, {
  run(input, ctx) {
    const scope = input.policyScope ?? (input.resourceArn === undefined ? "ACCOUNT" : "RESOURCE");
    const name = input.resourceArn && resourceOf(ctx, input.resourceArn);
    const { items, next } = page({
      rows: ctx.db(policies),
      range: { prefix: [scope] },
      key: (policy) => [policy.scope, policy.name],
      keep: (policy) => name === undefined || policy.name === name,
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeResourcePolicies ${scope} ${name ?? ""}`,
      invalid: invalidNextToken,
    });
    return { resourcePolicies: items.map((policy) => shown(ctx, policy)), nextToken: next };
  },
});

/** With a group its own policy goes. */
export function forgetPolicy(ctx: Context, name: string): void {
  ctx.db(policies).delete(["RESOURCE", ctx.arn(`log-group:${name}`)]);
}

/** What decides over a group besides identities' policies: those of the account and its own, as one. */
export function policyOf(arn: string, ctx: ReadContext): string | ResourcePolicy | undefined {
  const named = parseArn(arn);
  const resource = named?.resource ?? "";
  if (named && resource.startsWith("destination:")) {
    const document = findDestination(ctx, named)?.accessPolicy;
    return { account: named.account, ...(document !== undefined && { document }) };
  }
  if (!resource.startsWith("log-group:")) return undefined;
  const group = /^log-group:[^:]*/.exec(resource)?.[0] ?? "";
  const own = ctx.db(policies).get(["RESOURCE", ctx.arn(group)]);
  const all = [...ctx.db(policies).list({ prefix: ["ACCOUNT"] }), ...(own ? [own] : [])];
  if (all.length === 0) return undefined;
  const Statement = all.flatMap(({ document }) => {
    const { Statement: statements } = JSON.parse(document) as { Statement: object | object[] };
    return (Array.isArray(statements) ? statements : [statements]).map(
      (each: object) => ({ ...each, Sid: undefined })
    );
  });
  return JSON.stringify({ Version: "2012-10-17", Statement });
}
