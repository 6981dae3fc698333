/** Policies for all groups of an account, or those that their selection names. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { accountPolicies, type AccountPolicy } from "./account-policy-table.ts";
import { readSelection, type Selection } from "./account-selection.ts";
import { invalidNextToken, invalidParameter, limitExceeded, resourceNotFound } from "./errors.ts";
import { parseDataProtection } from "./data-protection.ts";
import { aboutGroup } from "./group-table.ts";
import { parseIndexPolicy } from "./index-policies.ts";
import { patternOf } from "./known-patterns.ts";
import { requirePassable } from "./passed-roles.ts";
import { requireReachable } from "./subscription-filters.ts";
import { inheritTransformers, parseTransformerPolicy } from "./transformer-policies.ts";

function parsed(document: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(document);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw invalidParameter("Invalid policy document: it is no JSON object.");
}

async function requireSubscription(ctx: BodyContext, document: string): Promise<void> {
  const { DestinationArn: destinationArn, RoleArn: roleArn, FilterPattern: pattern } = parsed(document);
  const arn = typeof destinationArn === "string" ? parseArn(destinationArn) : undefined;
  if (!arn || typeof destinationArn !== "string") {
    throw invalidParameter("Invalid policy document: DestinationArn is missing.");
  }
  patternOf(ctx, typeof pattern === "string" ? pattern : "");
  if (typeof roleArn === "string") {
    ctx.transaction((within) => requirePassable(within, roleArn));
  }
  const target = { destinationArn, group: "*", ...(typeof roleArn === "string" && { roleArn }) };
  await requireReachable(ctx, arn, target);
}

async function requireDocument(ctx: BodyContext, type: string, document: string): Promise<void> {
  switch (type) {
    case "DATA_PROTECTION_POLICY":
      parseDataProtection(document);
      return;
    case "SUBSCRIPTION_FILTER_POLICY":
      return requireSubscription(ctx, document);
    case "FIELD_INDEX_POLICY":
      parseIndexPolicy(document);
      return;
    case "TRANSFORMER_POLICY":
      parseTransformerPolicy(document);
      return;
    default:
      throw notImplemented(`Account policies of the type ${type}`);
  }
}

interface PolicyKind {
  /** What whoever makes or deletes one must be allowed, besides the operation itself. */
  readonly permission: string;
  /** How groups may be selected. */
  readonly selection?: Omit<Selection, "names">;
  readonly most: number;
}

const byPrefix = { isPrefix: true, isExcluding: false };

/** @evidence CloudWatch Logs API Reference, PutAccountPolicy: permissions, selectionCriteria, and how many */
const kinds: Readonly<Record<string, PolicyKind>> = {
  DATA_PROTECTION_POLICY: { permission: "DataProtectionPolicy", most: 1 },
  SUBSCRIPTION_FILTER_POLICY: {
    permission: "SubscriptionFilter", most: 1, selection: { isPrefix: false, isExcluding: true },
  },
  FIELD_INDEX_POLICY: { permission: "IndexPolicy", most: 20, selection: byPrefix },
  TRANSFORMER_POLICY: { permission: "Transformer", most: 20, selection: byPrefix },
};

/** @throws InvalidParameterException */
function requireSelection(type: string, text: string | undefined): void {
  if (text === undefined) return;
  const given = readSelection(text);
  const wanted = kinds[type]?.selection;
  if (!given || given.isPrefix !== wanted?.isPrefix || given.isExcluding !== wanted.isExcluding) {
    throw invalidParameter(`Invalid selectionCriteria: ${text}`);
  }
}

/** Prefixes of the groups that a policy is for: of all, one that is empty. */
function prefixesOf({ selectionCriteria }: Pick<AccountPolicy, "selectionCriteria">): readonly string[] {
  return selectionCriteria === undefined ? [""] : (readSelection(selectionCriteria)?.names ?? []);
}

/**
 * @evidence CloudWatch Logs API Reference, PutAccountPolicy: "no two of them can use the same or overlapping
 *   log group name prefixes"
 */
function requireApart(policy: AccountPolicy, others: readonly AccountPolicy[]): void {
  if (kinds[policy.type]?.selection !== byPrefix) return;
  const own = prefixesOf(policy);
  const found = others.find((other) => prefixesOf(other).some((theirs) =>
    own.some((prefix) => prefix.startsWith(theirs) || theirs.startsWith(prefix))));
  if (!found) return;
  throw invalidParameter(`The selection criteria overlap with those of the policy ${found.name}.`);
}

function shown(ctx: ReadContext, policy: AccountPolicy): logs.AccountPolicy {
  return {
    policyName: policy.name,
    policyDocument: policy.document,
    lastUpdatedTime: policy.updatedAt,
    policyType: policy.type as logs.PolicyType,
    scope: "ALL",
    ...(policy.selectionCriteria !== undefined && { selectionCriteria: policy.selectionCriteria }),
    accountId: ctx.account,
  };
}

export const PutAccountPolicy = operation(logs.PutAccountPolicy, {
  async body(input, ctx) {
    const { policyType: type, policyName: name, policyDocument: document, selectionCriteria } = input;
    await requireDocument(ctx, type, document);
    requireSelection(type, selectionCriteria);
    return ctx.transaction((within) => {
      const others = [
        ...within.db(accountPolicies).list({ prefix: [type] }),
      ].filter((each) => each.name !== name);
      const action = `logs:Put${kinds[type]?.permission ?? ""}`;
      within.authorize({ action, resource: aboutGroup("*", ctx) });
      if (others.length >= (kinds[type]?.most ?? 1)) throw limitExceeded();
      const policy = {
        type, name, document, updatedAt: ctx.clock.now(),
        ...(selectionCriteria !== undefined && { selectionCriteria }),
      };
      requireApart(policy, others);
      within.db(accountPolicies).put(policy);
      if (type === "TRANSFORMER_POLICY") inheritTransformers(within);
      return { accountPolicy: shown(within, policy) };
    });
  },
});

export const DeleteAccountPolicy = operation(logs.DeleteAccountPolicy, {
  run(input, ctx) {
    if (!ctx.db(accountPolicies).delete([input.policyType, input.policyName])) {
      throw resourceNotFound("The specified account policy does not exist.");
    }
    const action = `logs:Delete${kinds[input.policyType]?.permission ?? ""}`;
    ctx.authorize({ action, resource: aboutGroup("*", ctx) });
    if (input.policyType === "TRANSFORMER_POLICY") inheritTransformers(ctx);
  },
});

export const DescribeAccountPolicies = operation(logs.DescribeAccountPolicies, {
  run(input, ctx) {
    const all = [...ctx.db(accountPolicies).list({ prefix: [input.policyType] })]
      .filter(({ name }) => input.policyName === undefined || name === input.policyName);
    const { items, next } = pageOf(all, {
      limit: 50, token: input.nextToken, scope: `logs.DescribeAccountPolicies ${input.policyType}`,
      invalid: invalidNextToken,
    });
    return { accountPolicies: items.map((policy) => shown(ctx, policy)), nextToken: next };
  },
});
