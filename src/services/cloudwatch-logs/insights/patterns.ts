/** `pattern`, and the commands that go on from it: `diff` and `anomaly`. */

import type { Evaluate } from "./aggregates.ts";
import { Row } from "./rows.ts";
import type { Stage } from "./stages.ts";
import { Templates, type FoundTemplate } from "./templates.ts";
import { isUnusualFrequency, priorityOf, seriesOf, stretchesMin, type Unusual } from "./unusual.ts";
import { numberOf, textOf, worked } from "./values.ts";

/** The time that a query looks at: epoch milliseconds, the end exclusive. */
export interface Range {
  readonly from: number;
  readonly before: number;
}

export const patternColumns = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];
export const differenceColumns = ["@baselineSampleCount", "@differenceCount", "@differenceDescription"];
export const anomalyColumns = ["@anomalyType", "@anomalyPriority", "@anomalyDescription"];

/** `anomaly` looks at so many equal parts of the time. */
const parts = 12;

function rowOf({ pattern, ratio, count, severity }: FoundTemplate): Row {
  const row = new Row();
  row.set("@pattern", pattern);
  row.set("@ratio", worked(ratio));
  row.set("@sampleCount", count);
  row.set("@severityLabel", severity);
  return row;
}

/**
 * What has changed most comes first.
 *
 * @evidence CloudWatch Logs User Guide, "Compare (diff) with previous time ranges": the difference of counts,
 * and a short summary of it; the names of the columns are ours
 */
function differences(found: readonly FoundTemplate[]): Row[] {
  const change = ({ count, baselineCount }: FoundTemplate): number => Math.abs(count - baselineCount);
  return [...found].sort((left, right) => change(right) - change(left)).map((template) => {
    const { count, baselineCount } = template;
    const row = rowOf(template);
    row.set("@baselineSampleCount", baselineCount);
    row.set("@differenceCount", count - baselineCount);
    row.set("@differenceDescription", summary(count, baselineCount));
    return row;
  });
}

function summary(count: number, baselineCount: number): string {
  if (baselineCount === 0) return "New";
  if (count === 0) return "Gone";
  if (count === baselineCount) return "No change";
  const percent = Math.round(Math.abs(count - baselineCount) / baselineCount * 100);
  return `${percent}% ${count > baselineCount ? "up" : "down"}`;
}

/**
 * @evidence CloudWatch Logs User Guide, "anomaly": frequencies, new patterns; the names of the columns are
 * ours
 */
function anomalies(found: readonly FoundTemplate[], last: number): Row[] {
  return found.flatMap((template) => {
    const { histogram, severity } = template;
    const latest = histogram.get(last) ?? 0;
    const earlier = Array.from({ length: last }, (_, part) => histogram.get(part) ?? 0);
    const series = seriesOf(earlier);
    let unusual: Unusual | undefined;
    if (isUnusualFrequency(latest, series)) unusual = "FREQUENCY";
    if (latest > 0 && last >= stretchesMin && series.mean === 0) unusual = "NEW_PATTERN";
    if (unusual === undefined) return [];
    const row = rowOf(template);
    row.set("@anomalyType", unusual);
    row.set("@anomalyPriority", priorityOf(severity));
    row.set("@anomalyDescription", described(unusual, latest, series.mean));
    return [row];
  });
}

export function described(unusual: Unusual, latest: number, mean: number): string {
  return unusual === "NEW_PATTERN" ? `${latest} events of a pattern that was not seen before`
    : `${latest} events, where ${Math.round(mean)} were expected`;
}

/** @param range the time that is looked at, where its parts are compared */
export function patterned(
  next: Stage, field: Evaluate, follow: "diff" | "anomaly" | undefined, range: () => Range,
): Stage {
  const templates = new Templates();
  let latest = 0;
  const partOf = (row: Row): number | undefined => {
    const at = follow === "anomaly" ? numberOf(row.get("@timestamp")) : undefined;
    if (at === undefined) return undefined;
    const { from, before } = range();
    const part = Math.min(parts - 1, Math.floor((at - from) * parts / Math.max(1, before - from)));
    latest = Math.max(latest, part);
    return part;
  };
  return {
    push: (row) => {
      const text = textOf(field(row));
      if (text !== undefined) templates.add(text, { stretch: partOf(row), isBaseline: row.isBaseline });
    },
    * end() {
      const found = templates.found();
      const rows = follow === "diff" ? differences(found)
        : follow === "anomaly" ? anomalies(found, latest) : found.map(rowOf);
      for (const row of rows) yield next.push(row);
      yield* next.end();
    },
  };
}
