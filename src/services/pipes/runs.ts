/** A pipe at work: it takes what its source has, moves it on, and waits until there is more. */

import { sessionOf } from "../../delivery/role-session.ts";
import { job, recurringJob, type Job } from "../../jobs/job.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { batchMeasured } from "./metrics.ts";
import { actorOf, move, principal } from "./moving.ts";
import { pipeArn, pipesTable, stateOf, transitionMilliseconds, type Pipe } from "./pipe-rows.ts";
import { queueSource } from "./queue-source.ts";
import { sourceKind, type SourceKind } from "./rules.ts";
import { openPipe } from "./sealed-pipes.ts";
import { positions } from "./stream-positions.ts";
import { dynamodbSource, kinesisSource } from "./stream-source.ts";
import type { Flow, Source } from "./sources.ts";

const sources: Readonly<Record<SourceKind, Source>> = {
  sqs: queueSource, kinesis: kinesisSource, dynamodb: dynamodbSource,
};

/** As long as a pipe waits for what it is not told of: messages whose time comes. */
const idleMilliseconds = 20_000;
const retryMilliseconds = 5_000;

interface Work {
  readonly name: string;
  readonly generation: number;
}

/** To be called whenever a pipe has entered a state on its way to another. */
export function expectPipe(ctx: Context, pipe: Pipe): void {
  const { name, generation, enteredAt, desired } = pipe;
  const at = enteredAt + transitionMilliseconds;
  // Whoever waits for its source sees that it has changed.
  ctx.wake(sources[sourceKind(pipe.source)].topic(pipe));
  if (desired === "RUNNING") ctx.schedule(poll, { at, id: name, input: { name, generation } });
  else ctx.unschedule(poll, name);
  if (desired === "DELETED") ctx.schedule(remove, { at, id: name, input: { name, generation } });
}

export const remove = job("pipes.remove", ({ name, generation }: Work, ctx: Context) => {
  if (ctx.db(pipesTable).get(name)?.generation !== generation) return;
  ctx.db(pipesTable).delete(name);
  ctx.tags(pipeArn(ctx, name)).clear();
  for (
    const { shard } of [...ctx.db(positions).list({ prefix: [name] })]
  ) ctx.db(positions).delete([name, shard]);
});

function current(ctx: BodyContext, { name, generation }: Work): Pipe | undefined {
  const pipe = ctx.transaction((within) => within.db(pipesTable).get(name));
  return pipe?.generation === generation && stateOf(pipe, ctx.clock.now()) === "RUNNING" ? pipe : undefined;
}

/** It goes on for as long as the pipe runs, whatever happens to it. */
export const poll: Job<Work> = recurringJob("pipes.poll", takeAll);

async function takeAll(work: Work, ctx: BodyContext): Promise<void> {
  const pipe = current(ctx, work);
  if (!pipe) return;
  const source = sources[sourceKind(pipe.source)];
  let isDone: boolean;
  try {
    isDone = await drain(ctx, work, pipe, source);
    proven(ctx, work);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    if (isRefusedAtFirst(pipe, cause)) return failed(ctx, work, cause);
    isDone = false;
  }
  if (!current(ctx, work)) return;
  await ctx.wait(isDone ? idleMilliseconds : retryMilliseconds, isDone ? source.topic(pipe) : undefined);
  // Also when the region stops: then it goes on from here when it starts again. What was begun anew goes on.
  ctx.transaction((within) => {
    if (within.db(pipesTable).get(work.name)?.generation !== work.generation) return;
    within.schedule(poll, { at: ctx.clock.now(), id: work.name, input: work });
  });
}

/** @returns whether nothing has failed */
async function drain(ctx: BodyContext, work: Work, pipe: Pipe, source: Source): Promise<boolean> {
  const { sessionName = "pipe" } = actorOf(ctx, pipe);
  const session = await sessionOf(ctx, {
    roleArn: pipe.roleArn, principal, sourceArn: pipeArn(ctx, pipe.name), sessionName,
  });
  const role: CallOptions = { as: { session } };
  const opened = await openPipe(ctx, pipe, role);
  const mayGoOn = (): boolean => !ctx.signal.aborted && current(ctx, work) !== undefined;
  for (;;) {
    const flows = await source.flows(ctx, opened, role);
    const results = await Promise.allSettled(flows.map((flow) => drainFlow(ctx, opened, flow, mayGoOn)));
    const broken = results.find((result) => result.status === "rejected");
    if (broken) throw broken.reason;
    const isDone = results.every((result) => result.status === "fulfilled" && result.value);
    const isMore = flows.some((flow) => flow.hasEnded());
    if (!isDone || !isMore || !mayGoOn()) return isDone;
  }
}

/** @returns whether nothing has failed */
async function drainFlow(
  ctx: BodyContext, pipe: Pipe, { rounds }: Flow, mayGoOn: () => boolean,
): Promise<boolean> {
  let isDone = true;
  for await (const round of rounds) {
    // What is not settled comes again: the flow ends by itself, and keeps what it has.
    if (!mayGoOn()) continue;
    const outcomes = await Promise.all(round.map(async (batch) => {
      const result = await move(ctx, pipe, batch.events);
      await batch.settle(result);
      batchMeasured(ctx, pipe, batch.events.length + batch.others.length, result);
      return result;
    }));
    if (outcomes.some(({ failed: which }) => which !== "none")) isDone = false;
  }
  return isDone;
}

/** It has read its source: what goes wrong from now on may get right again. */
function proven(ctx: BodyContext, { name, generation }: Work): void {
  ctx.transaction((within) => {
    const pipe = within.db(pipesTable).get(name);
    if (pipe?.generation !== generation || pipe.entered === "RUNNING") return;
    within.db(pipesTable).put({ ...pipe, entered: "RUNNING" });
  });
}

/** What a new configuration can't do from the beginning is its own fault. */
function isRefusedAtFirst({ entered }: Pipe, { code, status }: AwsError): boolean {
  const isNew = entered === "CREATING" || entered === "UPDATING" || entered === "STARTING";
  return isNew && status < 500 && !/throttl/i.test(code);
}

const failures = { CREATING: "CREATE_FAILED", UPDATING: "UPDATE_FAILED", STARTING: "START_FAILED" } as const;

function failed(ctx: BodyContext, { name, generation }: Work, { message }: AwsError): void {
  ctx.transaction((within) => {
    const pipe = within.db(pipesTable).get(name);
    if (pipe?.generation !== generation) return;
    const entered = failures[pipe.entered as keyof typeof failures];
    within.db(pipesTable).put({ ...pipe, entered, reason: message.slice(0, 512) });
  });
}
