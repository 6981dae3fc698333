/** An execution is to be invoked, soon or later: the job that does it, named for all who ask for it. */

import type { Job } from "../../jobs/job.ts";
import type { Progress } from "./durable-progress.ts";
import type { DurableExecution } from "./durable-table.ts";

export type ExecutionKey = Pick<DurableExecution, "name" | "executionName" | "id">;

export const invocationJobName = "lambda.durableInvocation";
const invocationJob = { kind: "job", name: invocationJobName } as Job<ExecutionKey>;

/** One at a time: while an invocation is under way, the next begins once it is over. */
export function goOn(progress: Progress, delayMilliseconds = 0): void {
  const { ctx, execution: { name, executionName, id } } = progress;
  progress.change({ isDue: true });
  ctx.schedule(invocationJob, {
    at: ctx.clock.now() + delayMilliseconds, id, input: { name, executionName, id },
  });
}

/** Something that the function waits for has come. */
export function goOnWith(progress: Progress, operationId: string): void {
  const { news } = progress.execution;
  if (!news.includes(operationId)) progress.change({ news: [...news, operationId] });
  goOn(progress);
}
