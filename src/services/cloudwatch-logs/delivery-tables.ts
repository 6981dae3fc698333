/** The rows of deliveries: what is delivered, to where, and that it is. */

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
  readonly type: "S3" | "CWL" | "FH" | "XRAY";
  readonly resourceArn: string;
  readonly outputFormat?: string;
  /** JSON text. */
  readonly policy?: string;
}

export const deliveryDestinations = table<DeliveryDestination>("logs.deliveryDestinations", {
  key: (row) => row.name,
});

export interface Delivery {
  readonly id: string;
  readonly source: string;
  readonly destinationArn: string;
  readonly destinationType: DeliveryDestination["type"];
  readonly recordFields: readonly string[];
  readonly fieldDelimiter?: string;
  readonly suffixPath?: string;
  readonly hivePaths?: boolean;
}

export const deliveries = table<Delivery>("logs.deliveries", { key: (row) => row.id });
