/** The ids that callbacks are told by: they name the execution and the operation that waits. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { executionArn, parseExecutionArn, type DurableExecution } from "./durable-table.ts";

export interface Callback {
  readonly executionArn: string;
  readonly operationId: string;
}

export function callbackIdOf(ctx: Context, execution: DurableExecution, operationId: string): string {
  const text = JSON.stringify([executionArn(ctx, execution), operationId, ctx.ids.uuid()]);
  return Buffer.from(text).toString("base64");
}

/** Undefined for what is no id of a callback. */
export function parseCallbackId(text: string): Callback | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, "base64").toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [arn, operationId] = parts as unknown[];
  if (typeof arn !== "string" || typeof operationId !== "string" || !parseExecutionArn(arn)) return undefined;
  return { executionArn: arn, operationId };
}

interface InputOnCallback {
  readonly CallbackId: string;
}

/** Rules of an operation on a callback: IAM is asked about its execution. */
export const onCallback = {
  owner({ CallbackId }: InputOnCallback) {
    const account = parseExecutionArn(parseCallbackId(CallbackId)?.executionArn ?? "")?.account;
    return account === undefined ? undefined : { account };
  },
  resource: ({ CallbackId }: InputOnCallback, ctx: ReadContext): string =>
    parseCallbackId(CallbackId)?.executionArn ?? ctx.arn("function:*"),
};
