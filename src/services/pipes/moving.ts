/** A batch on its way: enriched, where the pipe says so, and handed to the target. */

import { deliver, type Actor, type TargetSettings } from "../../delivery/deliver.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
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

type Enriched = { readonly events: readonly unknown[] } | { readonly failure: string };

async function enriched(ctx: BodyContext, pipe: Pipe, events: readonly SourceEvent[]): Promise<Enriched> {
  if (pipe.enrichment === undefined) return { events: events.map(({ event }) => event) };
  const template = pipe.enrichmentParameters?.InputTemplate;
  const payload = listOf(events.map(({ event }) => shaped(ctx, pipe, template, event)));
  const outcome = await deliver(ctx, {
    target: pipe.enrichment, payload, actor: actorOf(ctx, pipe),
    settings: { invocationType: "RequestResponse" },
  });
  if ("failure" in outcome) return { failure: outcome.failure.message };
  const answer = parsedText(outcome.payload?.toString() ?? "");
  if (Array.isArray(answer)) return { events: answer };
  const isNothing = answer === undefined || answer === null || answer === "";
  return { events: isNothing ? [] : [answer] };
}

function isOrdered({ source }: Pipe): boolean {
  return parseArn(source)?.service !== "sqs" || source.endsWith(".fifo");
}

/** Functions are given all at once; others one after the other. */
export async function move(ctx: BodyContext, pipe: Pipe, batch: readonly SourceEvent[]): Promise<Settled> {
  if (batch.length === 0) return { failed: "none" };
  const result = await enriched(ctx, pipe, batch);
  if ("failure" in result) return { failed: "all", reason: result.failure };
  if (result.events.length === 0) return { failed: "none" };
  const template = pipe.targetParameters?.InputTemplate;
  const texts = result.events.map((event) => shaped(ctx, pipe, template, event));
  if (parseArn(pipe.target)?.service === "lambda") return toFunction(ctx, pipe, listOf(texts));
  const failed = new Set<string>();
  let reason: string | undefined;
  for (const [index, payload] of texts.entries()) {
    const settings = settingsOf(pipe, result.events[index]);
    const outcome = await deliver(ctx, { target: pipe.target, payload, actor: actorOf(ctx, pipe), settings });
    if (!("failure" in outcome)) continue;
    reason = outcome.failure.message;
    // What enrichment answers need not be one for one.
    const id = pipe.enrichment === undefined ? batch[index]?.id : undefined;
    if (id === undefined) return { failed: "all", reason };
    failed.add(id);
    // What comes in order is not passed by what comes behind it.
    if (isOrdered(pipe)) return { failed: new Set(batch.slice(index).map((event) => event.id)), reason };
  }
  return { failed: failed.size === 0 ? "none" : failed, ...(reason !== undefined && { reason }) };
}

/** @evidence EventBridge User Guide, "Amazon EventBridge Pipes batching": `batchItemFailures` */
async function toFunction(ctx: BodyContext, pipe: Pipe, payload: string): Promise<Settled> {
  const { InvocationType } = pipe.targetParameters?.LambdaFunctionParameters ?? {};
  const isAsynchronous = InvocationType === "FIRE_AND_FORGET";
  const outcome = await deliver(ctx, {
    target: pipe.target, payload, actor: actorOf(ctx, pipe),
    settings: { invocationType: isAsynchronous ? "Event" : "RequestResponse" },
  });
  if ("failure" in outcome) return { failed: "all", reason: outcome.failure.message };
  const answer = isAsynchronous ? undefined : parsedText(outcome.payload?.toString() ?? "");
  const failures = typeof answer === "object" && answer !== null && "batchItemFailures" in answer
    ? answer.batchItemFailures : undefined;
  if (!Array.isArray(failures) || failures.length === 0) return { failed: "none" };
  const ids = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  const areNamed = ids.every((id): id is string => typeof id === "string" && id !== "");
  return { failed: areNamed ? new Set(ids) : "all" };
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
