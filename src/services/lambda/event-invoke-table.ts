/** How asynchronous invocations of a function are retried, and where their outcomes go, as rows. */

import type { DestinationConfig } from "../../generated/lambda.ts";
import { table } from "../../store/types.ts";

export interface EventInvokeConfig {
  readonly name: string;
  /** Empty for the function itself. */
  readonly qualifier: string;
  readonly retriesMax?: number | undefined;
  readonly ageSecondsMax?: number | undefined;
  readonly destinations: DestinationConfig;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

export const eventInvokeConfigs = table<EventInvokeConfig>("lambda.eventInvokeConfigs", {
  key: (row) => [row.name, row.qualifier],
});
