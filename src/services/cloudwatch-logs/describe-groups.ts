/** Which log groups there are. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidNextToken, invalidParameter } from "./errors.ts";
import { accountPolicies } from "./account-policy-table.ts";
import {
  aboutGroup, findGroup, groupArn, groupNameOf, groups, usageOf, type LogGroup,
} from "./group-table.ts";
import { countMetricFilters } from "./filter-tables.ts";

/** @evidence CloudWatch Logs API Reference, DescribeLogGroups, limit */
const pageSize = 50;

function inheritedProperties(ctx: Context): "ACCOUNT_DATA_PROTECTION"[] {
  const [first] = ctx.db(accountPolicies).list({ prefix: ["DATA_PROTECTION_POLICY"], limit: 1 });
  return first ? ["ACCOUNT_DATA_PROTECTION"] : [];
}

function shown(ctx: Context, group: LogGroup): logs.LogGroup {
  const arn = groupArn(ctx, group.name);
  const inherited = inheritedProperties(ctx);
  return {
    logGroupName: group.name,
    creationTime: group.createdAt,
    ...(group.retentionDays !== undefined && { retentionInDays: group.retentionDays }),
    metricFilterCount: countMetricFilters(ctx, group.name),
    arn: `${arn}:*`,
    storedBytes: usageOf(ctx, group.id).storedBytes,
    ...(group.kmsKeyId !== undefined && { kmsKeyId: group.kmsKeyId }),
    ...(group.dataProtection !== undefined && { dataProtectionStatus: group.dataProtection }),
    ...(inherited.length > 0 && { inheritedProperties: inherited }),
    logGroupClass: group.groupClass,
    logGroupArn: arn,
    deletionProtectionEnabled: group.isProtected ?? false,
    ...(group.bearerTokens !== undefined && { bearerTokenAuthenticationEnabled: group.bearerTokens }),
  };
}

interface Wanted {
  readonly prefix?: string | undefined;
  /** Anywhere in the name, in whichever case. */
  readonly part?: string | undefined;
  readonly groupClass?: string | undefined;
}

function isWanted(group: LogGroup, { part, groupClass }: Wanted): boolean {
  if (groupClass !== undefined && group.groupClass !== groupClass) return false;
  return part === undefined || group.name.toLowerCase().includes(part.toLowerCase());
}

function pageOfGroups(
  ctx: Context, wanted: Wanted, limit: number | undefined, token: string | undefined, scope: string,
): { items: LogGroup[]; next: string | undefined } {
  return page({
    rows: ctx.db(groups),
    range: wanted.prefix ? { prefix: wanted.prefix, prefixOfLastPart: true } : {},
    key: (group) => group.name,
    keep: (group) => isWanted(group, wanted),
    limit: limit ?? pageSize,
    token,
    scope: `logs.${scope} ${JSON.stringify(wanted)}`,
    invalid: invalidNextToken,
  });
}

/**
 * Groups in the order of their names. Of linked accounts none is ever there.
 *
 * @evidence CloudWatch Logs API Reference, DescribeLogGroups: a prefix and a pattern exclude each other
 */
export const DescribeLogGroups = operation(logs.DescribeLogGroups, {
  resource: (_input, ctx) => aboutGroup("", ctx),
  run(input, ctx) {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: part, logGroupClass: groupClass } = input;
    if (prefix !== undefined && part !== undefined) {
      throw invalidParameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
      );
    }
    if (input.accountIdentifiers && !input.includeLinkedAccounts) {
      throw invalidParameter("accountIdentifiers can only be used when includeLinkedAccounts is true.");
    }
    if (input.logGroupIdentifiers) {
      const named = input.logGroupIdentifiers.flatMap((each) => findGroup(ctx, groupNameOf(each)) ?? []);
      return { logGroups: named.map((group) => shown(ctx, group)) };
    }
    const { items, next } =
      pageOfGroups(ctx, { prefix, part, groupClass }, input.limit, input.nextToken, "DescribeLogGroups");
    return { logGroups: items.map((group) => shown(ctx, group)), nextToken: next };
  },
});

/** @evidence CloudWatch Logs API Reference, ListLogGroups: `^` at the beginning makes the pattern a prefix */
export const ListLogGroups = operation(logs.ListLogGroups, {
  resource: (_input, ctx) => aboutGroup("", ctx),
  run(input, ctx) {
    const parts = (input.logGroupNamePattern ?? "").split("|");
    const matches = (name: string): boolean => parts.length === 0 || parts.some((part) =>
      (part.startsWith("^") ? name.startsWith(part.slice(1)) : name.includes(part)));
    const { items, next } = page({
      rows: ctx.db(groups),
      key: (group) => group.name,
      keep: (group) => isWanted(group, { groupClass: input.logGroupClass }) && matches(group.name),
      limit: input.limit ?? pageSize,
      token: input.nextToken,
      scope: `logs.ListLogGroups ${input.logGroupNamePattern ?? ""} ${input.logGroupClass ?? ""}`,
      invalid: invalidNextToken,
    });
    return {
      logGroups: items.map((group) => ({
        logGroupName: group.name,
        logGroupArn: groupArn(ctx, group.name),
        logGroupClass: group.groupClass,
      })),
      nextToken: next,
    };
  },
});
