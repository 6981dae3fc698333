/**
 * Functions that cause themselves to run: each invocation carries with its trace how often it has been
 * through which function, and SDKs pass that on.
 *
 * @evidence Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops": after
 *   about 16
 */

import { createHash } from "node:crypto";
import type { BodyContext } from "../../kernel/context.ts";
import { recursive } from "./errors.ts";
import { functionArn } from "./function-names.ts";
import { requireFunction, type FunctionVersion } from "./function-table.ts";
import { countRecursionStopped } from "./invocation-metrics.ts";
import { sampledFlag } from "./sampling.ts";

const loopsMax = 16;

/**
 * The trace of the invocation that comes of this one. @throws AwsError where the function has gone in circles
 */
export function nextTrace(ctx: BodyContext, version: FunctionVersion, arrived: string | undefined): string {
  const fields = fieldsOf(arrived ?? "");
  const root = fields.get("Root") ?? newRoot(ctx);
  const mark = markOf(ctx, version.name);
  const loops = loopsOf(fields.get("Lineage") ?? "", mark);
  if (loops >= loopsMax && ctx.reading(() => requireFunction(ctx, version.name).recursiveLoop) !== "Allow") {
    countRecursionStopped(ctx, version);
    throw recursive();
  }
  const parent = ctx.ids.hex(16);
  const sampled = sampledFlag(ctx, version, fields.get("Sampled"), parent);
  const passed = lineage(fields.get("Lineage") ?? "", mark, loops);
  return `Root=${root};Parent=${parent};Sampled=${sampled};Lineage=${passed}`;
}

/** Of what a batch brings along: that which has been through the function most often. */
export function deepest(
  ctx: BodyContext, name: string, headers: readonly (string | undefined)[],
): string | undefined {
  const mark = markOf(ctx, name);
  const depth = (header: string): number => loopsOf(fieldsOf(header).get("Lineage") ?? "", mark);
  return headers.reduce((most, header) =>
    header !== undefined && (most === undefined || depth(header) > depth(most)) ? header : most, undefined);
}

function fieldsOf(header: string): Map<string, string> {
  if (header === "") return new Map();
  return new Map(header.split(";").flatMap((field) => {
    const equals = field.indexOf("=");
    return equals < 0 ? [] : [[field.slice(0, equals).trim(), field.slice(equals + 1)] as const];
  }));
}

/** The header of a trace that begins. */
export function newTrace(ctx: BodyContext): string {
  return `Root=${newRoot(ctx)}`;
}

/** @evidence X-Ray Developer Guide, "Trace ID format" */
function newRoot(ctx: BodyContext): string {
  const seconds = Math.floor(ctx.clock.now() / 1_000).toString(16).padStart(8, "0");
  return `1-${seconds}-${ctx.ids.hex(24)}`;
}

function markOf(ctx: BodyContext, name: string): string {
  const marks = ctx.kernel.cacheFor<string>("lambda.marks");
  const key = `${ctx.account} ${ctx.region} ${name}`;
  let mark = marks.get(key);
  if (mark === undefined) {
    const arn = ctx.reading(() => functionArn(ctx, name));
    marks.set(key, (mark = createHash("sha256").update(arn).digest("hex").slice(0, 8)));
  }
  return mark;
}

/** `mark:loops`, separated by `|`: a function that causes another keeps both counts. */
function loopsOf(text: string, mark: string): number {
  const entry = text.split("|").find((each) => each.startsWith(`${mark}:`));
  return entry === undefined ? 0 : Number(entry.slice(mark.length + 1));
}

function lineage(text: string, mark: string, loops: number): string {
  const others = text.split("|").filter((each) => each !== "" && !each.startsWith(`${mark}:`));
  return [...others, `${mark}:${loops + 1}`].slice(-8).join("|");
}
