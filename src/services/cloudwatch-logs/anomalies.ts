/** Anomalies that detectors have found, and what their owner says of them. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { detectorArn, onDetector, requireDetector } from "./anomaly-detectors.ts";
import {
  anomalyDetectors, foundAnomalies, type FoundAnomaly, type Suppression,
} from "./anomaly-detector-table.ts";
import { invalidNextToken, invalidParameter, notFound } from "./errors.ts";
import { isFree } from "./insights/templates.ts";

function isSuppressed({ suppression }: FoundAnomaly, now: number): boolean {
  return suppression !== undefined && (suppression.until === undefined || suppression.until > now);
}

function stateOf(anomaly: FoundAnomaly, now: number): logs.State {
  if (isSuppressed(anomaly, now)) return "Suppressed";
  return anomaly.isBaseline ? "Baseline" : "Active";
}

function regexOf(words: readonly string[]): string {
  const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return `^${words.map((word) => (isFree(word) ? ".*?" : escaped(word))).join("")}$`;
}

function tokensOf(words: readonly string[]): logs.PatternToken[] {
  let position = 0;
  return words.map((word) => (isFree(word) ? {
    tokenString: `<${word.slice(1, -1)}-${++position}>`, isDynamic: true, dynamicTokenPosition: position,
    inferredTokenName: word.slice(1, -1),
  } : { tokenString: word, isDynamic: false }));
}

function shown(ctx: ReadContext, anomaly: FoundAnomaly): logs.Anomaly {
  const now = ctx.clock.now();
  const { suppression } = anomaly;
  const suppressed = isSuppressed(anomaly, now);
  return {
    anomalyId: anomaly.id,
    patternId: anomaly.patternId,
    anomalyDetectorArn: detectorArn(ctx, anomaly.detectorId),
    patternString: anomaly.pattern,
    patternRegex: regexOf(anomaly.words),
    priority: anomaly.priority,
    firstSeen: anomaly.firstSeen,
    lastSeen: anomaly.lastSeen,
    description: anomaly.description,
    active: anomaly.isActive,
    state: stateOf(anomaly, now),
    histogram: { ...anomaly.histogram },
    logSamples: [...anomaly.samples],
    patternTokens: tokensOf(anomaly.words),
    logGroupArnList: [...(ctx.db(anomalyDetectors).get(anomaly.detectorId)?.groupArns ?? [])],
    suppressed,
    ...(suppressed && suppression && {
      suppressedDate: suppression.since,
      ...(suppression.until !== undefined && { suppressedUntil: suppression.until }),
      isPatternLevelSuppression: suppression.isOfPattern,
    }),
  };
}

export const ListAnomalies = operation(logs.ListAnomalies, {
  resource: (input) => input.anomalyDetectorArn ?? "*",
  run(input, ctx) {
    const { anomalyDetectorArn, suppressionState } = input;
    const detector = anomalyDetectorArn === undefined ? undefined : requireDetector(ctx, anomalyDetectorArn);
    const now = ctx.clock.now();
    const { items, next } = page<FoundAnomaly>({
      rows: ctx.db(foundAnomalies),
      ...(detector && { range: { prefix: [detector.id] } }),
      key: ({ detectorId, id }) => [detectorId, id],
      keep: (anomaly) => suppressionState === undefined ||
        isSuppressed(anomaly, now) === (suppressionState === "SUPPRESSED"),
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.ListAnomalies ${JSON.stringify([anomalyDetectorArn, suppressionState])}`,
      invalid: invalidNextToken,
    });
    return { anomalies: items.map((anomaly) => shown(ctx, anomaly)), nextToken: next };
  },
});

const units: Readonly<Record<string, number>> = { SECONDS: 1_000, MINUTES: 60_000, HOURS: 3_600_000 };

function suppressionOf(ctx: Context, input: logs.UpdateAnomalyRequest): Suppression | undefined {
  if (input.suppressionType === undefined) return undefined;
  const since = ctx.clock.now();
  const isOfPattern = input.patternId !== undefined;
  if (input.suppressionType === "INFINITE") return { since, isOfPattern };
  const { value, suppressionUnit = "" } = input.suppressionPeriod ?? {};
  const unit = units[suppressionUnit];
  if (value === undefined || value < 1 || unit === undefined) {
    throw invalidParameter("suppressionPeriod must be given with the suppression type LIMITED.");
  }
  return { since, isOfPattern, until: since + value * unit };
}

/** @evidence CloudWatch Logs API Reference, UpdateAnomaly: either an anomaly or a pattern, but not both */
export const UpdateAnomaly = operation(logs.UpdateAnomaly, {
  ...onDetector,
  run(input, ctx) {
    const { id } = requireDetector(ctx, input.anomalyDetectorArn);
    const { anomalyId, patternId } = input;
    if ((anomalyId === undefined) === (patternId === undefined)) {
      throw invalidParameter("Either anomalyId or patternId must be specified, but not both.");
    }
    const meant = [...ctx.db(foundAnomalies).list({ prefix: [id] })]
      .filter((each) => each.id === anomalyId || each.patternId === patternId);
    if (meant.length === 0) throw notFound(anomalyId === undefined ? "pattern" : "anomaly");
    const suppression = suppressionOf(ctx, input);
    for (const { suppression: _earlier, ...anomaly } of meant) {
      ctx.db(foundAnomalies).put({
        ...anomaly, ...(suppression && { suppression }), isBaseline: input.baseline ?? anomaly.isBaseline,
      });
    }
  },
});
