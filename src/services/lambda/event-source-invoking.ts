/** The function gets a batch, and says which of it failed. */

import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { invokeFunction, type InvocationResult } from "./invocations.ts";
import type { EventSourceMapping } from "./event-source-table.ts";

export type BatchOutcome =
  | { readonly kind: "done"; readonly result: InvocationResult }
  /** Some failed: by what they are called. */
  | { readonly kind: "partly"; readonly failed: ReadonlySet<string>; readonly result: InvocationResult }
  | { readonly kind: "failed"; readonly result: InvocationResult }
  /** It was not invoked: throttled, gone, not runnable. */
  | { readonly kind: "refused"; readonly error: AwsError };

export async function invokeWithBatch(
  ctx: BodyContext, mapping: EventSourceMapping, events: readonly object[], identifiers: readonly string[],
  more: { readonly traceHeader?: string | undefined; readonly members?: object } = {},
): Promise<BatchOutcome> {
  const { name, qualifier, settings } = mapping;
  let result: InvocationResult;
  try {
    const { traceHeader, members } = more;
    const payload = Buffer.from(JSON.stringify({ Records: events, ...members }));
    result = await invokeFunction(ctx, { name, qualifier, traceHeader, payload });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { kind: "refused", error };
  }
  if (result.outcome.functionError) return { kind: "failed", result };
  if (!settings.responseTypes.includes("ReportBatchItemFailures")) return { kind: "done", result };
  const failed = failuresIn(result.outcome.payload, new Set(identifiers));
  if (!failed) return { kind: "failed", result };
  return failed.size === 0 ? { kind: "done", result } : { kind: "partly", failed, result };
}

interface BatchResponse {
  readonly batchItemFailures?: unknown;
}

/**
 * Undefined where the answer says nothing that could be meant: then all failed.
 *
 * @evidence Lambda Developer Guide, "Success and failure conditions" of partial batch responses
 */
function failuresIn(payload: Uint8Array, known: ReadonlySet<string>): Set<string> | undefined {
  let answer: unknown;
  try {
    answer = payload.length === 0 ? null : JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
  if (answer === null) return new Set();
  const failures = typeof answer === "object" ? ((answer as BatchResponse).batchItemFailures ?? []) : [];
  if (!Array.isArray(failures)) return undefined;
  const failed = new Set<string>();
  for (const failure of failures as ({ itemIdentifier?: unknown } | null)[]) {
    const identifier = failure?.itemIdentifier;
    if (typeof identifier !== "string" || identifier === "" || !known.has(identifier)) return undefined;
    failed.add(identifier);
  }
  return failed;
}
