/** The row of an anomaly detector. */

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
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const anomalyDetectors = table<AnomalyDetector>("logs.anomalyDetectors", { key: (row) => row.id });
