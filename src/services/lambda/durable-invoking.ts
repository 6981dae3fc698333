/** Invoke, of durable functions: what it asks of them, and what it answers at once. */

import type { InvocationResponse } from "../../generated/lambda.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { startExecution, synchronousSecondsMax } from "./durable-start.ts";
import { executionArn } from "./durable-table.ts";
import { durableTooLong, durableUnqualified, notDurable } from "./durable-errors.ts";
import type { FunctionVersion } from "./function-table.ts";
import { nextTrace } from "./lineage.ts";

interface Call {
  readonly version: FunctionVersion;
  readonly qualifier?: string | undefined;
  readonly executionName?: string | undefined;
  /** By a request that waits for it. */
  readonly isDirect?: boolean | undefined;
}

/** @throws AwsError for an invocation that durable functions, or others, don't take */
export function requireDurability({ version, qualifier, executionName, isDirect }: Call): void {
  const { DurableConfig } = version.settings;
  if (!DurableConfig) {
    if (executionName !== undefined) throw notDurable();
    return;
  }
  if (qualifier === undefined) throw durableUnqualified();
  const { ExecutionTimeout = 0 } = DurableConfig;
  if (isDirect === true && ExecutionTimeout > synchronousSecondsMax) throw durableTooLong();
}

interface Queued {
  readonly payload: Buffer;
  readonly executionName: string | undefined;
  readonly traceHeader?: string | undefined;
}

/** It begins by itself, and nobody waits for it. */
export function startQueued(
  ctx: BodyContext, version: FunctionVersion, { traceHeader, payload, executionName }: Queued,
): InvocationResponse {
  const trace = nextTrace(ctx, version, traceHeader);
  const DurableExecutionArn = ctx.transaction((within) => {
    const start = { version, payload, executionName, traceHeader: trace, isAsynchronous: true };
    return executionArn(within, startExecution(within, start));
  });
  return { StatusCode: 202, DurableExecutionArn };
}
