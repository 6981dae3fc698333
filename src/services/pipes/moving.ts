/** A batch on its way: enriched, where the pipe says so, and handed to the target. */

import { deliver, type Actor, type TargetSettings } from "../../delivery/deliver.ts";
import type { Failure } from "../../delivery/failure.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { openLog, serviceOf, type ExecutionLog } from "./execution-log.ts";
import { pipeArn, type Pipe } from "./pipe-rows.ts";
import type { Settled, SourceEvent } from "./sources.ts";
import { dynamic, parsedText, render, withReadableData, type Reserved } from "./templates.ts";

export const principal = "pipes.amazonaws.com";

export function actorOf(ctx: BodyContext, { name, roleArn }: Pipe): Actor {
  return { principal, sourceArn: pipeArn(ctx, name), roleArn, sessionName: `pipe-${name}` };
}

function reservedOf(ctx: BodyContext, pipe: Pipe): Reserved {
  return {
    "aws.pipes.pipe-arn": pipeArn(ctx, pipe.name),
    "aws.pipes.pipe-name": pipe.name,
    "aws.pipes.source-arn": pipe.source,
    "aws.pipes.enrichment-arn": pipe.enrichment ?? "",
    "aws.pipes.target-arn": pipe.target,
    "aws.pipes.event.ingestion-time": new Date(ctx.clock.now()).toISOString(),
  };
}

/** What is given of an event: as its template says, or as it is. */
function shaped(ctx: BodyContext, pipe: Pipe, template: string | undefined, event: unknown): string {
  if (
    template === undefined || template === ""
  ) return typeof event === "string" ? event : JSON.stringify(event);
  return render(template, withReadableData(event), reservedOf(ctx, pipe));
}

/** Several as one JSON list: what is no JSON is a text in it. */
function listOf(texts: readonly string[]): string {
  return `[${texts.map((text) => (parsedText(text) === undefined ? JSON.stringify(text) : text)).join(",")}]`;
}

type Enriched = { readonly events: readonly unknown[] } | { readonly failure: Failure };

async function enriched(
  ctx: BodyContext, pipe: Pipe, events: readonly SourceEvent[], log: ExecutionLog,
): Promise<Enriched> {
  if (pipe.enrichment === undefined) return { events: events.map(({ event }) => event) };
  log.step("ENRICHMENT_STAGE_ENTERED");
  const template = pipe.enrichmentParameters?.InputTemplate;
  if (template) log.step("ENRICHMENT_TRANSFORMATION_STARTED");
  const payload = listOf(events.map(({ event }) => shaped(ctx, pipe, template, event)));
  if (template) log.step("ENRICHMENT_TRANSFORMATION_SUCCEEDED", { payload });
  const awsRequest = requestOf(pipe.enrichment, payload);
  log.step("ENRICHMENT_INVOCATION_STARTED");
  const outcome = await deliver(ctx, {
    target: pipe.enrichment, payload, actor: actorOf(ctx, pipe),
    settings: { invocationType: "RequestResponse" },
  });
  if ("failure" in outcome) {
    const facts = { failure: outcome.failure, service: serviceOf(pipe.enrichment) };
    log.step("ENRICHMENT_INVOCATION_FAILED", { ...facts, awsRequest });
    log.step("ENRICHMENT_STAGE_FAILED", facts);
    return { failure: outcome.failure };
  }
  const awsResponse = outcome.payload?.toString() ?? "";
  log.step("ENRICHMENT_INVOCATION_SUCCEEDED", { awsRequest, awsResponse });
  const answer = parsedText(awsResponse);
  const isNothing = answer === undefined || answer === null || answer === "";
  const answered: readonly unknown[] = Array.isArray(answer) ? answer : isNothing ? [] : [answer];
  log.step("ENRICHMENT_STAGE_SUCCEEDED", { payload: JSON.stringify(answered) });
  return { events: answered };
}

/** What is sent, as the log shows it: which members AWS shows is not documented. */
function requestOf(target: string, payload: string): string {
  return JSON.stringify({ target, payload });
}

function isOrdered({ source }: Pipe): boolean {
  return parseArn(source)?.service !== "sqs" || source.endsWith(".fifo");
}

/** Enriches a batch, if the pipe says so, and hands it to the target. */
export async function move(ctx: BodyContext, pipe: Pipe, batch: readonly SourceEvent[]): Promise<Settled> {
  if (batch.length === 0) return { failed: "none" };
  const log = openLog(ctx, pipe);
  log.step("EXECUTION_STARTED", { payload: JSON.stringify(batch.map(({ event }) => event)) });
  const result = await enriched(ctx, pipe, batch, log);
  const settled: Settled = "failure" in result ? { failed: "all", failure: result.failure }
    : await toTarget(ctx, pipe, batch, result.events, log);
  const { failed, failure } = settled;
  if (failed === "none") log.step("EXECUTION_SUCCEEDED");
  else log.step(failed === "all" ? "EXECUTION_FAILED" : "EXECUTION_PARTIALLY_FAILED", { failure });
  log.end();
  return settled;
}

/** Functions are given all at once; others one after the other. */
async function toTarget(
  ctx: BodyContext, pipe: Pipe, batch: readonly SourceEvent[], events: readonly unknown[], log: ExecutionLog,
): Promise<Settled> {
  if (events.length === 0) {
    log.step("TARGET_STAGE_SKIPPED");
    return { failed: "none" };
  }
  log.step("TARGET_STAGE_ENTERED");
  const template = pipe.targetParameters?.InputTemplate;
  if (template) log.step("TARGET_TRANSFORMATION_STARTED");
  const texts = events.map((event) => shaped(ctx, pipe, template, event));
  const payload = listOf(texts);
  if (template) log.step("TARGET_TRANSFORMATION_SUCCEEDED", { payload });
  log.step("TARGET_INVOCATION_STARTED");
  const isFunction = parseArn(pipe.target)?.service === "lambda";
  const { settled, awsResponse } = isFunction ? await toFunction(ctx, pipe, payload)
    : { settled: await oneByOne(ctx, pipe, batch, { events, texts }), awsResponse: undefined };
  const { failed, failure } = settled;
  const ending = failed === "none" ? "SUCCEEDED" : failed === "all" ? "FAILED" : "PARTIALLY_FAILED";
  const facts = { failure, service: failure && serviceOf(pipe.target) };
  log.step(`TARGET_INVOCATION_${ending}`, {
    ...facts, awsRequest: requestOf(pipe.target, payload), awsResponse,
  });
  log.step(`TARGET_STAGE_${ending}`, { ...facts, ...(failed === "none" && { payload }) });
  return settled;
}

interface Shaped {
  readonly events: readonly unknown[];
  readonly texts: readonly string[];
}

async function oneByOne(
  ctx: BodyContext, pipe: Pipe, batch: readonly SourceEvent[], { events, texts }: Shaped,
): Promise<Settled> {
  const failed = new Set<string>();
  let failure: Failure | undefined;
  for (const [index, payload] of texts.entries()) {
    const settings = settingsOf(pipe, withReadableData(events[index]));
    const outcome = await deliver(ctx, { target: pipe.target, payload, actor: actorOf(ctx, pipe), settings });
    if (!("failure" in outcome)) continue;
    failure = outcome.failure;
    // What enrichment answers need not be one for one.
    const id = pipe.enrichment === undefined ? batch[index]?.id : undefined;
    if (id === undefined) return { failed: "all", failure };
    failed.add(id);
    // What comes in order is not passed by what comes behind it.
    if (!isOrdered(pipe)) continue;
    for (const event of batch.slice(index)) failed.add(event.id);
    break;
  }
  if (failed.size === 0) return { failed: "none" };
  return { failed: failed.size === batch.length ? "all" : failed, failure };
}

/** @evidence EventBridge User Guide, "Amazon EventBridge Pipes batching": `batchItemFailures` */
async function toFunction(
  ctx: BodyContext, pipe: Pipe, payload: string,
): Promise<{ readonly settled: Settled; readonly awsResponse?: string | undefined }> {
  const { InvocationType } = pipe.targetParameters?.LambdaFunctionParameters ?? {};
  const isAsynchronous = InvocationType === "FIRE_AND_FORGET";
  const outcome = await deliver(ctx, {
    target: pipe.target, payload, actor: actorOf(ctx, pipe),
    settings: { invocationType: isAsynchronous ? "Event" : "RequestResponse" },
  });
  if ("failure" in outcome) return { settled: { failed: "all", failure: outcome.failure } };
  const awsResponse = outcome.payload?.toString();
  const answer = isAsynchronous ? undefined : parsedText(awsResponse ?? "");
  const failures = typeof answer === "object" && answer !== null && "batchItemFailures" in answer
    ? answer.batchItemFailures : undefined;
  if (!Array.isArray(failures) || failures.length === 0) return { settled: { failed: "none" }, awsResponse };
  const ids = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  const areNamed = ids.every((id): id is string => typeof id === "string" && id !== "");
  return { settled: { failed: areNamed ? new Set(ids) : "all" }, awsResponse };
}

function settingsOf({ targetParameters = {} }: Pipe, event: unknown): TargetSettings {
  const {
    SqsQueueParameters: queue, KinesisStreamParameters: stream, EventBridgeEventBusParameters: bus,
    CloudWatchLogsParameters: logs,
  } = targetParameters;
  const time = dynamic(bus?.Time, event);
  return {
    messageGroupId: dynamic(queue?.MessageGroupId, event),
    messageDeduplicationId: dynamic(queue?.MessageDeduplicationId, event),
    partitionKey: dynamic(stream?.PartitionKey, event),
    logStreamName: dynamic(logs?.LogStreamName, event),
    event: {
      source: dynamic(bus?.Source, event) ?? "Pipe",
      detailType: dynamic(bus?.DetailType, event) ?? "Event from pipe",
      resources: (bus?.Resources ?? []).map((resource) => dynamic(resource, event) ?? resource),
      ...(time !== undefined && !Number.isNaN(Date.parse(time)) && { time: Date.parse(time) }),
    },
  };
}
