/** Queries of Logs Insights: started, stopped, and what became of them. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import { invalidNextToken, invalidParameter, limitExceeded, malformedQuery } from "./errors.ts";
import { millisecondsOf } from "./epoch.ts";
import { aboutGroup, groupNameOf } from "./group-table.ts";
import { resultsMax, type Query } from "./insights/query.ts";
import { parseQuery } from "./insights/query-reader.ts";
import { groupsOf, requireGroups, requireReadable } from "./query-groups.ts";
import { forgetQuery, queries, requireQuery, resultsParts, type QueryRow } from "./query-table.ts";
import { runQuery } from "./query-running.ts";

/** @evidence CloudWatch Logs User Guide, quotas: 100 queries at once, 50 groups a query */
const runningMax = 100;
const groupsMax = 50;
/** @evidence CloudWatch Logs User Guide, Logs Insights: results are kept for seven days */
const keptMilliseconds = 7 * 86_400_000;

type NamesGroups = Pick<logs.StartQueryRequest, "logGroupName" | "logGroupNames" | "logGroupIdentifiers">;

/** @evidence CloudWatch Logs API Reference, StartQuery: exactly one of the three */
function groupNames({ logGroupName, logGroupNames, logGroupIdentifiers }: NamesGroups): string[] {
  const given = [logGroupName && [logGroupName], logGroupNames, logGroupIdentifiers].filter((each) => each);
  if (given.length !== 1) {
    throw invalidParameter(
      "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.",
    );
  }
  const names = [...new Set((given[0] as string[]).map(groupNameOf))];
  if (names.length > groupsMax) throw limitExceeded(
    `At most ${groupsMax} log groups can be queried at once.`
  );
  return names;
}

/** The groups, from the request or from the query's SOURCE, and the time: epoch milliseconds. */
function subjectOf(ctx: Context, input: logs.StartQueryRequest, { selection }: Query) {
  const now = ctx.clock.now();
  const isNamed = [input.logGroupName, input.logGroupNames, input.logGroupIdentifiers].some((each) => each);
  if (selection && isNamed) {
    throw invalidParameter("A query with SOURCE can't be given log groups in another way.");
  }
  return {
    groups: selection ? groupsOf(ctx, selection) : requireGroups(ctx, groupNames(input)),
    from: selection?.from?.(now) ?? millisecondsOf(input.startTime),
    before: selection?.before?.(now) ??
      millisecondsOf(input.endTime) + (input.endTime > 100_000_000_000 ? 1 : 1_000),
  };
}

/** Of a query that names its groups itself; none where it can't be read, which is said later. */
function selectedNames(queryString: string, ctx: ReadContext): string[] {
  try {
    const { selection } = parseQuery(queryString);
    return selection ? groupsOf(ctx, selection) : [];
  } catch (error) {
    if (error instanceof AwsError) return [];
    throw error;
  }
}

export const StartQuery = operation(logs.StartQuery, {
  resource: (input, ctx) => {
    const { logGroupName, logGroupNames = [], logGroupIdentifiers = [] } = input;
    const names = [
      ...(logGroupName === undefined ? [] : [logGroupName]), ...logGroupNames, ...logGroupIdentifiers,
    ];
    if (names.length === 0) names.push(...selectedNames(input.queryString, ctx));
    if (names.length === 0) return aboutGroup("", ctx);
    return names.map((each) => aboutGroup(groupNameOf(each), ctx));
  },
  run(input, ctx) {
    if (input.queryLanguage !== undefined && input.queryLanguage !== "CWLI") {
      throw notImplemented(`Queries in ${input.queryLanguage}`);
    }
    const query = parseQuery(input.queryString);
    const { groups, from, before } = subjectOf(ctx, input, query);
    requireReadable(ctx, query, groups);
    if (input.endTime < input.startTime) {
      throw malformedQuery("Query's end time is before its start time", { start: 0, end: 0 });
    }
    if (running(ctx) >= runningMax) throw limitExceeded();
    const id = ctx.ids.uuid();
    ctx.db(queries).put({
      id, groups, text: input.queryString, from, before,
      ...(input.limit !== undefined && { limit: input.limit }),
      status: "Scheduled", createdAt: ctx.clock.now(),
      recordsMatched: 0, recordsScanned: 0, bytesScanned: 0, resultsCount: 0,
    });
    ctx.schedule(runQuery, { id, at: ctx.clock.now(), input: { id } });
    ctx.schedule(expireQuery, { id, at: ctx.clock.now() + keptMilliseconds, input: { id } });
    return { queryId: id };
  },
});

function running(ctx: Context): number {
  const byStatus = ctx.db(queries).by("byStatus");
  return byStatus.count({ prefix: ["Scheduled"] }) + byStatus.count({ prefix: ["Running"] });
}

export const expireQuery = job<{ readonly id: string }>("cloudwatch-logs.expireQuery", ({ id }, ctx) => {
  forgetQuery(ctx, id);
});

function statisticsOf(query: QueryRow): logs.QueryStatistics {
  return {
    recordsMatched: query.recordsMatched,
    recordsScanned: query.recordsScanned,
    estimatedRecordsSkipped: query.recordsSkipped ?? 0,
    bytesScanned: query.bytesScanned,
    estimatedBytesSkipped: query.bytesSkipped ?? 0,
    logGroupsScanned: query.groups.length,
  };
}

export const GetQueryResults = operation(logs.GetQueryResults, {
  run(input, ctx) {
    const query = requireQuery(ctx, input.queryId);
    const rows = [...ctx.db(resultsParts).list({ prefix: [query.id] })].flatMap((part) => part.rows);
    const { items, next } = pageOf(rows, {
      limit: input.maxItems ?? resultsMax,
      token: input.nextToken,
      scope: `logs.GetQueryResults ${query.id}`,
      invalid: invalidNextToken,
    });
    return {
      queryLanguage: "CWLI" as const,
      results: items.map((row) => row.map(({ field, value }) => ({ field, value }))),
      statistics: statisticsOf(query),
      status: query.status,
      nextToken: next,
    };
  },
});

export const StopQuery = operation(logs.StopQuery, {
  run(input, ctx) {
    const query = requireQuery(ctx, input.queryId);
    if (query.status !== "Scheduled" && query.status !== "Running") {
      // @evidence recorded: "Query with id … has already ended with status Complete"
      throw invalidParameter(`Query with id ${query.id} has already ended with status ${query.status}`);
    }
    ctx.db(queries).put({ ...query, status: "Cancelled" });
    ctx.unschedule(runQuery, query.id);
    return { success: true };
  },
});

export const DescribeQueries = operation(logs.DescribeQueries, {
  resource: (input, ctx) => aboutGroup(input.logGroupName ?? "", ctx),
  run(input, ctx) {
    const { logGroupName, status } = input;
    const { items, next } = page<QueryRow>({
      rows: ctx.db(queries).by("byTime"),
      range: { reverse: true },
      key: (query) => [query.createdAt, query.id],
      keep: (query) => (logGroupName === undefined || query.groups.includes(logGroupName)) &&
        (status === undefined || query.status === status) &&
        (input.queryLanguage === undefined || input.queryLanguage === "CWLI"),
      limit: input.maxResults ?? 1_000,
      token: input.nextToken,
      scope: `logs.DescribeQueries ${JSON.stringify([logGroupName, status])}`,
      invalid: invalidNextToken,
    });
    return { queries: items.map(shown), nextToken: next };
  },
});

const sourceForm = /^[\s|]*SOURCE\b/i;

/** @evidence CloudWatch Logs API Reference, DescribeQueries, example: the text begins with its groups */
function withSource({ groups, from, before, text }: QueryRow): string {
  const names = groups.map((name) => `"${name}"`).join(", ");
  return `SOURCE ${names} START=${from / 1000} END=${(before - 1_000) / 1000} |\n${text}`;
}

function shown(query: QueryRow): logs.QueryInfo {
  return {
    queryLanguage: "CWLI",
    queryId: query.id,
    queryString: sourceForm.test(query.text) ? query.text : withSource(query),
    status: query.status,
    createTime: query.createdAt,
    logGroupName: query.groups[0],
    ...(query.durationMilliseconds !== undefined && { queryDuration: query.durationMilliseconds }),
    bytesScanned: query.bytesScanned,
  };
}

export const ListLogGroupsForQuery = operation(logs.ListLogGroupsForQuery, {
  run(input, ctx) {
    const { id, groups } = requireQuery(ctx, input.queryId);
    const { items, next } = pageOf(groups, {
      limit: input.maxResults ?? 500,
      token: input.nextToken,
      scope: `logs.ListLogGroupsForQuery ${id}`,
      invalid: invalidNextToken,
    });
    return { logGroupIdentifiers: items, nextToken: next };
  },
});
