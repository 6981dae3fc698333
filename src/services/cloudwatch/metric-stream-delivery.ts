/**
 * What metric streams send: each minute of a metric once it is over, as lines of JSON or as requests of OTLP,
 * to Firehose under the stream's role.
 *
 * @evidence CloudWatch User Guide, "CloudWatch metric stream output in JSON format"
 */

import * as firehose from "../../generated/firehose.ts";
import type { MetricStreamFilter } from "../../generated/cloudwatch.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { jobs } from "../../jobs/rows.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import {
  metrics, millisecondsPerHour, millisecondsPerMinute, points, type MetricRow, type UnitSet,
} from "./metric-rows.ts";
import { metricStreams, type MetricStreamRow } from "./metric-stream-rows.ts";
import { otlpRequest, type OtlpVersion, type Summary } from "./metric-stream-opentelemetry.ts";
import { streamArn } from "./metric-streams.ts";
import { Accumulator } from "./statistic-sets.ts";
import { parseStatistic, valueOf } from "./statistics.ts";

/** A minute of a metric that streams have not sent yet. */
interface Pending {
  readonly at: number;
  readonly series: string;
}

const pendingMinutes = table<Pending>("cloudwatch.streamed", { key: (row) => [row.at, row.series] });

const jobId = "streams";
const recordBytesMax = 256 * 1_024;
const recordsMax = 500;
/** A request is well below what a record may hold, also with thirty long dimensions each. */
const summariesARequest = 12;
/** What a stream could not be given for so long is lost. */
const retriedMilliseconds = millisecondsPerHour;

/** A data point came: its minute is sent once it is over. */
export function streamLater(ctx: Context, series: string, minute: number): void {
  if (!ctx.db(metricStreams).first()) return;
  ctx.db(pendingMinutes).put({ at: minute, series });
  if (ctx.db(jobs).has([sendMetrics.name, jobId])) return;
  const now = ctx.clock.now();
  const at = now - (now % millisecondsPerMinute) + millisecondsPerMinute;
  ctx.schedule(sendMetrics, { at, id: jobId, input: null });
}

function isMatched(filters: readonly MetricStreamFilter[], { namespace, name }: MetricRow): boolean {
  return filters.some(({ Namespace, MetricNames: names }) => {
    return Namespace === namespace && (!names || names.length === 0 || names.includes(name));
  });
}

function isStreamed(stream: MetricStreamRow, metric: MetricRow): boolean {
  if (!stream.isRunning) return false;
  if (stream.include) return isMatched(stream.include, metric);
  return !stream.exclude || !isMatched(stream.exclude, metric);
}

/** A minute of a metric, of one unit. */
interface Streamed {
  readonly metric: MetricRow;
  readonly at: number;
  readonly set: UnitSet;
}

/** Statistics that a stream has of a metric beside those that all have. */
function additional(stream: MetricStreamRow, { metric, set }: Streamed): [name: string, value: number][] {
  const { namespace, name } = metric;
  const total = new Accumulator();
  total.add(set);
  const found: [string, number][] = [];
  for (const { IncludeMetrics, AdditionalStatistics } of stream.statistics ?? []) {
    const isMeant = IncludeMetrics.some(
      ({ Namespace, MetricName }) => Namespace === namespace && MetricName === name,
    );
    for (const statistic of isMeant ? AdditionalStatistics : []) {
      const parsed = parseStatistic(statistic);
      const value = parsed && valueOf(parsed, total);
      if (value !== undefined) found.push([statistic, value]);
    }
  }
  return found;
}

function line(ctx: ReadContext, stream: MetricStreamRow, streamed: Streamed): string {
  const { metric: { namespace, name, dimensions }, at, set } = streamed;
  return JSON.stringify({
    metric_stream_name: stream.name, account_id: ctx.account, region: ctx.region, namespace,
    metric_name: name,
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])), timestamp: at,
    value: {
      max: set.maximum, min: set.minimum, sum: set.sum, count: set.count,
      ...Object.fromEntries(additional(stream, streamed)),
    },
    unit: set.unit,
  });
}

function summaryOf(stream: MetricStreamRow, streamed: Streamed): Summary {
  const { metric: { namespace, name, dimensions }, at, set } = streamed;
  const percentiles = additional(stream, streamed)
    .map(([statistic, value]) => [Number(statistic.slice(1)) / 100, value] as const)
    .sort(([left], [right]) => left - right);
  return {
    namespace, name, dimensions, at, unit: set.unit, count: set.count, sum: set.sum,
    quantiles: [[0, set.minimum], ...percentiles, [1, set.maximum]],
  };
}

/** By stream, what it is to be sent. */
function allDue(ctx: ReadContext, due: readonly Pending[]): Map<MetricStreamRow, Streamed[]> {
  const streams = [...ctx.db(metricStreams).list()];
  const found = new Map<MetricStreamRow, Streamed[]>();
  for (const { at, series } of due) {
    const metric = ctx.db(metrics).get(series);
    for (const stream of metric ? streams.filter((each) => isStreamed(each, metric)) : []) {
      const own = found.get(stream) ?? [];
      for (const set of ctx.db(points).get([series, at])?.sets ?? []) {
        if (metric) own.push({ metric, at, set });
      }
      found.set(stream, own);
    }
  }
  return found;
}

/** Many lines a record. */
function jsonRecords(ctx: ReadContext, stream: MetricStreamRow, all: readonly Streamed[]): Buffer[] {
  const records: Buffer[] = [];
  let text = "";
  for (const each of all.map((streamed) => line(ctx, stream, streamed))) {
    if (text.length + each.length > recordBytesMax) {
      records.push(Buffer.from(text));
      text = "";
    }
    text += `${each}\n`;
  }
  return text === "" ? records : [...records, Buffer.from(text)];
}

function otlpRecords(
  ctx: ReadContext, stream: MetricStreamRow, all: readonly Streamed[], version: OtlpVersion,
): Buffer[] {
  const exporter = { account: ctx.account, region: ctx.region, arn: streamArn(ctx, stream.name) };
  const summaries = all.map((streamed) => summaryOf(stream, streamed));
  const records: Buffer[] = [];
  for (let at = 0; at < summaries.length; at += summariesARequest) {
    records.push(otlpRequest(summaries.slice(at, at + summariesARequest), exporter, version));
  }
  return records;
}

function recordsOf(ctx: ReadContext, stream: MetricStreamRow, all: readonly Streamed[]): { Data: Buffer }[] {
  const { outputFormat: format } = stream;
  const records = format === "json" ? jsonRecords(ctx, stream, all)
    : otlpRecords(ctx, stream, all, format);
  return records.map((Data) => ({ Data }));
}

async function send(ctx: BodyContext, stream: MetricStreamRow, all: readonly Streamed[]): Promise<void> {
  const principal = "streams.metrics.cloudwatch.amazonaws.com";
  const sourceArn = streamArn(ctx, stream.name);
  const session = await sessionOf(
    ctx, { roleArn: stream.roleArn, principal, sourceArn, sessionName: "metrics" },
  );
  const DeliveryStreamName = stream.firehoseArn.slice(stream.firehoseArn.indexOf("/") + 1);
  const records = recordsOf(ctx, stream, all);
  for (let at = 0; at < records.length; at += recordsMax) {
    const Records = records.slice(at, at + recordsMax);
    await ctx.call(firehose.PutRecordBatch, { DeliveryStreamName, Records }, { as: { session } });
  }
}

export const sendMetrics = asynchronousJob<null>("cloudwatch.sendMetrics", async (_input, ctx) => {
  ctx.kernel.metrics.flushCell(ctx);
  const now = ctx.clock.now();
  const before = now - (now % millisecondsPerMinute);
  const due = ctx.reading(() => [...ctx.db(pendingMinutes).list({ before: [before] })]);
  let isSent = true;
  for (const [stream, all] of ctx.reading(() => allDue(ctx, due))) {
    try {
      await send(ctx, stream, all);
    } catch (cause) {
      // A role or a Firehose stream that refuses may allow it later.
      if (!(cause instanceof AwsError)) throw cause;
      isSent = false;
    }
  }
  ctx.transaction((within) => {
    const rows = within.db(pendingMinutes);
    for (const { at, series } of due) if (isSent || at < now - retriedMilliseconds) rows.delete([at, series]);
    if (!rows.first()) return within.unschedule(sendMetrics, jobId);
    within.schedule(sendMetrics, { at: before + millisecondsPerMinute, id: jobId, input: null });
  });
});
