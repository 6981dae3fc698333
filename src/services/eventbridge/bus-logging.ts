/**
 * What a bus does with its events, step by step, as far as its log level asks for: records that CloudWatch
 * Logs delivers to where the bus's delivery sources lead.
 *
 * @evidence EventBridge User Guide, "Logging event buses" and "Amazon EventBridge event bus log schema"
 */

import type { Context } from "../../kernel/context.ts";
import type { Failure } from "../../delivery/failure.ts";
import { isLoggedAt, type LogLevel } from "../../delivery/log-level.ts";
import type { Job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import { busArn, defaultBus, findBus } from "./bus-table.ts";
import type { RestingEvent } from "./event.ts";

/** The steps, and from which level on each is logged. */
const steps = {
  EVENT_RECEIPT: "INFO",
  EVENT_INGEST_SUCCESS: "TRACE",
  EVENT_INGEST_FAILURE: "ERROR",
  RULE_MATCH_START: "TRACE",
  RULE_MATCH: "INFO",
  NO_STANDARD_RULES_MATCHED: "INFO",
  INVOCATION_START: "TRACE",
  INVOCATION_ATTEMPT_START: "TRACE",
  INVOCATION_ATTEMPT_SUCCESS: "TRACE",
  INVOCATION_SUCCESS: "INFO",
  INVOCATION_ATTEMPT_RETRYABLE_FAILURE: "ERROR",
  INVOCATION_ATTEMPT_PERMANENT_FAILURE: "ERROR",
  INVOCATION_FAILURE: "ERROR",
  INVOCATION_DLQ: "ERROR",
} as const satisfies Record<string, LogLevel>;

export type Step = keyof typeof steps;

/** The job of CloudWatch Logs that delivers what services log. */
const vend: Job<object> = { kind: "job", name: "cloudwatch-logs.vend" };

export interface StepFacts {
  readonly invocationId?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Shown only where the bus asks for full details. */
  readonly full?: Readonly<Record<string, unknown>>;
  readonly failure?: Failure | undefined;
}

export function logStep(
  ctx: Context, busName: string, event: RestingEvent, step: Step,
    { invocationId, details, full, failure }: StepFacts = {},
): void {
  const config = findBus(ctx, busName)?.logConfig;
  const level = steps[step];
  if (!config || !isLoggedAt(level, config.Level)) return;
  const at = ctx.clock.now();
  const resourceArn = busArn(ctx, busName);
  const record = {
    resource_arn: resourceArn,
    message_timestamp_ms: at,
    event_bus_name: busName,
    request_id: ctx.requestId,
    event_id: event.id,
    ...(invocationId !== undefined && { invocation_id: invocationId }),
    message_type: step,
    log_level: level,
    details: { ...details, ...(config.IncludeDetail === "FULL" && full) },
    ...(failure && { error: { error_code: failure.code, error_message: failure.message } }),
  };
  const logType = `${level}_LOGS`;
  ctx.schedule(vend, { at, input: { resourceArn, logType, at, order: ctx.ids.sequence(), record } });
}

/** The bus of a rule, by the rule's ARN: `rule/name` is of the default bus. */
export function busOfRule(ruleArn: string): string {
  const parts = (parseArn(ruleArn)?.resource ?? "").split("/").slice(1, -1);
  return parts.length === 0 ? defaultBus : parts.join("/");
}
