/** What Insights found, and what they were found in. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, page, pageToken, type Page } from "../../kernel/page.ts";
import { trailRetentionMilliseconds } from "../../kernel/trail.ts";
import { invalidLookupAttributes, invalidNextToken, invalidParameter } from "./errors.ts";
import { countsBetween, keptMilliseconds, keyOf, subjectOf, type Period } from "./insight-counts.ts";
import { insightEvents, type InsightEvent } from "./insight-events.ts";
import { allTrails, trailArn, trailResource } from "./trail-rows.ts";

const pageSizeDefault = 50;

interface Lookup {
  /** The ARN of the trail whose data events they are about; empty for management events. */
  readonly trail: string;
  readonly attribute: { readonly key: string; readonly value: string } | undefined;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly limit: number | undefined;
  readonly token: string | undefined;
  readonly invalidToken: () => Error;
}

/** @evidence CloudTrail API Reference, ListInsightsData: what Insights events are found by */
function isFound({ id, subject }: InsightEvent, { trail, attribute }: Lookup): boolean {
  const about = subjectOf(subject);
  if (about.trail !== trail) return false;
  switch (attribute?.key) {
    case "EventId": return id === attribute.value;
    case "EventName": return about.name === attribute.value;
    case "EventSource": return about.source === attribute.value;
    default: return true;
  }
}

/** Newest first. */
function lookUp(ctx: ReadContext, lookup: Lookup): Page<InsightEvent> {
  const { trail, attribute, start = 0, end, limit = pageSizeDefault, token, invalidToken: invalid } = lookup;
  const from = [Math.max(start, ctx.clock.now() - trailRetentionMilliseconds)];
  return page({
    rows: ctx.db(insightEvents),
    range: { reverse: true, from, ...(end !== undefined && { before: [end + 1] }) },
    key: ({ at, id }) => [at, id],
    keep: (event) => isFound(event, lookup),
    limit, token, invalid, scope: `cloudtrail:insights ${JSON.stringify([trail, attribute, start, end])}`,
  });
}

function shown({ at, id, subject, text }: InsightEvent): cloudtrail.Event {
  const { name, source } = subjectOf(subject);
  return {
    EventId: id, EventName: name, EventTime: at, EventSource: source, Resources: [], CloudTrailEvent: text,
  };
}

/** What LookupEvents answers of Insights events. */
export function lookUpInsights(
  ctx: ReadContext, input: cloudtrail.LookupEventsRequest,
): cloudtrail.LookupEventsResponse {
  const [attribute] = input.LookupAttributes ?? [];
  if (attribute && !["EventId", "EventName", "EventSource"].includes(attribute.AttributeKey)) {
    throw invalidLookupAttributes(`${attribute.AttributeKey} is no lookup attribute of Insights events.`);
  }
  const { items, next } = lookUp(ctx, {
    trail: "",
    attribute: attribute && { key: attribute.AttributeKey, value: attribute.AttributeValue },
    start: input.StartTime, end: input.EndTime, limit: input.MaxResults, token: input.NextToken,
    invalidToken: invalidNextToken,
  });
  return { Events: items.map(shown), NextToken: next };
}

/** @throws InvalidParameterException */
function requireTrailArn(ctx: ReadContext, nameOrArn: string): string {
  const arn = trailResource(nameOrArn, ctx);
  if (!allTrails(ctx).some((trail) => trailArn(ctx, trail) === arn)) {
    throw invalidParameter(`Unknown trail: ${nameOrArn} for the user: ${ctx.account}`);
  }
  return arn;
}

function requireTimes(start: number | undefined, end: number | undefined): void {
  if (start !== undefined && end !== undefined && end < start) {
    throw invalidParameter("The end time must be after the start time.");
  }
}

/** Insights events of a trail's data events; those of management events are LookupEvents's. */
export const ListInsightsData = operation(cloudtrail.ListInsightsData, {
  resource: ({ InsightSource }) => InsightSource,
  run(input, ctx) {
    const { StartTime: start, EndTime: end, Dimensions = {} } = input;
    const trail = requireTrailArn(ctx, input.InsightSource);
    requireTimes(start, end);
    const [dimension] = Object.entries(Dimensions);
    const { items, next } = lookUp(ctx, {
      trail, start, end,
      attribute: dimension && { key: dimension[0], value: dimension[1] },
      limit: input.MaxResults, token: input.NextToken,
      invalidToken: () => invalidParameter("The NextToken value is invalid."),
    });
    return { Events: items.map(shown), NextToken: next };
  },
});

const periods: readonly number[] = [60, 300, 3600];
const pointsMax = 21_600;

function isPeriod(period: number): period is Period {
  return periods.includes(period);
}

/**
 * How often an API was called, or an error came up.
 *
 * @evidence CloudTrail API Reference, ListInsightsMetricData
 */
export const ListInsightsMetricData = operation(cloudtrail.ListInsightsMetricData, {
  action: ({ TrailName }) => TrailName === undefined
    ? "cloudtrail:LookupEvents" : ["cloudtrail:LookupEvents", "cloudtrail:ListInsightsData"],
  resource: ({ TrailName }, ctx) => TrailName === undefined ? "*" : trailResource(TrailName, ctx),
  run(input, ctx) {
    const { TrailName, EventSource, EventName, InsightType, ErrorCode, Period = 3600 } = input;
    if (!isPeriod(Period)) throw invalidParameter("Period must be 60, 300 or 3600.");
    if (InsightType === "ApiErrorRateInsight" && ErrorCode === undefined) {
      throw invalidParameter("ErrorCode is required for ApiErrorRateInsight.");
    }
    requireTimes(input.StartTime, input.EndTime);
    const TrailARN = TrailName === undefined ? undefined : requireTrailArn(ctx, TrailName);
    const code = InsightType === "ApiErrorRateInsight" ? ErrorCode : undefined;
    const { points, next } = pointsOf(ctx, input, Period, keyOf({
      trail: TrailARN ?? "", type: InsightType, source: EventSource, name: EventName, code: code ?? "",
    }));
    return {
      TrailARN, EventSource, EventName, InsightType, ErrorCode: code,
      Timestamps: points.map(([at]) => at), Values: points.map(([, value]) => value), NextToken: next,
    };
  },
});

type Point = readonly [at: number, value: number];

function pointsOf(
  ctx: ReadContext, input: cloudtrail.ListInsightsMetricDataRequest, period: Period, subject: string,
): { points: Point[]; next: string | undefined } {
  const { StartTime: start, EndTime: end, DataType, NextToken, MaxResults = pointsMax } = input;
  const asked = [subject, period, start, end, DataType];
  const scope = `cloudtrail:ListInsightsMetricData ${JSON.stringify(asked)}`;
  const state = NextToken === undefined ? 0 : openPageToken(scope, NextToken);
  if (typeof state !== "number") throw invalidParameter("The NextToken value is invalid.");
  const now = ctx.clock.now();
  const step = period * 1_000;
  const oldest = Math.max(start ?? 0, now - keptMilliseconds[period], state);
  const from = Math.ceil(oldest / step) * step;
  const known = new Map<number, number>();
  for (const { at, count } of countsBetween(ctx, subject, period, from, Math.min(end ?? now, now))) {
    known.set(at, count);
  }
  const points: Point[] = [];
  const times = DataType === "FillWithZeros" ? steps(from, Math.min(end ?? now, now), step) : known.keys();
  for (const at of times) {
    if (points.length === MaxResults) return { points, next: pageToken(scope, at) };
    points.push([at, known.get(at) ?? 0]);
  }
  return { points, next: undefined };
}

function* steps(from: number, before: number, step: number): Iterable<number> {
  for (let at = from; at < before; at += step) yield at;
}
