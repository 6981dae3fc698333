/** PutMetricData, and what services measured of themselves. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Dimension, MetricDatum, PutMetricDataInput } from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import type { MetricTotal } from "../../kernel/metrics.ts";
import { operation } from "../../kernel/operation.ts";
import {
  bothSpecified, collectionTooLarge, invalidFor, invalidParameterValue, missingParameter, parameterRequired,
} from "./errors.ts";
import {
  millisecondsPerDay, millisecondsPerHour, millisecondsPerMinute, sortedDimensions, type MetricId,
} from "./metric-rows.ts";
import { retention } from "./reading.ts";
import { setOf, type StatisticSet } from "./statistic-sets.ts";
import { store, type Sample } from "./writing.ts";

/** @evidence CloudWatch API Reference, PutMetricData and MetricDatum */
const metricsMax = 1_000;
const valuesMax = 150;
const dimensionsMax = 30;
const magnitudeMax = 2 ** 360;
const pastMilliseconds = 14 * millisecondsPerDay;
const futureMilliseconds = 2 * millisecondsPerHour;

function requireValue(value: number, parameter: string): void {
  if (!Number.isFinite(value) || Math.abs(value) > magnitudeMax) throw invalidFor(value, parameter);
}

function arraySet(datum: MetricDatum, path: string): StatisticSet {
  const { Values: values = [], Counts: counts = [] } = datum;
  if (values.length === 0) throw parameterRequired(`${path}Values`);
  if (values.length > valuesMax) throw collectionTooLarge(`${path}Values`, valuesMax);
  if (datum.Counts !== undefined && counts.length !== values.length) {
    throw invalidParameterValue(`The parameters ${path}Values and ${path}Counts must be of the same size.`);
  }
  values.forEach((value, index) => requireValue(value, `${path}Values.member.${index + 1}`));
  counts.forEach((count, index) => {
    requireValue(count, `${path}Counts.member.${index + 1}`);
    if (count < 0) throw invalidFor(count, `${path}Counts.member.${index + 1}`);
  });
  return setOf(values, counts);
}

function givenSet(datum: MetricDatum, path: string): StatisticSet {
  const { SampleCount: count = 0, Sum: sum = 0, Minimum = 0, Maximum = 0 } = datum.StatisticValues ?? {};
  const parts = { SampleCount: count, Sum: sum, Minimum, Maximum };
  for (const [name, value] of Object.entries(parts)) requireValue(value, `${path}StatisticValues.${name}`);
  if (count <= 0) throw invalidFor(count, `${path}StatisticValues.SampleCount`);
  if (Minimum > Maximum) {
    throw invalidParameterValue(
      `The parameter ${path}StatisticValues.Maximum must be greater than ${path}StatisticValues.Minimum.`,
    );
  }
  return { count, sum, minimum: Minimum, maximum: Maximum };
}

/** @throws where not exactly one of the three forms is given */
function requireSet(datum: MetricDatum, path: string): StatisticSet {
  const { Value: value, Values, StatisticValues } = datum;
  if (value !== undefined && StatisticValues) throw bothSpecified(`${path}Value`, `${path}StatisticValues`);
  if (value !== undefined && Values) throw bothSpecified(`${path}Value`, `${path}Values`);
  if (Values && StatisticValues) throw bothSpecified(`${path}Values`, `${path}StatisticValues`);
  if (Values || datum.Counts) return arraySet(datum, path);
  if (StatisticValues) return givenSet(datum, path);
  if (value === undefined) throw missingParameter("At least one of the parameters must be specified.");
  requireValue(value, `${path}Value`);
  return { count: 1, sum: value, minimum: value, maximum: value };
}

function requireDimensions(dimensions: readonly Dimension[], path: string): Dimension[] {
  if (dimensions.length > dimensionsMax) throw collectionTooLarge(`${path}Dimensions`, dimensionsMax);
  dimensions.forEach(({ Name, Value }, index) => {
    const at = `${path}Dimensions.member.${index + 1}`;
    if (!isName(Name) || Name.startsWith(":")) throw invalidFor(Name, `${at}.Name`);
    if (!isName(Value)) throw invalidFor(Value, `${at}.Value`);
  });
  const all = sortedDimensions(dimensions);
  if (new Set(all.map(({ Name }) => Name)).size < all.length) {
    throw invalidParameterValue(`The collection ${path}Dimensions must not contain the same name twice.`);
  }
  return all;
}

/** @evidence CloudWatch API Reference, Dimension: ASCII, at least one character that is no white space */
function isName(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text) && /\S/.test(text);
}

function timeOf(datum: MetricDatum, path: string, now: number): number {
  const at = datum.Timestamp ?? now;
  if (at < now - pastMilliseconds) {
    throw invalidParameterValue(
      `The parameter ${path}Timestamp must specify a time no more than two weeks in the past.`,
    );
  }
  if (at > now + futureMilliseconds) {
    throw invalidParameterValue(
      `The parameter ${path}Timestamp must specify a time no more than 2 hours in the future.`,
    );
  }
  return at;
}

interface Drafted {
  readonly id: MetricId;
  readonly samples: Sample[];
}

function drafted(namespace: string, datum: MetricDatum, path: string, now: number): [MetricId, Sample] {
  const { MetricName: name, StorageResolution: resolution = 60, Unit: unit = "None" } = datum;
  if (!isName(name)) throw invalidFor(name, `${path}MetricName`);
  const dimensions = requireDimensions(datum.Dimensions ?? [], path);
  const set = requireSet(datum, path);
  if (resolution !== 1 && resolution !== 60) throw invalidFor(resolution, `${path}StorageResolution`);
  const at = timeOf(datum, path, now);
  const highResolution = resolution === 1 && at >= now - retention.seconds;
  const step = highResolution ? 1_000 : millisecondsPerMinute;
  return [{ namespace, name, dimensions }, { unit, set, at: at - (at % step), highResolution }];
}

function* allData(input: PutMetricDataInput): Iterable<[string, MetricDatum]> {
  for (
    const [index, datum] of (input.MetricData ?? []).entries()
  ) yield [`MetricData.member.${index + 1}.`, datum];
  for (const [entity, { MetricData = [] }] of (input.EntityMetricData ?? []).entries()) {
    const path = `EntityMetricData.member.${entity + 1}.MetricData.member`;
    for (const [index, datum] of MetricData.entries()) yield [`${path}.${index + 1}.`, datum];
  }
}

/** @evidence CloudWatch API Reference, PutMetricData: `AWS/` is for AWS's own */
function requireNamespace(namespace: string): void {
  if (namespace.startsWith("AWS/") || !isName(namespace)) throw invalidFor(namespace, "Namespace");
}

/** All of the data or none. */
export const PutMetricData = operation(cloudwatch.PutMetricData, {
  conditions: ({ Namespace }) => ({ "cloudwatch:namespace": Namespace }),
  dataEvent: true,

  run(input, ctx) {
    requireNamespace(input.Namespace);
    const data = [...allData(input)];
    if (data.length === 0) throw parameterRequired("MetricData");
    if (data.length > metricsMax) throw collectionTooLarge("MetricData", metricsMax);
    const now = ctx.clock.now();
    const metrics = new Map<string, Drafted>();
    for (const [path, datum] of data) {
      const [id, sample] = drafted(input.Namespace, datum, path, now);
      const key = JSON.stringify(id);
      const known = metrics.get(key);
      if (known) known.samples.push(sample);
      else metrics.set(key, { id, samples: [sample] });
    }
    for (const { id, samples } of metrics.values()) store(ctx, id, samples);
  },
});

/** What services measured of themselves, in the totals that the kernel keeps. */
export function storeTotals(totals: readonly MetricTotal[], ctx: Context): void {
  for (const { meter, dimensions, at, count, sum, minimum, maximum, values } of totals) {
    const { namespace, name, unit } = meter;
    const named = meter.dimensions.map((Name, index) => ({ Name, Value: dimensions[index] ?? "" }));
    const set = values ? setOf([...values.keys()], [...values.values()]) : { count, sum, minimum, maximum };
    const id = { namespace, name, dimensions: sortedDimensions(named) };
    store(ctx, id, [{ unit, set, at, highResolution: false }]);
  }
}
