/** Scheduled queries at work: started when they are due, under their role; their results go to S3. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import * as s3 from "../../generated/s3.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { asynchronousJob, job, recurringJob } from "../../jobs/job.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { nextAfter, parseSchedule } from "../../kernel/schedule-expression.ts";
import { logsPrincipal } from "./passed-roles.ts";
import { scheduledQueries, triggers, type ScheduledQuery, type Trigger } from "./scheduled-query-table.ts";

/** How far back a query without an offset looks is not documented. */
const offsetSecondsDefault = 3_600;
const secondMilliseconds = 1_000;
/** @evidence CloudWatch Logs User Guide, quotas: a query ends after 60 minutes */
const patienceMilliseconds = 60 * 60_000;
/** What became of earlier times is kept for so long. */
const keptMilliseconds = 30 * 86_400_000;

interface Due {
  readonly name: string;
  readonly id: string;
  readonly at: number;
}

/** Plans the next time after a moment; nothing where it is off, or over. */
export function planQuery(ctx: Context, query: ScheduledQuery, after: number): void {
  ctx.unschedule(startScheduledQuery, query.id);
  const expression = parseSchedule(query.expression);
  if (!query.isEnabled || !expression) return;
  const begin = Math.max(after, (query.from ?? after) - 1);
  const at = nextAfter(expression, begin, { timeZone: query.timeZone, from: query.from ?? query.createdAt });
  if (at === undefined || at > (query.until ?? Infinity)) return;
  ctx.schedule(startScheduledQuery, { id: query.id, at, input: { name: query.name, id: query.id, at } });
}

function find(ctx: Pick<Context, "db">, { name, id }: Due): ScheduledQuery | undefined {
  const query = ctx.db(scheduledQueries).get(name);
  return query?.id === id ? query : undefined;
}

async function asRole(ctx: BodyContext, roleArn: string, { id }: ScheduledQuery): Promise<CallOptions> {
  const sourceArn = ctx.arn(`scheduled-query:${id}`);
  const asked = { roleArn, principal: logsPrincipal, sourceArn, sessionName: "logs" };
  return { as: { session: await sessionOf(ctx, asked) } };
}

function note(ctx: Context, due: Due, change: Partial<Trigger>): void {
  const query = find(ctx, due);
  if (!query) return;
  const known = ctx.db(triggers).get([due.id, due.at]);
  const trigger = ctx.db(triggers).put({
    status: "Running", ...known, scheduledId: due.id, at: due.at, ...change,
  });
  ctx.db(scheduledQueries).put({ ...query, triggeredAt: due.at, lastStatus: trigger.status });
}

function end(ctx: BodyContext, due: Due, change: Partial<Trigger>): void {
  ctx.transaction((within) => note(within, due, change));
}

/** The next time is planned and this one set going together: neither is lost where the region stops. */
export const startScheduledQuery = job<Due>("cloudwatch-logs.startScheduledQuery", (due, ctx) => {
  const query = find(ctx, due);
  if (!query?.isEnabled) return;
  planQuery(ctx, query, due.at);
  forgetOld(ctx, due);
  ctx.schedule(runScheduledQuery, { id: idOf(due), at: ctx.clock.now(), input: due });
});

function idOf({ id, at }: Due): string {
  return `${id} ${at}`;
}

export const runScheduledQuery = asynchronousJob<Due>("cloudwatch-logs.runScheduledQuery", async (
  due, ctx,
) => {
  const query = ctx.reading(() => find(ctx, due));
  if (!query) return;
  try {
    const { queryId } = await ctx.call(logs.StartQuery, {
      queryString: query.text,
      startTime: Math.floor(due.at / 1_000) - (query.offsetSeconds ?? offsetSecondsDefault),
      endTime: Math.floor(due.at / 1_000), ...(query.groups && { logGroupIdentifiers: [...query.groups] }),
    }, await asRole(ctx, query.roleArn, query));
    ctx.transaction((within) => {
      note(within, due, { ...(queryId !== undefined && { queryId }), status: "Running" });
      lookAgain(within, due);
    });
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    const status = error.code === "MalformedQueryException" ? "InvalidQuery" : "Failed";
    end(ctx, due, { status, error: error.message });
  }
});

function forgetOld(ctx: Context, { id, at }: Due): void {
  const old = [...ctx.db(triggers).list({ prefix: [id], before: [id, at - keptMilliseconds], limit: 100 })];
  for (const trigger of old) ctx.db(triggers).delete([id, trigger.at]);
}

function lookAgain(ctx: Context, due: Due): void {
  ctx.schedule(collectScheduledQuery, {
    id: idOf(due), at: ctx.clock.now() + secondMilliseconds, input: due,
  });
}

export const collectScheduledQuery = recurringJob<Due>(
  "cloudwatch-logs.collectScheduledQuery",
  async (due, ctx) => {
    const { query, queryId } = ctx.reading(() =>
      ({ query: find(ctx, due), queryId: ctx.db(triggers).get([due.id, due.at])?.queryId }));
    if (!query || queryId === undefined) return;
    try {
      const found = await ctx.call(logs.GetQueryResults, { queryId },
        await asRole(ctx, query.roleArn, query));
      if (found.status === "Scheduled" || found.status === "Running") {
        if (ctx.clock.now() > due.at + patienceMilliseconds) end(ctx, due, { status: "Timeout" });
        else ctx.transaction((within) => lookAgain(within, due));
        return;
      }
      if (found.status !== "Complete") {
        end(ctx, due, { status: found.status === "Timeout" ? "Timeout" : "Failed" });
        return;
      }
      const destination = await deliver(ctx, query, due, { queryId, ...found });
      end(ctx, due, { status: "Complete", ...(destination && { destination }) });
    } catch (error) {
      const isRefused = error instanceof AwsError && error.status < 500;
      if (!isRefused && ctx.clock.now() <= due.at + patienceMilliseconds) throw error;
      end(ctx, due, { status: "Failed", error: (error as Error).message });
    }
  },
);

interface Results extends logs.GetQueryResultsResponse {
  readonly queryId: string;
}

/** How AWS names the objects is not documented; the history says where each result is. */
async function deliver(
  ctx: BodyContext, query: ScheduledQuery, { at }: Due, { queryId, results, statistics }: Results,
): Promise<logs.ScheduledQueryDestination | undefined> {
  const configuration = query.destination?.s3Configuration;
  if (!configuration) return undefined;
  const { destinationIdentifier, roleArn, kmsKeyId, ownerAccountId } = configuration;
  const [, bucket = "", folder = ""] = /^s3:\/\/([^/]+)\/?([^]*?)\/?$/.exec(destinationIdentifier) ?? [];
  const day = new Date(at).toISOString().slice(0, 10).replaceAll("-", "/");
  const key = [folder, query.name, day, `${queryId}.json`].filter((part) => part !== "").join("/");
  const said = { destinationType: "S3" as const, destinationIdentifier };
  try {
    await ctx.call(s3.PutObject, {
      Bucket: bucket, Key: key, ContentType: "application/json",
      Body: Buffer.from(JSON.stringify({ queryId, results, statistics })),
      ...(kmsKeyId !== undefined && { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyId }),
      ...(ownerAccountId !== undefined && { ExpectedBucketOwner: ownerAccountId }),
    }, await asRole(ctx, roleArn, query));
    return { ...said, status: "COMPLETE", processedIdentifier: `s3://${bucket}/${key}` };
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    return { ...said, status: "CLIENT_ERROR", errorMessage: error.message };
  }
}
