/**
 * What is unusual about how often something came, by simple rules: AWS's model is not published. A pattern is
 * new when it first came in the latest of many stretches of time; its frequency is unusual when the latest
 * stretch lies further from the mean of those before than three of their standard deviations.
 */

export type Unusual = "NEW_PATTERN" | "FREQUENCY";

/** So many stretches there must be before one of them is told from the others. */
export const stretchesMin = 5;
const deviationsMax = 3;
/** A change by fewer than this is never unusual. */
const differenceMin = 10;

export interface Series {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

export function seriesOf(counts: readonly number[]): Series {
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { count: counts.length, mean, deviation: Math.sqrt(squares / Math.max(1, counts.length)) };
}

/** @param latest how often it came in the latest stretch, behind the others */
export function isUnusualFrequency(latest: number, { count, mean, deviation }: Series): boolean {
  const difference = Math.abs(latest - mean);
  return count >= stretchesMin && difference >= differenceMin &&
    difference > deviationsMax * Math.max(deviation, Math.sqrt(mean));
}

/** @evidence CloudWatch Logs User Guide, "Log anomaly detection": priority goes by severity and deviation */
export function priorityOf(severity: string): "HIGH" | "MEDIUM" | "LOW" {
  if (severity === "FATAL" || severity === "ERROR") return "HIGH";
  return severity === "WARN" ? "MEDIUM" : "LOW";
}
