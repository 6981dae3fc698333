/** The rows of an anomaly detector: its settings, what it has learnt, and what it has found. */

import { table } from "../../store/types.ts";

export interface AnomalyDetector {
  /** What its ARN ends in. */
  readonly id: string;
  readonly name?: string;
  readonly groupArns: readonly string[];
  readonly evaluationFrequency?: string;
  readonly filterPattern?: string;
  readonly kmsKeyId?: string;
  readonly visibilityDays: number;
  readonly isEnabled: boolean;
  /** From here on it has learnt what is usual: epoch milliseconds. */
  readonly analyzesFrom: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const anomalyDetectors = table<AnomalyDetector>("logs.anomalyDetectors", { key: (row) => row.id });

/** A pattern that is known, and how often it comes in the time between two evaluations. */
export interface KnownPattern {
  readonly id: string;
  readonly words: readonly string[];
  readonly severity: string;
  readonly firstSeen: number;
  readonly windows: number;
  readonly mean: number;
  /** The sum of squares of differences from the mean. */
  readonly squares: number;
  /** New until then: what comes of it belongs to the anomaly that it was found as. */
  readonly newUntil?: number;
}

export interface AnomalyModel {
  readonly detectorId: string;
  /** Events before this were looked at: epoch milliseconds. */
  readonly evaluatedUntil: number;
  readonly patterns: readonly KnownPattern[];
}

export const anomalyModels = table<AnomalyModel>("logs.anomalyModels", {
  key: (row) => row.detectorId,
  seldomRead: true,
});

export interface Suppression {
  readonly since: number;
  /** Without it, for good. */
  readonly until?: number;
  readonly isOfPattern: boolean;
}

export interface FoundAnomaly {
  readonly detectorId: string;
  readonly id: string;
  readonly patternId: string;
  readonly pattern: string;
  readonly words: readonly string[];
  readonly kind: "NEW_PATTERN" | "FREQUENCY";
  readonly priority: "HIGH" | "MEDIUM" | "LOW";
  readonly description: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly isActive: boolean;
  readonly isBaseline: boolean;
  readonly suppression?: Suppression;
  /** How many events there were, by the beginning of the time between two evaluations. */
  readonly histogram: Readonly<Record<string, number>>;
  readonly samples: readonly { readonly timestamp: number; readonly message: string }[];
}

export const foundAnomalies = table<FoundAnomaly>("logs.anomalies",
  { key: (row) => [row.detectorId, row.id] });
