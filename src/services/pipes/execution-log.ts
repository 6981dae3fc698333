/**
 * What a pipe does with a batch, step by step, as far as its log level asks for. The records go where its
 * configuration says, by CloudWatch Logs.
 *
 * @evidence EventBridge User Guide, "Logging Amazon EventBridge Pipes performance" and "EventBridge Pipes log
 *   schema reference"
 */

import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import type { Failure } from "../../delivery/failure.ts";
import { isLoggedAt, type LogLevel } from "../../delivery/log-level.ts";
import type { Job } from "../../jobs/job.ts";
import { pipeArn, type Pipe } from "./pipe-rows.ts";

/** The steps, and from which level on each is logged. */
const steps = {
  EXECUTION_STARTED: "INFO",
  EXECUTION_SUCCEEDED: "INFO",
  EXECUTION_FAILED: "ERROR",
  EXECUTION_PARTIALLY_FAILED: "ERROR",
  ENRICHMENT_STAGE_ENTERED: "INFO",
  ENRICHMENT_STAGE_SUCCEEDED: "INFO",
  ENRICHMENT_STAGE_FAILED: "ERROR",
  ENRICHMENT_TRANSFORMATION_STARTED: "TRACE",
  ENRICHMENT_TRANSFORMATION_SUCCEEDED: "TRACE",
  ENRICHMENT_INVOCATION_STARTED: "TRACE",
  ENRICHMENT_INVOCATION_SUCCEEDED: "TRACE",
  ENRICHMENT_INVOCATION_FAILED: "ERROR",
  TARGET_STAGE_ENTERED: "INFO",
  TARGET_STAGE_SUCCEEDED: "INFO",
  TARGET_STAGE_FAILED: "ERROR",
  TARGET_STAGE_PARTIALLY_FAILED: "ERROR",
  TARGET_STAGE_SKIPPED: "TRACE",
  TARGET_TRANSFORMATION_STARTED: "TRACE",
  TARGET_TRANSFORMATION_SUCCEEDED: "TRACE",
  TARGET_INVOCATION_STARTED: "TRACE",
  TARGET_INVOCATION_SUCCEEDED: "TRACE",
  TARGET_INVOCATION_FAILED: "ERROR",
  TARGET_INVOCATION_PARTIALLY_FAILED: "ERROR",
} as const satisfies Record<string, LogLevel>;

export type Step = keyof typeof steps;

export interface StepFacts {
  /** Shown only where the pipe asks for execution data: JSON. */
  readonly payload?: string | undefined;
  readonly awsRequest?: string | undefined;
  readonly awsResponse?: string | undefined;
  readonly failure?: Failure | undefined;
  /** Whose failure it is. */
  readonly service?: string | undefined;
}

export interface ExecutionLog {
  step(step: Step, facts?: StepFacts): void;
  /** Sends on what was noted. */
  end(): void;
}

const silent: ExecutionLog = { step: () => undefined, end: () => undefined };

/** The job of CloudWatch Logs that delivers records to destinations that come with them. */
const vendTo: Job<object> = { kind: "job", name: "cloudwatch-logs.vendTo" };

export function openLog(ctx: BodyContext, pipe: Pipe): ExecutionLog {
  const { logging } = pipe;
  if (!logging || logging.Level === "OFF") return silent;
  const resourceArn = pipeArn(ctx, pipe.name);
  const executionId = ctx.ids.uuid();
  const isWhole = logging.IncludeExecutionData?.includes("ALL") === true;
  const isLimited = logging.CloudwatchLogsLogDestination !== undefined;
  const destinations = destinationsOf(pipe);
  const noted: { readonly at: number; readonly record: object }[] = [];
  return {
    step(step, { payload, awsRequest, awsResponse, failure, service } = {}) {
      const logLevel = steps[step];
      if (!isLoggedAt(logLevel, logging.Level)) return;
      const at = ctx.clock.now();
      const error = failure && {
        message: failure.message, details: failure.code,
        ...(service !== undefined && { awsService: service }),
      };
      const record = {
        resourceArn, timestamp: at, executionId, messageType: step, logLevel, ...(error && { error }),
      };
      const data = isWhole ? { payload, awsRequest, awsResponse } : {};
      noted.push({ at, record: isLimited ? truncated(record, data) : { ...record, ...data } });
    },
    end() {
      if (noted.length === 0) return;
      const records = noted.map((each) => ({ ...each, order: ctx.ids.sequence() }));
      ctx.transaction((within) => {
        within.schedule(vendTo, { at: ctx.clock.now(), input: { resourceArn, records, destinations } });
      });
    },
  };
}

function destinationsOf({ logging }: Pipe): object[] {
  const { CloudwatchLogsLogDestination: group, S3LogDestination: bucket, FirehoseLogDestination: stream } =
    logging ?? {};
  const folder = bucket?.Prefix ? `/${bucket.Prefix}` : "";
  return [
    ...(group ? [{ type: "CWL", arn: group.LogGroupArn.replace(/:\*$/, "") }] : []),
    ...(bucket ? [{
      type: "S3", arn: `arn:aws:s3:::${bucket.BucketName}${folder}`, folder: "EventBridgePipes",
      outputFormat: bucket.OutputFormat,
    }] : []),
    ...(stream ? [{ type: "FH", arn: stream.DeliveryStreamArn }] : []),
  ];
}

const bytesMax = 262_144;
const truncatable = ["payload", "awsRequest", "awsResponse"] as const;

type Data = { readonly [Name in (typeof truncatable)[number]]?: string | undefined };

/** Whole fields are shortened, one after the other, until the record is short enough. */
function truncated(record: object, data: Data): object {
  const sizeOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));
  let whole: Record<string, unknown> = { ...record, ...data };
  const truncatedFields: string[] = [];
  for (const name of truncatable) {
    const over = sizeOf(whole) - bytesMax;
    const text = data[name];
    if (over <= 0 || text === undefined) continue;
    truncatedFields.push(name);
    // What is cut off counts escaped, and the list of such fields, too.
    whole = { ...whole, truncatedFields, [name]: text.slice(0, Math.max(0, text.length - over - 64)) };
  }
  return whole;
}

/** The name that an ARN gives its service. */
export function serviceOf(arn: string): string | undefined {
  return parseArn(arn)?.service;
}
