/** Which resources vend logs, and what their records are made of. */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { validation } from "./errors.ts";

export interface VendedKind {
  readonly service: string;
  readonly resourceType: string;
  readonly logTypes: readonly string[];
  /** The folder of its files in S3. */
  readonly folder: string;
  readonly fields: readonly { readonly name: string; readonly mandatory: boolean }[];
}

const mandatory = ["resource_arn", "message_timestamp_ms", "message_type", "log_level"];

/** @evidence EventBridge User Guide, "Logging event buses" and "Amazon EventBridge event bus log schema" */
const eventBuses: VendedKind = {
  service: "events", resourceType: "event-bus", logTypes: ["ERROR_LOGS", "INFO_LOGS", "TRACE_LOGS"],
  folder: "EventBusLogs",
  fields: [
    "resource_arn", "message_timestamp_ms", "event_bus_name", "request_id", "event_id", "invocation_id",
    "message_type", "log_level", "details", "error",
  ].map((name) => ({ name, mandatory: mandatory.includes(name) })),
};

export const vendedKinds: readonly VendedKind[] = [eventBuses];

/** @throws ValidationException; NotImplemented for what vends logs in AWS and not here */
export function requireKind(resourceArn: string, logType: string): VendedKind {
  const arn = parseArn(resourceArn);
  if (!arn) throw validation(`Invalid resourceArn: ${resourceArn}`);
  const kind = vendedKinds.find(({ service, resourceType }) =>
    arn.service === service && arn.resource.startsWith(`${resourceType}/`));
  if (!kind) throw notImplemented(`Deliveries of the logs of ${arn.service}`);
  if (!kind.logTypes.includes(logType)) {
    throw validation(`The logType ${logType} is not supported for this resource.`);
  }
  return kind;
}

export function templatesOf(kind: VendedKind): logs.ConfigurationTemplate[] {
  return kind.logTypes.flatMap((logType) => (["CWL", "S3", "FH"] as const).map((deliveryDestinationType) => ({
    service: kind.service, logType, resourceType: kind.resourceType, deliveryDestinationType,
    defaultDeliveryConfigValues: {
      recordFields: kind.fields.map(({ name }) => name),
      ...(deliveryDestinationType === "S3" && {
        s3DeliveryConfiguration: { suffixPath: suffixDefault(kind), enableHiveCompatiblePath: false },
      }),
    },
    allowedFields: [...kind.fields],
    allowedOutputFormats: deliveryDestinationType === "CWL" ? ["json" as const]
      : ["json" as const, "plain" as const],
    allowedActionForAllowVendedLogsDeliveryForResource: `${kind.service}:AllowVendedLogDeliveryForResource`,
    allowedFieldDelimiters: [],
    allowedSuffixPathFields: ["account-id", "region", "yyyy", "MM", "dd", "HH"],
  })));
}

export function suffixDefault({ folder }: VendedKind): string {
  return suffixIn(folder);
}

export function suffixIn(folder: string): string {
  return `AWSLogs/{account-id}/${folder}/{region}/{yyyy}/{MM}/{dd}/{HH}`;
}
