/**
 * What metric streams send: each minute of a metric once it is over, as lines of JSON, to Firehose under the
 * stream's role.
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

function line(
  ctx: ReadContext, stream: MetricStreamRow, metric: MetricRow, at: number, set: UnitSet,
): string {
  const { namespace, name, dimensions } = metric;
  const total = new Accumulator();
  total.add(set);
  const extra: Record<string, number> = {};
  for (const { IncludeMetrics, AdditionalStatistics } of stream.statistics ?? []) {
    const isMeant = IncludeMetrics.some(
      ({ Namespace, MetricName }) => Namespace === namespace && MetricName === name,
    );
    for (const statistic of isMeant ? AdditionalStatistics : []) {
      const parsed = parseStatistic(statistic);
      const value = parsed && valueOf(parsed, total);
      if (value !== undefined) extra[statistic] = value;
    }
  }
  return JSON.stringify({
    metric_stream_name: stream.name, account_id: ctx.account, region: ctx.region, namespace,
    metric_name: name,
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])), timestamp: at,
    value: { max: set.maximum, min: set.minimum, sum: set.sum, count: set.count, ...extra }, unit: set.unit,
  });
}

/** By stream, what it is to be sent. */
function dueLines(ctx: ReadContext, due: readonly Pending[]): Map<MetricStreamRow, string[]> {
  const streams = [...ctx.db(metricStreams).list()];
  const lines = new Map<MetricStreamRow, string[]>();
  for (const { at, series } of due) {
    const metric = ctx.db(metrics).get(series);
    for (const stream of metric ? streams.filter((each) => isStreamed(each, metric)) : []) {
      const own = lines.get(stream) ?? [];
      for (const set of ctx.db(points).get([series, at])?.sets ?? []) {
        if (metric) own.push(line(ctx, stream, metric, at, set));
      }
      lines.set(stream, own);
    }
  }
  return lines;
}

function recordsOf(lines: readonly string[]): { Data: Buffer }[] {
  const records: { Data: Buffer }[] = [];
  let text = "";
  for (const each of lines) {
    if (text.length + each.length > recordBytesMax) {
      records.push({ Data: Buffer.from(text) });
      text = "";
    }
    text += `${each}\n`;
  }
  return text === "" ? records : [...records, { Data: Buffer.from(text) }];
}

async function send(ctx: BodyContext, stream: MetricStreamRow, lines: readonly string[]): Promise<void> {
  const principal = "streams.metrics.cloudwatch.amazonaws.com";
  const sourceArn = streamArn(ctx, stream.name);
  const session = await sessionOf(
    ctx, { roleArn: stream.roleArn, principal, sourceArn, sessionName: "metrics" },
  );
  const DeliveryStreamName = stream.firehoseArn.slice(stream.firehoseArn.indexOf("/") + 1);
  const records = recordsOf(lines);
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
  for (const [stream, lines] of ctx.reading(() => dueLines(ctx, due))) {
    try {
      await send(ctx, stream, lines);
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
