/** Metric streams as rows. */

import type {
  MetricStreamFilter, MetricStreamOutputFormat, MetricStreamStatisticsConfiguration,
} from "../../generated/cloudwatch.ts";
import { table } from "../../store/types.ts";

export interface MetricStreamRow {
  readonly name: string;
  readonly firehoseArn: string;
  readonly roleArn: string;
  readonly outputFormat: MetricStreamOutputFormat;
  readonly include?: readonly MetricStreamFilter[];
  readonly exclude?: readonly MetricStreamFilter[];
  readonly statistics?: readonly MetricStreamStatisticsConfiguration[];
  readonly isRunning: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const metricStreams = table<MetricStreamRow>("cloudwatch.metricStreams", { key: (row) => row.name });
