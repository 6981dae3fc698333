/** Values on their way to CloudWatch: those of one metric, minute and set of dimensions together. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Job } from "../../jobs/job.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";

export interface MetricValue {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly value: number;
  /** A value a second, not a minute. */
  readonly isHighResolution?: boolean;
}

interface Publication {
  readonly namespace: string;
  readonly data: readonly cloudwatch.MetricDatum[];
}

const minuteMilliseconds = 60_000;
/** @evidence CloudWatch API Reference, PutMetricData and MetricDatum: 1,000 metrics, 150 values each */
const valuesMax = 150;
const dataMax = 1_000;

/** @evidence CloudWatch Logs User Guide: Logs publishes to the account that the events are in */
export const publishMetrics: Job<Publication> = {
  ...asynchronousJob<Publication>("cloudwatch-logs.publishMetrics", send),
};

/**
 * What CloudWatch refuses is left out alone: events name and date their metrics as they like. The halves of
 * what was refused are jobs of their own, so that none that has arrived is sent again for another's sake.
 */
async function send({ namespace, data }: Publication, ctx: BodyContext): Promise<void> {
  try {
    await ctx.call(
      cloudwatch.PutMetricData, { Namespace: namespace, MetricData: [...data] },
      { as: "service", principal: "logs.amazonaws.com", account: ctx.account },
    );
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.status >= 500 || cause.code.includes("Throttl")) throw cause;
    if (data.length === 1) return;
    const half = Math.ceil(data.length / 2);
    ctx.transaction((within) => {
      for (const part of [data.slice(0, half), data.slice(half)]) {
        within.schedule(publishMetrics, { at: within.clock.now(), input: { namespace, data: part } });
      }
    });
  }
}

/** Values of one metric, minute and set of dimensions, each with how often it came. */
interface Gathered {
  readonly value: MetricValue;
  readonly at: number;
  readonly counts: Map<number, number>;
}

/** What CloudWatch keeps apart. */
function keyOf({ namespace, name, unit, dimensions }: MetricValue, at: number): string {
  let key = `${namespace}\0${name}\0${unit}\0${at}`;
  for (const dimension of Object.keys(dimensions)) key += `\0${dimension}\0${dimensions[dimension] ?? ""}`;
  return key;
}

function datumOf({ value, at, counts }: Gathered): cloudwatch.MetricDatum {
  return {
    MetricName: value.name,
    Dimensions: Object.entries(value.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Timestamp: at,
    Unit: value.unit as cloudwatch.StandardUnit,
    ...(value.isHighResolution && { StorageResolution: 1 }),
    Values: [...counts.keys()],
    Counts: [...counts.values()],
  };
}

/** Merged by what CloudWatch keeps apart. */
function dataOf(values: readonly MetricValue[]): Map<string, cloudwatch.MetricDatum[]> {
  const open = new Map<string, Gathered>();
  const all: Gathered[] = [];
  for (const value of values) {
    const step = value.isHighResolution ? 1_000 : minuteMilliseconds;
    const at = value.timestamp - (value.timestamp % step);
    const key = keyOf(value, at);
    let gathered = open.get(key);
    if (!gathered || (gathered.counts.size >= valuesMax && !gathered.counts.has(value.value))) {
      gathered = { value, at, counts: new Map() };
      open.set(key, gathered);
      all.push(gathered);
    }
    gathered.counts.set(value.value, (gathered.counts.get(value.value) ?? 0) + 1);
  }
  const byNamespace = new Map<string, cloudwatch.MetricDatum[]>();
  for (const gathered of all) {
    const data = byNamespace.get(gathered.value.namespace);
    if (data) data.push(datumOf(gathered));
    else byNamespace.set(gathered.value.namespace, [datumOf(gathered)]);
  }
  return byNamespace;
}

export function publish(ctx: Context, values: readonly MetricValue[]): void {
  if (values.length === 0) return;
  for (const [namespace, data] of dataOf(values)) {
    for (let at = 0; at < data.length; at += dataMax) {
      const input = { namespace, data: data.slice(at, at + dataMax) };
      ctx.schedule(publishMetrics, { at: ctx.clock.now(), input });
    }
  }
}
