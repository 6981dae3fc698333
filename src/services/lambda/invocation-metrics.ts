/**
 * What CloudWatch is told of invocations: by function, by alias or version, and of all functions together.
 *
 * @evidence Lambda Developer Guide, "Types of metrics for Lambda functions" and "Viewing metrics", dimensions
 */

import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { meter, type Meter, type MetricUnit } from "../../kernel/metrics.ts";
import type { Outcome, ProvisionedUse } from "../../planes/functions/contract.ts";
import { versionName, type FunctionVersion } from "./function-table.ts";
import { loadOf } from "./running.ts";

const namespace = "AWS/Lambda";

/** One metric in all the ways in which it is looked at. */
interface Measure {
  readonly ofAll: Meter;
  readonly ofFunction: Meter;
  readonly ofResource: Meter;
  readonly ofExecutedVersion: Meter;
}

function measure(name: string, unit: MetricUnit): Measure {
  const by = (...dimensions: string[]): Meter => meter(namespace, name, unit, dimensions);
  return {
    ofAll: by(),
    ofFunction: by("FunctionName"),
    ofResource: by("FunctionName", "Resource"),
    ofExecutedVersion: by("ExecutedVersion", "FunctionName", "Resource"),
  };
}

const invocations = measure("Invocations", "Count");
const errors = measure("Errors", "Count");
const throttles = measure("Throttles", "Count");
const duration = measure("Duration", "Milliseconds");
const concurrent = measure("ConcurrentExecutions", "Count");
const provisionedInvocations = measure("ProvisionedConcurrencyInvocations", "Count");
const provisionedSpillover = measure("ProvisionedConcurrencySpilloverInvocations", "Count");
const provisionedBusy = measure("ProvisionedConcurrentExecutions", "Count");
const provisionedShare = measure("ProvisionedConcurrencyUtilization", "None");
const recursions = measure("RecursiveInvocationsDropped", "Count");
const received = measure("AsyncEventsReceived", "Count");
const dropped = measure("AsyncEventsDropped", "Count");
const age = measure("AsyncEventAge", "Milliseconds");
const deliveryFailures = measure("DestinationDeliveryFailures", "Count");
const deadLetterErrors = measure("DeadLetterErrors", "Count");
const unreserved = meter(namespace, "UnreservedConcurrentExecutions", "Count");

/** What was asked for: the function, or a version or alias of it. */
interface Subject {
  readonly name: string;
  readonly qualifier?: string | undefined;
}

function count(ctx: ReadContext, metric: Measure, { name, qualifier }: Subject, value: number): void {
  ctx.metric(metric.ofAll, [], value);
  ctx.metric(metric.ofFunction, [name], value);
  ctx.metric(metric.ofResource, [name, qualifier === undefined ? name : `${name}:${qualifier}`], value);
}

function countExecuted(
  ctx: ReadContext, metric: Measure, {
    number, name,
  }: FunctionVersion, qualifier: string | undefined, value: number,
): void {
  count(ctx, metric, { name, qualifier }, value);
  if (qualifier !== undefined && number > 0 && qualifier !== versionName(number)) {
    ctx.metric(metric.ofExecutedVersion, [versionName(number), name, `${name}:${qualifier}`], value);
  }
}

export function countInvocation(
  ctx: BodyContext, version: FunctionVersion, qualifier: string | undefined,
  { functionError, report, provisioned }: Outcome,
): void {
  countExecuted(ctx, invocations, version, qualifier, 1);
  countExecuted(ctx, errors, version, qualifier, functionError ? 1 : 0);
  countExecuted(ctx, duration, version, qualifier, report.durationMilliseconds);
  countExecuted(ctx, throttles, version, qualifier, 0);
  if (provisioned) countProvisioned(ctx, version, qualifier, provisioned);
}

function countProvisioned(
  ctx: BodyContext, version: FunctionVersion, qualifier: string | undefined,
  { requested, busy, isServed }: ProvisionedUse,
): void {
  countExecuted(ctx, isServed ? provisionedInvocations : provisionedSpillover, version, qualifier, 1);
  countExecuted(ctx, provisionedBusy, version, qualifier, busy);
  countExecuted(ctx, provisionedShare, version, qualifier, requested > 0 ? busy / requested : 0);
}

/** While one more runs. */
export function countConcurrency(ctx: BodyContext, name: string): void {
  const { ofFunction, ofCell, ofUnreserved } = loadOf(ctx, name);
  ctx.metric(concurrent.ofAll, [], ofCell);
  ctx.metric(concurrent.ofFunction, [name], ofFunction);
  ctx.metric(concurrent.ofResource, [name, name], ofFunction);
  ctx.metric(unreserved, [], ofUnreserved);
}

export function countThrottle(
  ctx: BodyContext, version: FunctionVersion, qualifier: string | undefined,
): void {
  countExecuted(ctx, throttles, version, qualifier, 1);
}

export function countRecursionStopped(ctx: BodyContext, { name }: FunctionVersion): void {
  count(ctx, recursions, { name }, 1);
}

export function countEventReceived(ctx: ReadContext, event: Subject): void {
  count(ctx, received, event, 1);
}

export function countEventAge(ctx: ReadContext, event: Subject, milliseconds: number): void {
  count(ctx, age, event, milliseconds);
}

export function countEventDropped(ctx: BodyContext, event: Subject): void {
  count(ctx, dropped, event, 1);
}

export function countDeliveryFailure(ctx: BodyContext, { name }: FunctionVersion): void {
  count(ctx, deliveryFailures, { name }, 1);
}

export function countDeadLetterError(ctx: BodyContext, { name }: FunctionVersion): void {
  count(ctx, deadLetterErrors, { name }, 1);
}
