/**
 * Anomaly detectors at work. What is usual is learnt from the two weeks before a detector analyzes; then, at
 * every evaluation, the events since the last are looked through: patterns that were never seen, and patterns
 * that came far more or far less often than usual, are anomalies.
 */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { meter } from "../../kernel/metrics.ts";
import {
  anomalyDetectors, anomalyModels, foundAnomalies, type AnomalyDetector, type AnomalyModel, type FoundAnomaly,
  type KnownPattern,
} from "./anomaly-detector-table.ts";
import { scanForward } from "./block-scan.ts";
import type { StoredEvent } from "./block-format.ts";
import { dataKeysOf } from "./data-keys.ts";
import { findGroup, groupNameOf } from "./group-table.ts";
import { described } from "./insights/patterns.ts";
import { Templates, type FoundTemplate } from "./insights/templates.ts";
import { isUnusualFrequency, priorityOf, seriesOf, type Unusual } from "./insights/unusual.ts";
import { patternOf } from "./known-patterns.ts";
import { openMask } from "./masking.ts";
import { parseObject } from "./patterns/json.ts";

const dayMilliseconds = 86_400_000;
/** @evidence CloudWatch Logs User Guide, "Log anomaly detection": two weeks of events, within 15 minutes */
export const trainingMilliseconds = 15 * 60_000;
const learntMilliseconds = 14 * dayMilliseconds;
/** @evidence CloudWatch Logs User Guide, "Log anomaly detection": it publishes AnomalyCount by priority */
const anomalyCount = meter("AWS/Logs", "AnomalyCount", "Count", ["LogAnomalyDetector", "LogAnomalyPriority"]);

const eventsMax = 200_000;
const patternsMax = 2_000;
const samplesMax = 10;
const histogramMax = 100;

const frequencies: Readonly<Record<string, number>> = {
  ONE_MIN: 1, FIVE_MIN: 5, TEN_MIN: 10, FIFTEEN_MIN: 15, THIRTY_MIN: 30, ONE_HOUR: 60,
};

/** The time between two evaluations; AWS does not say which it is where none is given. */
export function windowOf({ evaluationFrequency = "FIFTEEN_MIN" }: AnomalyDetector): number {
  return (frequencies[evaluationFrequency] ?? 15) * 60_000;
}

/** Texts of the time, by template, with counts by stretches of it. */
async function look(
  ctx: BodyContext, detector: AnomalyDetector, known: readonly KnownPattern[], from: number, before: number,
): Promise<{ seen: FoundTemplate[]; samples: StoredEvent[]; firstAt: number }> {
  const templates = new Templates();
  for (const { id, words, severity } of known) templates.know({ key: id, words, severity });
  const samples: StoredEvent[] = [];
  let firstAt = before;
  const window = windowOf(detector);
  for (const arn of detector.groupArns) {
    const group = ctx.reading(() => findGroup(ctx, groupNameOf(arn)));
    if (!group) continue;
    const keys = await dataKeysOf(ctx, group);
    const mask = openMask(ctx, group, false);
    ctx.reading(() => {
      const pattern = detector.filterPattern === undefined ? undefined
        : patternOf(ctx, detector.filterPattern);
      let events = 0;
      for (const event of scanForward(ctx, { groupId: group.id, from, before }, keys)) {
        if (++events > eventsMax) break;
        const { timestamp } = event;
        const json = pattern?.kind === "json" ? parseObject(event.message) : undefined;
        if (pattern && !pattern.match(event.message, json)) continue;
        const message = mask(event.message, event.ingestedAt);
        firstAt = Math.min(firstAt, timestamp);
        templates.add(message, { stretch: Math.floor((timestamp - from) / window) });
        samples.push({ ...event, message });
      }
    });
  }
  return { seen: templates.found(), samples, firstAt };
}

export const trainDetector = asynchronousJob<{ readonly id: string }>(
  "cloudwatch-logs.trainDetector",
  async ({ id }, ctx) => {
    const detector = ctx.reading(() => ctx.db(anomalyDetectors).get(id));
    if (!detector) return;
    const now = ctx.clock.now();
    const window = windowOf(detector);
    const { seen, firstAt } = await look(ctx, detector, [], now - learntMilliseconds, now);
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

export const evaluateDetector = asynchronousJob<{ readonly id: string }>(
  "cloudwatch-logs.evaluateDetector",
  async ({ id }, ctx) => {
    const { detector, model } = ctx.reading(() =>
      ({ detector: ctx.db(anomalyDetectors).get(id), model: ctx.db(anomalyModels).get(id) }));
    if (!detector?.isEnabled || !model) return;
    const now = ctx.clock.now();
    const from = Math.max(model.evaluatedUntil, now - dayMilliseconds);
    const { seen, samples } = await look(ctx, detector, model.patterns, from, now);
    ctx.transaction((within) => {
      if (!within.db(anomalyDetectors).get(id)?.isEnabled) return;
      new Evaluation(within, detector, from, samples).run(model, seen);
      within.schedule(evaluateDetector, { id, at: now + windowOf(detector), input: { id } });
    });
  },
);

class Evaluation {
  readonly #ctx: Context;
  readonly #detector: AnomalyDetector;
  readonly #from: number;
  readonly #samples: readonly StoredEvent[];
  readonly #unusual = new Set<string>();
  readonly #known: FoundAnomaly[];

  constructor(ctx: Context, detector: AnomalyDetector, from: number, samples: readonly StoredEvent[]) {
    this.#ctx = ctx;
    this.#detector = detector;
    this.#from = from;
    this.#samples = samples;
    this.#known = [...ctx.db(foundAnomalies).list({ prefix: [detector.id] })];
  }

  run(model: AnomalyModel, seen: readonly FoundTemplate[]): void {
    const before = new Map(model.patterns.map((pattern) => [pattern.id, pattern]));
    const patterns = seen.slice(0, patternsMax).map((found) => {
      const known = found.key === undefined ? undefined : before.get(found.key);
      return known ? this.#again(known, found) : this.#first(found);
    });
    this.#ctx.db(anomalyModels).put({
      detectorId: this.#detector.id, evaluatedUntil: this.#ctx.clock.now(), patterns,
    });
    this.#settle();
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
    const same = this.#known.find((each) => each.patternId === patternId && each.kind === kind &&
      !each.isBaseline);
    if (this.#known.some((each) => each.patternId === patternId && each.isBaseline)) return;
    const { samples, firstSeen, lastSeen } = this.#examples(found);
    const priority = priorityOf(found.severity);
    this.#unusual.add(patternId);
    const histogram = { ...same?.histogram, [String(this.#from)]: found.count };
    const times = Object.entries(histogram).slice(-histogramMax);
    this.#ctx.db(foundAnomalies).put({
      detectorId: this.#detector.id, id: this.#ctx.ids.uuid(), isBaseline: false, samples,
      ...same,
      patternId, kind, priority, pattern: found.pattern, words: found.words,
      description: described(kind, found.count, mean),
      firstSeen: same?.firstSeen ?? firstSeen, lastSeen, isActive: true,
      histogram: Object.fromEntries(times),
    });
    const { name = this.#detector.id } = this.#detector;
    if (!same) this.#ctx.metric(anomalyCount, [name, priority], 1);
  }

  /** Events of the pattern; the time itself where none came. */
  #examples({ words }: FoundTemplate): Pick<FoundAnomaly, "samples" | "firstSeen" | "lastSeen"> {
    const one = new Templates();
    one.know({ key: "it", words, severity: "None" });
    const matching = this.#samples.filter(({ message }) => one.isKnown(message));
    const first = matching[0]?.timestamp ?? this.#from;
    return {
      samples: matching.slice(0, samplesMax).map(({ timestamp, message }) => ({ timestamp, message })),
      firstSeen: first, lastSeen: matching.at(-1)?.timestamp ?? first,
    };
  }

  /** What did not go on is over; what is past its visibility is taken for usual. */
  #settle(): void {
    const expiry = this.#ctx.clock.now() - this.#detector.visibilityDays * dayMilliseconds;
    for (const anomaly of this.#known) {
      if (this.#unusual.has(anomaly.patternId)) continue;
      const isBaseline = anomaly.isBaseline || anomaly.firstSeen < expiry;
      if (!anomaly.isActive && isBaseline === anomaly.isBaseline) continue;
      this.#ctx.db(foundAnomalies).put({ ...anomaly, isActive: false, isBaseline });
    }
  }
}
