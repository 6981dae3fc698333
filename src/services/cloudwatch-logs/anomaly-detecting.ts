/**
 * Anomaly detectors at work. What is usual is learnt from the two weeks before a detector analyzes; then, at
 * every evaluation, the events since the last are looked through: patterns that were never seen, and patterns
 * that came far more or far less often than usual, are anomalies.
 */

import { recurringJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { meter } from "../../kernel/metrics.ts";
import {
  anomalyDetectors, anomalyModels, foundAnomalies, type AnomalyDetector, type AnomalyModel, type FoundAnomaly,
  type KnownPattern,
} from "./anomaly-detector-table.ts";
import { scanUnpacked, UnpackedBlocks } from "./block-scan.ts";
import type { StoredEvent } from "./block-format.ts";
import { dataKeysOf } from "./data-keys.ts";
import { findGroup, groupNameOf, type LogGroup } from "./group-table.ts";
import { described } from "./insights/patterns.ts";
import { Templates, type FoundTemplate } from "./insights/templates.ts";
import { isUnusualFrequency, priorityOf, seriesOf, type Unusual } from "./insights/unusual.ts";
import { patternOf } from "./known-patterns.ts";
import { openMask } from "./masking.ts";
import { parseObject } from "./patterns/json.ts";
import type { Place } from "./places.ts";
import { nextTurn, pieceOfWork } from "./turns.ts";

const dayMilliseconds = 86_400_000;
/** @evidence CloudWatch Logs User Guide, "Log anomaly detection": two weeks of events, within 15 minutes */
export const trainingMilliseconds = 15 * 60_000;
const learntMilliseconds = 14 * dayMilliseconds;
/** @evidence CloudWatch Logs User Guide, "Log anomaly detection": it publishes AnomalyCount by priority */
const anomalyCount = meter("AWS/Logs", "AnomalyCount", "Count", ["LogAnomalyDetector", "LogAnomalyPriority"]);

const eventsMax = 200_000;
const patternsMax = 2_000;
/** The clock is looked at after so many. */
const eventsALook = 16;
const histogramMax = 100;

const frequencies: Readonly<Record<string, number>> = {
  ONE_MIN: 1, FIVE_MIN: 5, TEN_MIN: 10, FIFTEEN_MIN: 15, THIRTY_MIN: 30, ONE_HOUR: 60,
};

/** The time between two evaluations; AWS does not say which it is where none is given. */
export function windowOf({ evaluationFrequency = "FIFTEEN_MIN" }: AnomalyDetector): number {
  return (frequencies[evaluationFrequency] ?? 15) * 60_000;
}

/** What a detector is to look at. */
interface Look {
  readonly detector: AnomalyDetector;
  readonly known: readonly KnownPattern[];
  readonly from: number;
  readonly before: number;
  /** Some events of each pattern are kept. */
  readonly keepsSamples: boolean;
}

/** Texts of the time, by template, with counts by stretches of it. */
async function look(
  ctx: BodyContext, { detector, known, from, before, keepsSamples }: Look,
): Promise<{ seen: FoundTemplate[]; firstAt: number }> {
  const templates = new Templates();
  for (const { id, words, severity } of known) templates.know({ key: id, words, severity });
  const pattern = ctx.reading(() =>
    detector.filterPattern === undefined ? undefined : patternOf(ctx, detector.filterPattern));
  let firstAt = before;
  const window = windowOf(detector);
  for (const arn of detector.groupArns) {
    const group = ctx.reading(() => findGroup(ctx, groupNameOf(arn)));
    if (!group) continue;
    const mask = openMask(ctx, group, false);
    await eachEvent(ctx, group, { from, before }, ({ timestamp, message: text, ingestedAt }) => {
      const json = pattern?.kind === "json" ? parseObject(text) : undefined;
      if (pattern && !pattern.match(text, json)) return;
      firstAt = Math.min(firstAt, timestamp);
      const stretch = Math.floor((timestamp - from) / window);
      templates.add(mask(text, ingestedAt), { stretch, ...(keepsSamples && { timestamp }) });
    });
  }
  return { seen: templates.found(), firstAt };
}

type Span = Pick<Look, "from" | "before">;

/** Piece by piece, so that others have their turn. */
async function eachEvent(
  ctx: BodyContext, group: LogGroup, span: Span, see: (event: StoredEvent) => void,
): Promise<void> {
  const keys = await dataKeysOf(ctx, group);
  const scope = { groupId: group.id, ...span };
  const opened = new UnpackedBlocks();
  let past: Place | undefined;
  let count = 0;
  for (let isOver = false; !isOver;) {
    await nextTurn(ctx.kernel);
    if (ctx.signal.aborted) throw new Error("the region stops");
    isOver = ctx.reading(() => {
      const isTimeOver = pieceOfWork();
      for (const event of scanUnpacked(ctx, { ...scope, ...(past && { past }) }, keys, opened)) {
        see(event);
        past = { timestamp: event.timestamp, sequence: event.sequence };
        if (++count >= eventsMax) return true;
        if (count % eventsALook === 0 && isTimeOver()) return false;
      }
      return true;
    });
    if (isOver && count < eventsMax && await opened.unpack()) isOver = false;
  }
}

export const trainDetector = recurringJob<{ readonly id: string }>(
  "cloudwatch-logs.trainDetector",
  async ({ id }, ctx) => {
    const detector = ctx.reading(() => ctx.db(anomalyDetectors).get(id));
    if (!detector) return;
    const now = ctx.clock.now();
    const window = windowOf(detector);
    const { seen, firstAt } = await look(ctx, {
      detector, known: [], from: now - learntMilliseconds, before: now, keepsSamples: false,
    });
    const first = Math.floor((firstAt - (now - learntMilliseconds)) / window);
    const last = Math.floor(learntMilliseconds / window);
    ctx.transaction((within) => {
      if (!within.db(anomalyDetectors).has(id)) return;
      const patterns = seen.slice(0, patternsMax).map((found): KnownPattern => {
        const counts = Array.from({ length: last - first }, (_, at) => found.histogram.get(first + at) ?? 0);
        const { mean, deviation, count } = seriesOf(counts);
        return {
          id: within.ids.hex(32), words: found.words, severity: found.severity, firstSeen: firstAt,
          windows: count, mean, squares: deviation ** 2 * count,
        };
      });
      within.db(anomalyModels).put({ detectorId: id, evaluatedUntil: now, patterns });
      within.schedule(evaluateDetector, { id, at: now + window, input: { id } });
    });
  },
);

export const evaluateDetector = recurringJob<{ readonly id: string }>(
  "cloudwatch-logs.evaluateDetector",
  async ({ id }, ctx) => {
    const { detector, model } = ctx.reading(() =>
      ({ detector: ctx.db(anomalyDetectors).get(id), model: ctx.db(anomalyModels).get(id) }));
    if (!detector?.isEnabled || !model) return;
    const now = ctx.clock.now();
    const from = Math.max(model.evaluatedUntil, now - dayMilliseconds);
    const { seen } = await look(ctx, {
      detector, known: model.patterns, from, before: now, keepsSamples: true,
    });
    ctx.transaction((within) => {
      if (!within.db(anomalyDetectors).get(id)?.isEnabled) return;
      new Evaluation(within, detector, from).run(model, seen, now);
      within.schedule(evaluateDetector, { id, at: now + windowOf(detector), input: { id } });
    });
  },
);

class Evaluation {
  readonly #ctx: Context;
  readonly #detector: AnomalyDetector;
  readonly #from: number;
  readonly #unusual = new Set<string>();
  /** By their patterns. */
  readonly #known = new Map<string, FoundAnomaly[]>();

  constructor(ctx: Context, detector: AnomalyDetector, from: number) {
    this.#ctx = ctx;
    this.#detector = detector;
    this.#from = from;
    for (const anomaly of ctx.db(foundAnomalies).list({ prefix: [detector.id] })) {
      const { patternId } = anomaly;
      this.#known.set(patternId, [...(this.#known.get(patternId) ?? []), anomaly]);
    }
  }

  /** @param until when the looking began: what came since is looked at next time */
  run(model: AnomalyModel, seen: readonly FoundTemplate[], until: number): void {
    const before = new Map(model.patterns.map((pattern) => [pattern.id, pattern]));
    const patterns = seen.slice(0, patternsMax).map((found) => {
      const known = found.key === undefined ? undefined : before.get(found.key);
      return known ? this.#again(known, found) : this.#first(found);
    });
    this.#ctx.db(anomalyModels).put({
      detectorId: this.#detector.id, evaluatedUntil: until, patterns,
    });
    this.#settle(new Set(patterns.map(({ id }) => id)));
  }

  #first(found: FoundTemplate): KnownPattern {
    const now = this.#ctx.clock.now();
    const id = this.#ctx.ids.hex(32);
    this.#note("NEW_PATTERN", id, found, 0);
    return {
      id, words: found.words, severity: found.severity, firstSeen: this.#from, windows: 1, mean: found.count,
      squares: 0, newUntil: now + this.#detector.visibilityDays * dayMilliseconds,
    };
  }

  #again(known: KnownPattern, found: FoundTemplate): KnownPattern {
    const { count } = found;
    const isNew = (known.newUntil ?? 0) > this.#ctx.clock.now();
    const deviation = Math.sqrt(known.squares / Math.max(1, known.windows));
    const series = { count: known.windows, mean: known.mean, deviation };
    if (isNew && count > 0) this.#note("NEW_PATTERN", known.id, found, 0);
    else if (!isNew && isUnusualFrequency(count, series)) {
      this.#note("FREQUENCY", known.id, found, known.mean);
      return { ...known, words: found.words };
    }
    const windows = known.windows + 1;
    const difference = count - known.mean;
    const mean = known.mean + difference / windows;
    return {
      ...known, words: found.words, windows, mean, squares: known.squares + difference * (count - mean),
    };
  }

  #note(kind: Unusual, patternId: string, found: FoundTemplate, mean: number): void {
    const known = this.#known.get(patternId) ?? [];
    if (known.some(({ isBaseline }) => isBaseline)) return;
    const same = known.find((each) => each.kind === kind);
    // The time itself where none came.
    const firstSeen = found.samples[0]?.timestamp ?? this.#from;
    const priority = priorityOf(found.severity);
    this.#unusual.add(patternId);
    const histogram = { ...same?.histogram, [String(this.#from)]: found.count };
    const times = Object.entries(histogram).slice(-histogramMax);
    this.#ctx.db(foundAnomalies).put({
      detectorId: this.#detector.id, id: this.#ctx.ids.uuid(), isBaseline: false, samples: found.samples,
      ...same,
      patternId, kind, priority, pattern: found.pattern, words: found.words,
      description: described(kind, found.count, mean),
      firstSeen: same?.firstSeen ?? firstSeen, lastSeen: found.lastSeen ?? firstSeen, isActive: true,
      histogram: Object.fromEntries(times),
    });
    const { name = this.#detector.id } = this.#detector;
    if (!same) this.#ctx.metric(anomalyCount, [name, priority], 1);
  }

  /**
   * What did not go on is over; what is past its visibility is taken for usual, and forgotten once unknown.
   */
  #settle(patternIds: ReadonlySet<string>): void {
    const expiry = this.#ctx.clock.now() - this.#detector.visibilityDays * dayMilliseconds;
    for (const anomaly of [...this.#known.values()].flat()) {
      if (this.#unusual.has(anomaly.patternId)) continue;
      const isBaseline = anomaly.isBaseline || anomaly.firstSeen < expiry;
      if (isBaseline && !patternIds.has(anomaly.patternId)) {
        this.#ctx.db(foundAnomalies).delete([anomaly.detectorId, anomaly.id]);
        continue;
      }
      if (!anomaly.isActive && isBaseline === anomaly.isBaseline) continue;
      this.#ctx.db(foundAnomalies).put({ ...anomaly, isActive: false, isBaseline });
    }
  }
}
