/** Scheduled queries: what is asked, when, and under which role. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { AwsError, modelled, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { parseSchedule } from "../../kernel/schedule-expression.ts";
import { isTimeZone } from "../../kernel/time-zones.ts";
import { millisecondsOf } from "./epoch.ts";
import { resourceNotFound, validation } from "./errors.ts";
import { setTags } from "./group-tags.ts";
import type { Query } from "./insights/query.ts";
import { parseQuery } from "./insights/query-reader.ts";
import { requirePassable } from "./passed-roles.ts";
import { scheduledQueries, triggers, type ScheduledQuery, type Trigger } from "./scheduled-query-table.ts";
import { planQuery } from "./scheduled-querying.ts";

/** @evidence CloudWatch Logs User Guide, quotas: 1,000 scheduled queries */
const queriesMax = 1_000;

function queryArn(ctx: Pick<ReadContext, "arn">, { id }: Pick<ScheduledQuery, "id">): string {
  return ctx.arn(`scheduled-query:${id}`);
}

/** By its name or its ARN. */
function findQuery(ctx: Pick<ReadContext, "db" | "arn">, identifier: string): ScheduledQuery | undefined {
  if (!identifier.startsWith("arn:")) return ctx.db(scheduledQueries).get(identifier);
  return [...ctx.db(scheduledQueries).list()].find((each) => queryArn(ctx, each) === identifier);
}

function requireQuery(ctx: Pick<ReadContext, "db" | "arn">, identifier: string): ScheduledQuery {
  const found = findQuery(ctx, identifier);
  if (!found) throw resourceNotFound("The specified scheduled query does not exist.");
  return found;
}

const onQuery = {
  resource: (input: { readonly identifier: string }, ctx: ReadContext) => {
    const found = findQuery(ctx, input.identifier);
    return found ? queryArn(ctx, found) : ctx.arn(`scheduled-query:${input.identifier}`);
  },
};

type Given = Omit<logs.CreateScheduledQueryRequest, "name" | "tags">;

/** @throws ValidationException: MalformedQueryException is none of these operations' errors */
function readQuery(text: string): Query {
  try {
    return parseQuery(text);
  } catch (error) {
    throw error instanceof AwsError && error.code === "MalformedQueryException" ? validation(error.message)
      : error;
  }
}

/** @throws ValidationException */
function settingsOf(ctx: Context, input: Given) {
  if (input.queryLanguage !== "CWLI") throw notImplemented(`Queries in ${input.queryLanguage}`);
  const { selection } = readQuery(input.queryString);
  if (!selection && !input.logGroupIdentifiers) throw validation("logGroupIdentifiers must be specified.");
  const schedule = parseSchedule(input.scheduleExpression);
  if (!schedule || schedule.kind === "at") {
    throw validation(`Invalid scheduleExpression: ${input.scheduleExpression}`);
  }
  const timeZone = input.timezone ?? "UTC";
  if (!isTimeZone(timeZone)) throw validation(`Invalid timezone: ${timeZone}`);
  if (input.startTimeOffset !== undefined && input.startTimeOffset < 1) {
    throw validation("startTimeOffset must be at least 1.");
  }
  const roles = [input.executionRoleArn, input.destinationConfiguration?.s3Configuration.roleArn];
  for (const resource of new Set(roles)) {
    if (resource !== undefined) requirePassable(ctx, resource);
  }
  return {
    text: input.queryString, expression: input.scheduleExpression, timeZone, roleArn: input.executionRoleArn,
    isEnabled: input.state !== "DISABLED", updatedAt: ctx.clock.now(),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.logGroupIdentifiers && { groups: input.logGroupIdentifiers }),
    ...(input.startTimeOffset !== undefined && { offsetSeconds: input.startTimeOffset }),
    ...(input.destinationConfiguration && { destination: input.destinationConfiguration }),
    ...(input.scheduleStartTime !== undefined && { from: millisecondsOf(input.scheduleStartTime) }),
    ...(input.scheduleEndTime !== undefined && { until: millisecondsOf(input.scheduleEndTime) }),
  };
}

export const CreateScheduledQuery = operation(logs.CreateScheduledQuery, {
  resource: (_input, ctx) => queryArn(ctx, { id: "*" }),
  run(input, ctx) {
    const settings = settingsOf(ctx, input);
    if (ctx.db(scheduledQueries).has(input.name)) {
      throw modelled(logs.ConflictException, `Scheduled query ${input.name} already exists.`);
    }
    if (ctx.db(scheduledQueries).count() >= queriesMax) {
      throw modelled(logs.ServiceQuotaExceededException, "The number of scheduled queries is exceeded.");
    }
    const query = ctx.db(scheduledQueries).put({
      name: input.name, id: ctx.ids.uuid(), createdAt: ctx.clock.now(), ...settings,
    });
    planQuery(ctx, query, ctx.clock.now());
    setTags(ctx, queryArn(ctx, query), input.tags);
    return { scheduledQueryArn: queryArn(ctx, query), state: stateOf(query) };
  },
});

export const UpdateScheduledQuery = operation(logs.UpdateScheduledQuery, {
  ...onQuery,
  run(input, ctx) {
    const { name, id, createdAt, triggeredAt, lastStatus } = requireQuery(ctx, input.identifier);
    const query = ctx.db(scheduledQueries).put({
      name, id, createdAt, ...settingsOf(ctx, input),
      ...(triggeredAt !== undefined && { triggeredAt }), ...(lastStatus && { lastStatus }),
    });
    planQuery(ctx, query, ctx.clock.now());
    return shown(ctx, query);
  },
});

export const DeleteScheduledQuery = operation(logs.DeleteScheduledQuery, {
  ...onQuery,
  run(input, ctx) {
    const query = requireQuery(ctx, input.identifier);
    planQuery(ctx, { ...query, isEnabled: false }, 0);
    ctx.db(scheduledQueries).delete(query.name);
    for (const { at } of [...ctx.db(triggers).list({ prefix: [query.id] })]) {
      ctx.db(triggers).delete([query.id, at]);
    }
    ctx.tags(queryArn(ctx, query)).clear();
    return {};
  },
});

function stateOf({ isEnabled }: ScheduledQuery): logs.ScheduledQueryState {
  return isEnabled ? "ENABLED" : "DISABLED";
}

function summary(ctx: ReadContext, query: ScheduledQuery): logs.ScheduledQuerySummary {
  return {
    scheduledQueryArn: queryArn(ctx, query),
    name: query.name,
    state: stateOf(query),
    ...(query.triggeredAt !== undefined && { lastTriggeredTime: query.triggeredAt }),
    ...(query.lastStatus && { lastExecutionStatus: query.lastStatus }),
    scheduleExpression: query.expression,
    timezone: query.timeZone,
    ...(query.destination && { destinationConfiguration: query.destination }),
    creationTime: query.createdAt,
    lastUpdatedTime: query.updatedAt,
  };
}

function shown(ctx: ReadContext, query: ScheduledQuery): logs.GetScheduledQueryResponse {
  return {
    ...summary(ctx, query),
    ...(query.description !== undefined && { description: query.description }),
    queryLanguage: "CWLI",
    queryString: query.text,
    ...(query.groups && { logGroupIdentifiers: [...query.groups] }),
    ...(query.offsetSeconds !== undefined && { startTimeOffset: query.offsetSeconds }),
    ...(query.from !== undefined && { scheduleStartTime: query.from }),
    ...(query.until !== undefined && { scheduleEndTime: query.until }),
    executionRoleArn: query.roleArn,
  };
}

export const GetScheduledQuery = operation(logs.GetScheduledQuery, {
  ...onQuery,
  run: (input, ctx) => shown(ctx, requireQuery(ctx, input.identifier)),
});

function invalidToken(): Error {
  return validation("The specified nextToken is invalid.");
}

export const ListScheduledQueries = operation(logs.ListScheduledQueries, {
  run(input, ctx) {
    const { items, next } = page<ScheduledQuery>({
      rows: ctx.db(scheduledQueries),
      key: ({ name }) => name,
      keep: (query) => input.state === undefined || stateOf(query) === input.state,
      limit: input.maxResults ?? 50,
      token: input.nextToken,
      scope: `logs.ListScheduledQueries ${input.state ?? ""}`,
      invalid: invalidToken,
    });
    return { scheduledQueries: items.map((query) => summary(ctx, query)), nextToken: next };
  },
});

export const GetScheduledQueryHistory = operation(logs.GetScheduledQueryHistory, {
  ...onQuery,
  run(input, ctx) {
    const query = requireQuery(ctx, input.identifier);
    const { executionStatuses } = input;
    const [startTime, endTime] = [millisecondsOf(input.startTime), millisecondsOf(input.endTime)];
    const { items, next } = page<Trigger>({
      rows: ctx.db(triggers),
      range: { prefix: [query.id], reverse: true },
      key: ({ scheduledId, at }) => [scheduledId, at],
      keep: ({ at, status }) => at >= startTime && at <= endTime &&
        (executionStatuses?.includes(status) ?? true),
      limit: input.maxResults ?? 50,
      token: input.nextToken,
      scope: `logs.GetScheduledQueryHistory ${JSON.stringify([query.id, startTime, endTime])}`,
      invalid: invalidToken,
    });
    return {
      name: query.name,
      scheduledQueryArn: queryArn(ctx, query),
      triggerHistory: items.map(({ queryId, status, at, error, destination }) => ({
        ...(queryId !== undefined && { queryId }),
        executionStatus: status, triggeredTimestamp: at,
        ...(error !== undefined && { errorMessage: error }),
        destinations: destination ? [destination] : [],
      })),
      nextToken: next,
    };
  },
});
