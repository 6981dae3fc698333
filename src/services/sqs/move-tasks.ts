/** Message move tasks: what lies in a dead-letter queue goes back to where it came from, or elsewhere. */

import * as sqs from "../../generated/sqs.ts";
import { job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { findQueueByArn } from "./addresses.ts";
import { invalidParameterValue, invalidValue, moveResourceNotFound, resourceNotFound } from "./errors.ts";
import { availableMessages, nextPlace } from "./fifo.ts";
import { countMessages, messages, placeOf, visibleMessages, type Message } from "./message-table.ts";
import { isFifo, queues, topicOf, type Queue } from "./queue-table.ts";
import { isDeadLetterQueue } from "./redrive.ts";
import { deleteMessages } from "./retention.ts";
import { enqueue } from "./sending.ts";

interface MoveTask {
  readonly sourceArn: string;
  readonly startedAt: number;
  readonly id: string;
  /** Absent where each message goes back to its own source. */
  readonly destinationArn?: string;
  readonly countPerSecondMax?: number;
  readonly moved: number;
  readonly toMove: number;
  readonly status: "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
  readonly failureReason?: string;
}

const moveTasks = table<MoveTask>("sqs.moveTasks", { key: (row) => [row.sourceArn, row.startedAt, row.id] });

/** @evidence SQS API Reference, ListMessageMoveTasks: the most recent tasks, up to 10 */
const keptCount = 10;

/** How many messages one transaction moves where the task sets no pace. */
const sliceCount = 100;

function requireSource(ctx: Context, arn: string): Queue {
  const queue = findQueueByArn(ctx, arn);
  if (!queue) throw moveResourceNotFound("SourceArn");
  return queue;
}

/** Kept in the form that AWS gives out: the id and the source, as JSON in base64. */
function taskHandle(task: MoveTask): string {
  return Buffer.from(JSON.stringify({ taskId: task.id, sourceArn: task.sourceArn })).toString("base64");
}

function openHandle(handle: string): { taskId: string; sourceArn: string } | undefined {
  try {
    const opened: unknown = JSON.parse(Buffer.from(handle, "base64").toString());
    if (typeof opened !== "object" || opened === null) return undefined;
    if (!("taskId" in opened) || !("sourceArn" in opened)) return undefined;
    const { taskId, sourceArn } = opened;
    return typeof taskId === "string" && typeof sourceArn === "string" ? { taskId, sourceArn } : undefined;
  } catch {
    return undefined;
  }
}

function tasksOf(ctx: ReadContext, sourceArn: string): MoveTask[] {
  return [...ctx.db(moveTasks).list({ prefix: [sourceArn], reverse: true })];
}

/** The queues whose dead letters go to this one. */
function sourcesOf(ctx: ReadContext, deadLetterArn: string): Queue[] {
  return [...ctx.db(queues).by("deadLetterTarget").list({ prefix: [deadLetterArn] })];
}

function requirePermissions(ctx: Context, source: Queue, destinations: readonly Queue[]): void {
  const resource = ctx.arn(source.name);
  for (const action of ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]) {
    ctx.authorize({ action, resource });
  }
  for (const { name } of destinations) ctx.authorize({ action: "sqs:SendMessage", resource: ctx.arn(name) });
}

/** @evidence SQS API Reference, StartMessageMoveTask; recorded refusals */
export const StartMessageMoveTask = operation(sqs.StartMessageMoveTask, {
  resource: (input) => input.SourceArn,
  run(input, ctx) {
    const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: rate } = input;
    const source = requireSource(ctx, SourceArn);
    if (!isDeadLetterQueue(ctx, source)) {
      throw invalidParameterValue("Source queue must be configured as a Dead Letter Queue.");
    }
    const destination = DestinationArn === undefined ? undefined : findQueueByArn(ctx, DestinationArn);
    if (DestinationArn !== undefined && !destination) throw moveResourceNotFound("DestinationArn");
    if (destination && isFifo(destination) !== isFifo(source)) {
      throw invalidParameterValue("Source queue and destination queue must be of the same type.");
    }
    if (destination?.id === source.id) {
      throw invalidParameterValue("Source queue and destination queue cannot be the same.");
    }
    if (rate !== undefined && (rate < 1 || rate > 500)) {
      throw invalidValue(
        rate, "MaxNumberOfMessagesPerSecond",
        "You must enter a value between 1 and 500 to set a custom velocity.",
      );
    }
    requirePermissions(ctx, source, destination ? [destination] : sourcesOf(ctx, SourceArn));
    const earlier = tasksOf(ctx, SourceArn);
    if (earlier.some((task) => task.status === "RUNNING")) {
      throw invalidParameterValue(
        "There is already a task running. " +
          "Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    for (const { startedAt, id } of earlier.slice(keptCount - 1)) {
      ctx.db(moveTasks).delete([SourceArn, startedAt, id]);
    }
    const task = ctx.db(moveTasks).put({
      sourceArn: SourceArn,
      startedAt: ctx.clock.now(),
      id: ctx.ids.uuid(),
      ...(DestinationArn !== undefined && { destinationArn: DestinationArn }),
      ...(rate !== undefined && { countPerSecondMax: rate }),
      moved: 0,
      toMove: countMessages(ctx, source).visible,
      status: "RUNNING",
    });
    continueTask(ctx, task);
    return { TaskHandle: taskHandle(task) };
  },
});

interface TaskKey {
  readonly sourceArn: string;
  readonly startedAt: number;
  readonly id: string;
}

function continueTask(ctx: Context, task: MoveTask): void {
  const { sourceArn, startedAt, id, countPerSecondMax } = task;
  const at = ctx.clock.now() + (countPerSecondMax === undefined ? 0 : 1000);
  ctx.schedule(moveMessages, { at, input: { sourceArn, startedAt, id } });
}

/** Where a message of the task goes; text is the reason for which the task fails. */
function destinationOf(ctx: Context, task: MoveTask, message: Message): Queue | string {
  const arn = task.destinationArn ?? message.deadLetterSourceArn;
  if (arn === undefined) return "CouldNotDetermineMessageSource";
  return findQueueByArn(ctx, arn) ?? "AWS.SimpleQueueService.NonExistentQueue";
}

/**
 * @evidence SQS Developer Guide, DLQ redrive: redriven messages are new messages, with a new id and a new age
 */
function moveMessage(ctx: Context, message: Message, destination: Queue): void {
  const { body, bodyMd5, attributes, senderId, traceHeader, fifo, group, deduplicationId } = message;
  const now = ctx.clock.now();
  const place = isFifo(destination) ? nextPlace(ctx, destination) : placeOf(ctx, destination, now);
  deleteMessages(ctx, [message]);
  enqueue(ctx, destination, {
    ...place, id: ctx.ids.uuid(), body, bodyMd5, senderId, visibleAt: now, receiveCount: 0,
    ...(attributes && { attributes }),
    ...(traceHeader !== undefined && { traceHeader }),
    ...(fifo && { fifo }),
    ...(group !== undefined && { group }),
    ...(deduplicationId !== undefined && { deduplicationId }),
  });
}

function nextMessages(ctx: Context, source: Queue, limit: number): Message[] {
  const found: Message[] = [];
  const candidates = isFifo(source) ? availableMessages(ctx, source)
    : visibleMessages(ctx.db(messages), source.generation, ctx.clock.now());
  if (limit <= 0) return found;
  for (const message of candidates) if (found.push(message) === limit) break;
  return found;
}

/** One step of a task; returns the topics of the queues that got messages. */
function advance(ctx: Context, task: MoveTask): Set<string> {
  const topics = new Set<string>();
  const source = findQueueByArn(ctx, task.sourceArn);
  let moved = task.moved;
  const finish = (status: MoveTask["status"], failureReason?: string): Set<string> => {
    const after = { ...task, moved, status, ...(failureReason !== undefined && { failureReason }) };
    ctx.db(moveTasks).put(after);
    if (status === "RUNNING") continueTask(ctx, after);
    return topics;
  };
  if (!source) return finish("FAILED", "AWS.SimpleQueueService.NonExistentQueue");
  const limit = Math.min(task.countPerSecondMax ?? sliceCount, task.toMove - task.moved);
  const next = nextMessages(ctx, source, limit);
  for (const message of next) {
    const destination = destinationOf(ctx, task, message);
    if (typeof destination === "string") return finish("FAILED", destination);
    moveMessage(ctx, message, destination);
    topics.add(topicOf(destination));
    moved += 1;
  }
  return finish(moved >= task.toMove || next.length < limit ? "COMPLETED" : "RUNNING");
}

export const moveMessages = job<TaskKey>("sqs.moveMessages", (input, ctx) => {
  const task = ctx.db(moveTasks).get([input.sourceArn, input.startedAt, input.id]);
  if (task?.status !== "RUNNING") return;
  for (const topic of advance(ctx, task)) ctx.wake(topic);
});

export const ListMessageMoveTasks = operation(sqs.ListMessageMoveTasks, {
  resource: (input) => input.SourceArn,
  run(input, ctx) {
    const limit = input.MaxResults ?? 1;
    if (limit < 1 || limit > keptCount) {
      throw invalidValue(limit, "MaxResults", "MaxResults must be an integer between 1 and 10.");
    }
    requireSource(ctx, input.SourceArn);
    return {
      Results: tasksOf(ctx, input.SourceArn).slice(0, limit).map((task) => ({
        // Only a task that can be cancelled has a handle.
        TaskHandle: task.status === "RUNNING" ? taskHandle(task) : undefined,
        Status: task.status,
        SourceArn: task.sourceArn,
        DestinationArn: task.destinationArn,
        MaxNumberOfMessagesPerSecond: task.countPerSecondMax,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        FailureReason: task.failureReason,
        StartedTimestamp: task.startedAt,
      })),
    };
  },
});

/** @evidence SQS, recorded refusals of CancelMessageMoveTask */
export const CancelMessageMoveTask = operation(sqs.CancelMessageMoveTask, {
  resource: (input) => {
    const sourceArn = openHandle(input.TaskHandle)?.sourceArn;
    return sourceArn !== undefined && parseArn(sourceArn) ? sourceArn : "*";
  },
  run(input, ctx) {
    const handle = openHandle(input.TaskHandle);
    if (!handle) throw invalidParameterValue("Value for parameter TaskHandle is invalid.");
    requireSource(ctx, handle.sourceArn);
    const task = tasksOf(ctx, handle.sourceArn).find(({ id }) => id === handle.taskId);
    if (!task) throw resourceNotFound("Task does not exist.");
    if (task.status !== "RUNNING") {
      throw modelled(sqs.UnsupportedOperation, "Only running tasks can be cancelled.");
    }
    ctx.db(moveTasks).put({ ...task, status: "CANCELLED" });
    return { ApproximateNumberOfMessagesMoved: task.moved };
  },
});
