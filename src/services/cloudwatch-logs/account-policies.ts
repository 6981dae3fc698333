/** Policies for all groups of an account, or those that their selection names. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { accountPolicies, type AccountPolicy } from "./account-policy-table.ts";
import { readSelection } from "./account-selection.ts";
import { invalidNextToken, invalidParameter, limitExceeded, resourceNotFound } from "./errors.ts";
import { parseDataProtection } from "./data-protection.ts";
import { parseIndexPolicy } from "./index-policies.ts";
import { patternOf } from "./known-patterns.ts";
import { requirePassable } from "./passed-roles.ts";
import { requireReachable } from "./subscription-filters.ts";

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
    default:
      throw notImplemented(`Account policies of the type ${type}`);
  }
}

/** @evidence CloudWatch Logs User Guide, quotas: one of each kind, 20 field index policies */
const policiesMax: Readonly<Record<string, number>> = { FIELD_INDEX_POLICY: 20 };

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
    if (selectionCriteria !== undefined && !readSelection(selectionCriteria)) {
      throw invalidParameter(`Invalid selectionCriteria: ${selectionCriteria}`);
    }
    await requireDocument(ctx, type, document);
    return ctx.transaction((within) => {
      const others = [
        ...within.db(accountPolicies).list({ prefix: [type] }),
      ].filter((each) => each.name !== name);
      if (others.length >= (policiesMax[type] ?? 1)) throw limitExceeded();
      const policy = within.db(accountPolicies).put({
        type, name, document, updatedAt: ctx.clock.now(), ...(selectionCriteria !== undefined && {
          selectionCriteria,
        }),
      });
      return { accountPolicy: shown(within, policy) };
    });
  },
});

export const DeleteAccountPolicy = operation(logs.DeleteAccountPolicy, {
  run(input, ctx) {
    if (!ctx.db(accountPolicies).delete([input.policyType, input.policyName])) {
      throw resourceNotFound("The specified account policy does not exist.");
    }
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
