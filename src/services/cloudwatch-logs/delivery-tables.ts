/** The rows of deliveries of vended logs: where they come from, where they go, and what joins the two. */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import { table } from "../../store/types.ts";

export interface DeliverySource {
  readonly name: string;
  readonly resourceArn: string;
  readonly service: string;
  readonly logType: string;
}

export const deliverySources = table<DeliverySource>("logs.deliverySources", { key: (row) => row.name });

export interface DeliveryDestination {
  readonly name: string;
  readonly type: "S3" | "CWL" | "FH";
  readonly resourceArn: string;
  readonly outputFormat?: "json" | "plain" | "raw";
  readonly policy?: string;
}

export const deliveryDestinations = table<DeliveryDestination>("logs.deliveryDestinations", {
  key: (row) => row.name,
});

export interface Delivery {
  readonly id: string;
  readonly source: string;
  readonly destinationArn: string;
  readonly recordFields?: readonly string[];
  readonly fieldDelimiter?: string;
  readonly s3?: logs.S3DeliveryConfiguration;
}

export const deliveries = table<Delivery>("logs.deliveries", { key: (row) => row.id });

/** A record that waits for the next file of its delivery. */
export interface WaitingRecord {
  readonly delivery: string;
  readonly order: number;
  readonly text: string;
}

export const waitingRecords = table<WaitingRecord>("logs.waitingRecords", {
  key: (row) => [row.delivery, row.order],
  seldomRead: true,
});
