/** The rows of scheduled queries, and of what became of each time that they were due. */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import { table } from "../../store/types.ts";

export interface ScheduledQuery {
  readonly name: string;
  /** What its ARN ends in. */
  readonly id: string;
  readonly description?: string;
  readonly text: string;
  readonly groups?: readonly string[];
  readonly expression: string;
  readonly timeZone: string;
  readonly offsetSeconds?: number;
  readonly destination?: logs.DestinationConfiguration;
  readonly from?: number;
  readonly until?: number;
  readonly roleArn: string;
  readonly isEnabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly triggeredAt?: number;
  readonly lastStatus?: logs.ExecutionStatus;
}

export const scheduledQueries = table<ScheduledQuery>("logs.scheduledQueries", { key: (row) => row.name });

export interface Trigger {
  readonly scheduledId: string;
  readonly at: number;
  readonly queryId?: string;
  readonly status: logs.ExecutionStatus;
  readonly error?: string;
  readonly destination?: logs.ScheduledQueryDestination;
}

export const triggers = table<Trigger>("logs.scheduledQueryTriggers", {
  key: (row) => [row.scheduledId, row.at],
});
