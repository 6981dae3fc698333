/** Single events by their pointers, and which fields a group's events have. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { scanBackward, type FoundEvent } from "./block-scan.ts";
import { openGroup } from "./data-keys.ts";
import { resourceNotFound } from "./errors.ts";
import { aboutGroup, namedGroup, onNamedGroup, type LogGroup } from "./group-table.ts";
import { lambdaMembers, membersOf } from "./insights/discovered.ts";
import { textOf, type Value } from "./insights/values.ts";
import { maskFor } from "./masking.ts";
import { findEvent, groupOfPointer, readPointer } from "./pointers.ts";

/** @evidence CloudWatch Logs User Guide, "Supported logs and discovered fields": 200 fields an event */
const fieldsMax = 200;

function* flattened(value: unknown, name: string): Generator<[string, Value]> {
  if (typeof value !== "object" || value === null) {
    yield [name, value as Value];
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    yield* flattened(member, name === "" ? key : `${name}.${key}`);
  }
}

/** The fields that are found in an event. Names of its own that begin with `@` are shown with two of them. */
function discovered(group: string, message: string): Map<string, Value> {
  const fields = new Map<string, Value>();
  if (group.startsWith("/aws/lambda/")) {
    for (const [name, value] of Object.entries(lambdaMembers(message))) fields.set(name, value as Value);
  }
  for (const [name, value] of flattened(membersOf(message), "")) {
    if (fields.size >= fieldsMax) break;
    fields.set(name.startsWith("@") ? `@${name}` : name, value);
  }
  fields.delete("");
  return fields;
}

function recordOf(
  ctx: BodyContext, group: LogGroup, event: FoundEvent, message: string
): Record<string, string> {
  const fields: [string, Value][] = [
    ["@timestamp", event.timestamp],
    ["@ingestionTime", event.ingestedAt],
    ["@log", `${ctx.account}:${group.name}`],
    ["@logStream", event.streamName],
    ["@message", message],
    ...discovered(group.name, message),
  ];
  return Object.fromEntries(fields.flatMap(([name, value]) => {
    const text = textOf(value);
    return text === undefined ? [] : [[name, text]];
  }));
}

async function record(
  ctx: BodyContext, text: string, unmask: boolean | undefined
): Promise<Record<string, string>> {
  const pointer = readPointer(text);
  const { group, keys } = await openGroup(ctx, pointer.group);
  const mask = maskFor(ctx, group, unmask);
  const event = ctx.reading(() => findEvent(ctx, group, pointer, keys));
  if (!event) throw resourceNotFound("The specified log record does not exist.");
  return recordOf(ctx, group, event, mask(event.message, event.ingestedAt));
}

export const GetLogRecord = operation(logs.GetLogRecord, {
  resource: (input, ctx) => aboutGroup(groupOfPointer(input.logRecordPointer), ctx),
  body: async (input, ctx) =>
    ({ logRecord: await record(ctx, input.logRecordPointer, input.unmask) }),
});

/** The same as an event stream of one part. */
export const GetLogObject = operation(logs.GetLogObject, {
  resource: (input, ctx) => aboutGroup(groupOfPointer(input.logObjectPointer), ctx),
  async body(input, ctx) {
    const fields = await record(ctx, input.logObjectPointer, input.unmask);
    return { fieldStream: once({ fields: { data: Buffer.from(JSON.stringify(fields)) } }) };
  },
});

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield await Promise.resolve(item);
}

/**
 * @evidence CloudWatch Logs API Reference, GetLogGroupFields: eight minutes before and after, or the last
 * 15
 */
const aroundMilliseconds = 8 * 60_000;
const lastMilliseconds = 15 * 60_000;
const eventsMax = 10_000;

export const GetLogGroupFields = operation(logs.GetLogGroupFields, {
  ...onNamedGroup,
  async body(input, ctx) {
    const { group, keys } = await openGroup(ctx, namedGroup(input));
    const now = ctx.clock.now();
    const time = input.time === undefined ? undefined
      : input.time * (input.time > 100_000_000_000 ? 1 : 1_000);
    const scope = time === undefined ? { from: now - lastMilliseconds, before: now + 1 }
      : { from: time - aroundMilliseconds, before: time + aroundMilliseconds };
    const counts = new Map<string, number>();
    let events = 0;
    ctx.reading(() => {
      for (const { message } of scanBackward(ctx, { groupId: group.id, ...scope }, keys)) {
        if (++events > eventsMax) break;
        const names = ["@timestamp", "@message", "@logStream", "@log", "@ingestionTime"];
        for (const name of [...names, ...discovered(group.name, message).keys()]) {
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
      }
    });
    const fields = [...counts].map(
      ([name, count]) => ({ name, percent: Math.round((100 * count) / events) })
    );
    return { logGroupFields: fields.sort((left, right) => right.percent - left.percent) };
  },
});
