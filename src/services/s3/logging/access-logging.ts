/** Requests and their answers on the way into a bucket's log. */

import type { FrontContext, FrontRequest, Passed, WireResponse } from "../../../kernel/front.ts";
import { keepLines, logCell } from "./access-log.ts";
import { logLine, type LoggedRequest } from "./access-log-lines.ts";
import { loggedOperation } from "./access-log-operations.ts";
import { parseCopySource } from "../objects/copy-source.ts";
import type { Named } from "../website/preflight.ts";
import { printableUrl } from "../printable-url.ts";

export type LoggedFacts = Pick<
  LoggedRequest,
  "operation" | "key" | "caller" | "authenticationMethod" | "error" | "objectBytes" | "versionId"
>;

/** A request that the front answered itself. */
export function logAnswer(
  request: FrontRequest,
  response: WireResponse,
  bucket: string,
  facts: LoggedFacts,
  ctx: FrontContext,
): void {
  write(request, bucket, [loggedOf(response, facts, ctx)], ctx);
}

/** A request for an operation, which may have done several things, in several buckets. */
export function logPassed(request: FrontRequest, passed: Passed, named: Named, ctx: FrontContext): void {
  const { operation, caller, authenticationMethod, error } = passed;
  const facts: LoggedFacts = {
    operation: loggedOperation(ctx.kernel, operation, { method: request.method, key: named.key }),
    key: named.key,
    caller,
    authenticationMethod,
    error: error?.code,
    objectBytes: objectBytesOf(passed),
    versionId: text(passed.input?.["VersionId"]),
  };
  const logged = loggedOf(passed.response, facts, ctx);
  write(request, named.bucket, [logged, ...deletedOf(passed, logged)], ctx);
  const source = copiedFrom(passed);
  if (source) {
    const read = { ...logged, operation: `${logged.operation}_GET`, key: source.key, objectBytes: undefined };
    write(request, source.bucket, [read], ctx);
  }
}

function loggedOf(response: WireResponse, facts: LoggedFacts, ctx: FrontContext): LoggedRequest {
  return {
    ...facts,
    status: response.status,
    bytesSent: sizeOf(response),
    milliseconds: ctx.milliseconds(),
    requestId: ctx.requestId,
    hostId: response.headers["x-amz-id-2"] ?? "-",
    at: ctx.clock.now(),
  };
}

function write(
  request: FrontRequest,
  bucket: string,
  logged: readonly LoggedRequest[],
  ctx: FrontContext,
): void {
  const cell = logCell(ctx.kernel, bucket);
  if (!cell) return;
  const lines = logged.map((each) => logLine(cell.account, bucket, request, each));
  ctx.within(cell).transaction((within) => keepLines(within, bucket, lines));
}

function sizeOf({ headers, body }: WireResponse): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return Buffer.isBuffer(body) ? body.length : Number(headers["content-length"] ?? 0);
}

/** Of the whole object, also where a part of it was asked for. */
export function objectBytesOf({ operation, input, output }: Passed): number | undefined {
  if (operation === "GetObject" || operation === "HeadObject") {
    const whole = /\/(\d+)$/.exec(text(output?.["ContentRange"]) ?? "")?.[1];
    return whole === undefined ? (output?.["ContentLength"] as number | undefined) : Number(whole);
  }
  if (!output || (operation !== "PutObject" && operation !== "UploadPart")) return undefined;
  const body = input?.["Body"] as { readonly length?: number; readonly sizeBytes?: number } | undefined;
  return body?.sizeBytes ?? body?.length ?? 0;
}

interface Deleted {
  readonly Key?: string;
  readonly VersionId?: string;
  readonly Code?: string;
}

/** Deleting many objects is logged as one request and as each deletion. */
function deletedOf({ operation, output }: Passed, logged: LoggedRequest): LoggedRequest[] {
  if (operation !== "DeleteObjects" || !output) return [];
  const of = (each: Deleted, status: number): LoggedRequest => ({
    ...logged,
    operation: "BATCH.DELETE.OBJECT",
    key: printableUrl(each.Key ?? ""),
    status,
    error: each.Code,
    versionId: each.VersionId,
    milliseconds: undefined,
    isPart: true,
  });
  const deleted = (output["Deleted"] ?? []) as readonly Deleted[];
  const errors = (output["Errors"] ?? []) as readonly Deleted[];
  return [...deleted.map((each) => of(each, 204)), ...errors.map((each) => of(each, 403))];
}

function copiedFrom({ operation, input, output }: Passed): Named | undefined {
  if ((operation !== "CopyObject" && operation !== "UploadPartCopy") || !output) return undefined;
  const { Bucket, Key } = parseCopySource(text(input?.["CopySource"]) ?? "");
  return { bucket: Bucket, key: printableUrl(Key) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
