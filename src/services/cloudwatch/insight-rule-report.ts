/** Reports of Contributor Insights rules, worked out from the log events of the time. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { invalidParameterValue, resourceNotFound, startAfterEnd } from "./errors.ts";
import { contributionOf, parseDefinition, type InsightDefinition } from "./insight-rule-definition.ts";
import { insightRules, type InsightRuleRow } from "./insight-rule-rows.ts";

/** @evidence CloudWatch API Reference, GetInsightRuleReport: 10 contributors by default, 100 at most */
const contributorsDefault = 10;
const contributorsMax = 100;
const metricNames = [
  "UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average",
] as const;
export type InsightMetricName = typeof metricNames[number];
/** Different contributors that are told apart. */
const distinctMax = 100_000;

interface Contributor {
  readonly keys: readonly string[];
  total: number;
  maximum: number;
  readonly byTime: Map<number, number>;
}

interface Slot {
  count: number;
  sum: number;
  minimum: number;
  maximum: number;
  readonly byContributor: Map<string, number>;
}

/** There may be more of them than a call can have arguments. */
function greatest(values: Iterable<number>): number {
  let found = -Infinity;
  for (const value of values) found = Math.max(found, value);
  return found;
}

class Report {
  readonly contributors = new Map<string, Contributor>();
  readonly slots = new Map<number, Slot>();
  total = 0;

  add(at: number, keys: readonly string[], value: number): void {
    const key = JSON.stringify(keys);
    let contributor = this.contributors.get(key);
    if (!contributor) {
      if (this.contributors.size >= distinctMax) return;
      contributor = { keys, total: 0, maximum: 0, byTime: new Map() };
      this.contributors.set(key, contributor);
    }
    this.total += value;
    contributor.total += value;
    const inSlot = (contributor.byTime.get(at) ?? 0) + value;
    contributor.byTime.set(at, inSlot);
    let slot = this.slots.get(at);
    if (!slot) {
      slot = { count: 0, sum: 0, minimum: Infinity, maximum: -Infinity, byContributor: new Map() };
      this.slots.set(at, slot);
    }
    slot.count++;
    slot.sum += value;
    slot.minimum = Math.min(slot.minimum, value);
    slot.maximum = Math.max(slot.maximum, value);
    slot.byContributor.set(key, inSlot);
  }

  /** The greatest first. */
  ranked(byMaximum: boolean): Contributor[] {
    for (const contributor of this.contributors.values()) {
      contributor.maximum = greatest(contributor.byTime.values());
    }
    const rank = ({ total, maximum }: Contributor): number => (byMaximum ? maximum : total);
    return [...this.contributors.values()].sort((left, right) => rank(right) - rank(left));
  }
}

export function isInsightMetric(name: string): name is InsightMetricName {
  return metricNames.includes(name as InsightMetricName);
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly period: number;
}

function asService(ctx: BodyContext): CallOptions {
  return { as: "service", principal: "cloudwatch.amazonaws.com", sourceArn: ctx.arn("insight-rule/*") };
}

/**
 * The names of the groups that are meant; a `*` at the end stands for all that begin so. Those of other
 * accounts are not seen.
 *
 * @evidence CloudWatch User Guide, "Contributor Insights rule syntax", LogGroupNames and LogGroupARNs
 */
async function namesOf(ctx: BodyContext, given: string): Promise<string[]> {
  const arn = parseArn(given);
  const isElsewhere = arn && (!["*", ctx.account].includes(arn.account) || arn.region !== ctx.region);
  if (isElsewhere) return [];
  const name = arn?.resource.replace(/^log-group[:/]/, "").replace(/:\*$/, "") ?? given;
  if (!name.endsWith("*")) return [name];
  const logGroupNamePrefix = name.slice(0, -1);
  const found: string[] = [];
  for (let nextToken: string | undefined; ;) {
    const page = await ctx.call(logs.DescribeLogGroups, {
      ...(logGroupNamePrefix !== "" && { logGroupNamePrefix }), ...(nextToken && { nextToken }),
    }, asService(ctx));
    found.push(...(page.logGroups ?? []).map(({ logGroupName = "" }) => logGroupName));
    nextToken = page.nextToken;
    if (nextToken === undefined) return found;
  }
}

/** Events are read as the service itself; a group that is not there has none. */
async function readGroup(
  ctx: BodyContext, name: string, { start, end }: Span, each: (event: logs.FilteredLogEvent) => void,
): Promise<void> {
  for (let nextToken: string | undefined; ;) {
    const input = { logGroupName: name, startTime: start, endTime: end - 1, limit: 10_000 };
    const more = nextToken && { nextToken };
    const page = await ctx.call(logs.FilterLogEvents, { ...input, ...more }, asService(ctx));
    for (const event of page.events ?? []) each(event);
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

/** @param span periods begin at its start */
export async function reportOf(
  ctx: BodyContext, { spans }: InsightRuleRow, definition: InsightDefinition, span: Span,
): Promise<Report> {
  const report = new Report();
  const wasEnabled = (at: number): boolean =>
    spans.some(({ from, until }) => at >= from && at < (until ?? Infinity));
  const names = await Promise.all(definition.groups.map((given) => namesOf(ctx, given)));
  // A group counts once, however often it is named.
  for (const group of new Set(names.flat())) {
    try {
      await readGroup(ctx, group, span, ({ timestamp = 0, ingestionTime = 0, message = "" }) => {
        if (!wasEnabled(ingestionTime)) return;
        const found = contributionOf(definition, message);
        const at = span.start + Math.floor((timestamp - span.start) / span.period) * span.period;
        if (found) report.add(at, found.keys, found.value);
      });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    }
  }
  return report;
}

/** Every metric, in the order of time. */
export function datapointsOf(
  report: Report,
): { readonly at: number; readonly values: Readonly<Record<InsightMetricName, number>> }[] {
  return [...report.slots].sort(([left], [right]) => left - right).map(([at, slot]) => {
    const { count, sum, minimum, maximum, byContributor } = slot;
    return {
      at,
      values: {
        UniqueContributors: byContributor.size, MaxContributorValue: greatest(byContributor.values()),
        SampleCount: count, Sum: sum, Minimum: minimum, Maximum: maximum, Average: sum / count,
      },
    };
  });
}

function shownDatapoints(
  report: Report, wanted: readonly string[],
): cloudwatch.InsightRuleMetricDatapoint[] {
  return datapointsOf(report).map(({ at, values }) => {
    const shown = Object.entries(values).filter(([name]) => wanted.includes(name));
    return { Timestamp: at, ...Object.fromEntries(shown) };
  });
}

function requireInput(input: cloudwatch.GetInsightRuleReportInput): void {
  if (input.StartTime >= input.EndTime) throw startAfterEnd();
  if (input.Period < 60 || input.Period % 60 !== 0) {
    throw invalidParameterValue("The parameter Period must be a multiple of 60.");
  }
  const { MaxContributorCount: count, Metrics: metrics = [], OrderBy: order = "Sum" } = input;
  if (count !== undefined && (count < 1 || count > contributorsMax)) {
    throw invalidParameterValue(`The parameter MaxContributorCount must be between 1 and ` +
      `${contributorsMax}.`);
  }
  const wrong = metrics.find((name) => !isInsightMetric(name));
  if (wrong !== undefined) throw invalidParameterValue(`The value ${wrong} for parameter Metrics is ` +
    `invalid.`);
  if (order !== "Sum" && order !== "Maximum") {
    throw invalidParameterValue(`The value ${order} for parameter OrderBy is invalid.`);
  }
}

export const GetInsightRuleReport = operation(cloudwatch.GetInsightRuleReport, {
  resource: (input, ctx) => ctx.arn(`insight-rule/${input.RuleName}`),
  async body(input, ctx) {
    requireInput(input);
    const rule = ctx.reading(() => ctx.db(insightRules).get(input.RuleName));
    if (!rule) throw resourceNotFound("InsightRule", input.RuleName);
    const definition = parseDefinition(rule.definition);
    const minute = 60_000;
    const start = input.StartTime - input.StartTime % minute;
    const span = { start, end: input.EndTime, period: input.Period * 1_000 };
    const report = await reportOf(ctx, rule, definition, span);
    const contributors = report.ranked(input.OrderBy === "Maximum")
      .slice(0, input.MaxContributorCount ?? contributorsDefault);
    return {
      KeyLabels: [...definition.keys],
      AggregationStatistic: definition.isSum ? "Sum" : "SampleCount",
      AggregateValue: report.total,
      ApproximateUniqueCount: report.contributors.size,
      Contributors: contributors.map(({ keys, total, byTime }) => ({
        Keys: [...keys], ApproximateAggregateValue: total,
        Datapoints: [...byTime].sort(([left], [right]) => left - right)
          .map(([Timestamp, ApproximateValue]) => ({ Timestamp, ApproximateValue })),
      })),
      MetricDatapoints: input.Metrics ? shownDatapoints(report, input.Metrics) : [],
    };
  },
});
