/**
 * Contributor Insights: whether it is on, for a table or for a global index. What it would show is
 * CloudWatch's.
 *
 * @evidence recorded answers of the three operations
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ContributorInsightsMode, ContributorInsightsStatus } from "../../../generated/dynamodb.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { table } from "../../../store/types.ts";
import { validation } from "../errors.ts";
import { requireUnlocked } from "../tables/key-watch.ts";
import { indexArn, onTable, nameIn, ownerOf, requireTable, tableArn } from "../tables/names.ts";
import { findIndex, type Table } from "../tables/table-rows.ts";

interface Insights {
  readonly table: string;
  /** Empty for the table itself. */
  readonly index: string;
  /** Of the table: another table of the name begins anew. */
  readonly number: number;
  readonly isEnabled: boolean;
  readonly mode: ContributorInsightsMode;
  readonly changedAt: number;
}

const insights = table<Insights>("dynamodb.insights", { key: (row) => [row.table, row.index] });

const settlingMilliseconds = 1_000;

interface Named {
  readonly TableName?: string | undefined;
  readonly IndexName?: string | undefined;
}

const onInsights = {
  ...onTable,
  resource: ({ TableName, IndexName }: Named, ctx: ReadContext): string => {
    const name = nameIn(TableName);
    return IndexName === undefined ? tableArn(ctx, name) : indexArn(ctx, name, IndexName);
  },
};

/** @evidence recorded: the words for an index that is not there */
function requireSubject(ctx: ReadContext, input: Named & { readonly TableName: string }): Table {
  const row = requireTable(ctx, input.TableName);
  if (input.IndexName === undefined) return row;
  if (input.IndexName.length < 3) {
    throw validation("IndexName must be at least 3 characters long and at most 255 characters long");
  }
  if (findIndex(row, input.IndexName)?.isGlobal) return row;
  throw modelled(
    dynamodb.ResourceNotFoundException,
    `Requested resource not found: Index: ${input.IndexName} not found for table: ${row.name}`,
  );
}

function settingOf(ctx: ReadContext, row: Table, index: string): Insights | undefined {
  const setting = ctx.db(insights).get([row.name, index]);
  return setting?.number === row.number ? setting : undefined;
}

function statusOf(setting: Insights | undefined, now: number): ContributorInsightsStatus {
  if (!setting) return "DISABLED";
  const isSettled = now - setting.changedAt >= settlingMilliseconds;
  if (setting.isEnabled) return isSettled ? "ENABLED" : "ENABLING";
  return isSettled ? "DISABLED" : "DISABLING";
}

/** The rules in CloudWatch: two for each key attribute. */
function rulesOf(row: Table, { index, mode, changedAt }: Insights): string[] {
  const key = index === "" ? row.key : findIndex(row, index)?.key;
  const subject = index === "" ? row.name : `${row.name}-${index}`;
  const letters = key && key.sort.length > 0 ? ["PK", "SK"] : ["PK"];
  const kinds = mode === "THROTTLED_KEYS" ? ["T"] : ["C", "T"];
  return letters.flatMap((letter) => kinds.map((kind) =>
    `DynamoDBContributorInsights-${letter}${kind}-${subject}-${changedAt}`));
}

function change(
  ctx: Context, row: Table, input: dynamodb.UpdateContributorInsightsInput,
): Insights | undefined {
  const index = input.IndexName ?? "";
  const before = settingOf(ctx, row, index);
  const isEnabled = input.ContributorInsightsAction === "ENABLE";
  const mode = input.ContributorInsightsMode ?? "ACCESSED_AND_THROTTLED_KEYS";
  if (!isEnabled && !before?.isEnabled) return before;
  if (isEnabled && before?.isEnabled && before.mode === mode) return before;
  return ctx.db(insights).put({
    table: row.name, index, number: row.number, isEnabled, mode, changedAt: ctx.clock.now(),
  });
}

function requireActive(row: Table, index: string | undefined): void {
  const status = index === undefined ? row.status : findIndex(row, index)?.status;
  if (status !== "CREATING") return;
  throw validation(
    "Table or Index is not in a valid state to update Key Access Insights: " +
      `${index === undefined ? "TableStatus" : "IndexStatus"} must be ACTIVE to enable ContributorInsights.`,
  );
}

export const UpdateContributorInsights = operation(dynamodb.UpdateContributorInsights, {
  ...onInsights,
  run(input, ctx) {
    const row = requireSubject(ctx, input);
    requireActive(row, input.IndexName);
    requireUnlocked(row);
    const setting = change(ctx, row, input);
    return {
      TableName: row.name,
      IndexName: input.IndexName,
      ContributorInsightsStatus: statusOf(setting, ctx.clock.now()),
      ContributorInsightsMode: setting?.isEnabled ? setting.mode : undefined,
    };
  },
});

export const DescribeContributorInsights = operation(dynamodb.DescribeContributorInsights, {
  ...onInsights,
  run(input, ctx) {
    const row = requireSubject(ctx, input);
    const setting = settingOf(ctx, row, input.IndexName ?? "");
    return {
      TableName: row.name,
      IndexName: input.IndexName,
      ContributorInsightsStatus: statusOf(setting, ctx.clock.now()),
      ContributorInsightsRuleList: setting?.isEnabled ? rulesOf(row, setting) : undefined,
      ContributorInsightsMode: setting?.mode,
      LastUpdateDateTime: setting?.changedAt,
    };
  },
});

const pageSizeMax = 100;

/** What is off is left out. */
export const ListContributorInsights = operation(dynamodb.ListContributorInsights, {
  owner: ({ TableName }) => ownerOf(TableName),
  resource: ({ TableName }, ctx) => (TableName === undefined ? "*" : tableArn(ctx, nameIn(TableName))),
  run(input, ctx) {
    const only = input.TableName === undefined ? undefined : requireTable(ctx, input.TableName);
    const { items, next } = page<Insights>({
      rows: ctx.db(insights),
      ...(only && { range: { prefix: [only.name] } }),
      key: (row) => [row.table, row.index],
      keep: (row) => statusOf(row, ctx.clock.now()) !== "DISABLED" && isCurrent(ctx, row),
      limit: input.MaxResults || pageSizeMax,
      token: input.NextToken,
      scope: "dynamodb:ListContributorInsights",
      invalid: () => validation("The provided NextToken is invalid"),
    });
    return {
      ContributorInsightsSummaries: items.map((row) => ({
        TableName: row.table,
        IndexName: row.index === "" ? undefined : row.index,
        ContributorInsightsStatus: statusOf(row, ctx.clock.now()),
        ContributorInsightsMode: row.mode,
      })),
      NextToken: next,
    };
  },
});

function isCurrent(ctx: ReadContext, setting: Insights): boolean {
  try {
    return requireTable(ctx, setting.table).number === setting.number;
  } catch {
    return false;
  }
}
