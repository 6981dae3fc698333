/**
 * What subscriptions measure of themselves.
 *
 * @evidence CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics": the metrics, their units and
 *   dimensions. How destinations are called is ours.
 */

import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { meter, type Meter } from "../../kernel/metrics.ts";

/** What a delivery was of. */
export interface Forwarded {
  readonly group: string;
  readonly destinationArn: string;
  /** Absent where it is the account's policy that subscribes. */
  readonly filter?: string | undefined;
  readonly events: number;
}

interface Meters {
  readonly bytes: Meter;
  readonly events: Meter;
  readonly errors: Meter;
  readonly throttles: Meter;
}

function metersBy(dimensions: readonly string[]): Meters {
  const of = (name: string, unit: "Bytes" | "None"): Meter => meter("AWS/Logs", name, unit, dimensions);
  return {
    bytes: of("ForwardedBytes", "Bytes"), events: of("ForwardedLogEvents", "None"),
    errors: of("DeliveryErrors", "None"), throttles: of("DeliveryThrottling", "None"),
  };
}

const ofFilters = metersBy(["LogGroupName", "DestinationType", "FilterName"]);
const ofPolicies = metersBy(["LogGroupName", "DestinationType", "PolicyLevel"]);
const destinationTypes: Readonly<Record<string, string>> = {
  firehose: "Firehose", kinesis: "Kinesis", lambda: "Lambda", logs: "Destination",
};

function measuring({ group, destinationArn, filter }: Forwarded): {
  readonly meters: Meters; readonly dimensions: readonly string[];
} {
  const type = destinationTypes[parseArn(destinationArn)?.service ?? ""] ?? "";
  return filter === undefined ? { meters: ofPolicies, dimensions: [group, type, "AccountPolicy"] }
    : { meters: ofFilters, dimensions: [group, type, filter] };
}

export function measureForwarded(ctx: BodyContext, forwarded: Forwarded, compressedBytes: number): void {
  const { meters, dimensions } = measuring(forwarded);
  ctx.metric(meters.bytes, dimensions, compressedBytes);
  ctx.metric(meters.events, dimensions, forwarded.events);
}

export function measureFailure(ctx: BodyContext, forwarded: Forwarded, isThrottled: boolean): void {
  const { meters, dimensions } = measuring(forwarded);
  ctx.metric(isThrottled ? meters.throttles : meters.errors, dimensions, forwarded.events);
}
