/**
 * What metric streams of the OpenTelemetry formats send: requests of OTLP, each behind its length.
 *
 * @evidence CloudWatch User Guide, "CloudWatch metric stream output in OpenTelemetry 1.0.0 format", the same
 *   for 0.7.0, and "Translations with OpenTelemetry … format"; opentelemetry-proto v1.0.0 and v0.7.0, the
 *   numbers of the fields
 */

import type { Dimension } from "../../generated/cloudwatch.ts";
import { Message, varint } from "./protocol-buffers.ts";

export interface Summary {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly unit: string;
  /** Where its minute begins: epoch milliseconds. */
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  /** The least is at 0, the greatest at 1. */
  readonly quantiles: readonly (readonly [quantile: number, value: number])[];
}

export interface Exporter {
  readonly account: string;
  readonly region: string;
  /** Of the metric stream. */
  readonly arn: string;
}

export type OtlpVersion = "opentelemetry0.7" | "opentelemetry1.0";

const minuteMilliseconds = 60_000;
const nanosecondsPerMillisecond = 1_000_000n;

/** Those that are not here stand for themselves. */
const units: Readonly<Record<string, string>> = {
  Second: "s", Seconds: "s", Microseconds: "us", Milliseconds: "ms", Bytes: "By", Kilobytes: "kBy",
  Megabytes: "MBy", Gigabytes: "GBy", Terabytes: "TBy", Bits: "bit", Kilobits: "kbit", Megabits: "MBit",
  Gigabits: "GBit", Terabits: "Tbit", Percent: "%", Count: "{Count}", None: "1",
};

/** `Bytes/Second` is `By/s`. */
function unitOf(unit: string): string {
  return unit.split("/").map((part) => units[part] ?? part).join("/");
}

/** A value is a text, or what has members itself. */
function keyValue(key: string, value: string | readonly (readonly [string, string])[]): Message {
  const body = typeof value === "string" ? new Message().text(1, value)
    : new Message().message(6, value.reduce(
      (list, [name, text]) => list.message(1, keyValue(name, text)), new Message(),
    ));
  return new Message().text(1, key).message(2, body);
}

function withAttributes(point: Message, summary: Summary, version: OtlpVersion): Message {
  const { namespace, name, dimensions } = summary;
  const pairs = dimensions.map(({ Name = "", Value = "" }) => [Name, Value] as const);
  if (version === "opentelemetry1.0") {
    return point.message(7, keyValue("Namespace", namespace)).message(7, keyValue("MetricName", name))
      .message(7, keyValue("Dimensions", pairs));
  }
  for (const [key, value] of [["Namespace", namespace] as const, ["MetricName", name] as const, ...pairs]) {
    point.message(1, new Message().text(1, key).text(2, value));
  }
  return point;
}

function pointOf(summary: Summary, version: OtlpVersion): Message {
  const { at, count, sum, quantiles } = summary;
  const nanoseconds = (milliseconds: number): bigint => BigInt(milliseconds) * nanosecondsPerMillisecond;
  const point = withAttributes(new Message(), summary, version)
    .fixed64(2, nanoseconds(at)).fixed64(3, nanoseconds(at + minuteMilliseconds))
    .fixed64(4, BigInt(Math.round(count))).double(5, sum);
  for (const [quantile, value] of quantiles) {
    point.message(6, new Message().double(1, quantile).double(2, value));
  }
  return point;
}

/** Data points of one metric and unit stand together. */
function metricsOf(summaries: readonly Summary[], version: OtlpVersion): Message[] {
  const byMetric = new Map<string, { first: Summary; points: Message }>();
  for (const summary of summaries) {
    const key = JSON.stringify([summary.namespace, summary.name, summary.unit]);
    let metric = byMetric.get(key);
    if (!metric) byMetric.set(key, (metric = { first: summary, points: new Message() }));
    metric.points.message(1, pointOf(summary, version));
  }
  return [...byMetric.values()].map(({ first: { namespace, name, unit }, points }) => new Message()
    .text(1, `amazonaws.com/${namespace}/${name}`).text(3, unitOf(unit)).message(11, points));
}

/** A request with its length before it. */
export function otlpRequest(summaries: readonly Summary[], exporter: Exporter, version: OtlpVersion): Buffer {
  const resource = new Message()
    .message(1, keyValue("cloud.provider", "aws"))
    .message(1, keyValue("cloud.account.id", exporter.account))
    .message(1, keyValue("cloud.region", exporter.region))
    .message(1, keyValue("aws.exporter.arn", exporter.arn));
  const scope = new Message();
  for (const metric of metricsOf(summaries, version)) scope.message(2, metric);
  const request = new Message().message(1, new Message().message(1, resource).message(2, scope)).encoded();
  return Buffer.concat([varint(request.length), request]);
}
