/**
 * What the platform itself says of an environment: events as the Telemetry API has them, and their lines in
 * the
 * function's log.
 *
 * @evidence Lambda Developer Guide, "Lambda Telemetry API Event schema reference", "System log level event
 * mapping"
 */

import type { Logging } from "./contract.ts";

export interface PlatformEvent {
  readonly type: `platform.${string}`;
  readonly record: Readonly<Record<string, unknown>>;
}

type SystemLevel = NonNullable<Logging["systemLevel"]>;

const ranks: Readonly<Record<SystemLevel, number>> = { DEBUG: 0, INFO: 1, WARN: 2 };

function levelOf({ type, record }: PlatformEvent): SystemLevel {
  const failed = typeof record["status"] === "string" && record["status"] !== "success";
  switch (type) {
    case "platform.initRuntimeDone":
    case "platform.runtimeDone":
      return failed ? "WARN" : "DEBUG";
    case "platform.initReport":
      return failed ? "WARN" : record["initializationType"] === "on-demand" ? "DEBUG" : "INFO";
    case "platform.report":
      return failed ? "WARN" : "INFO";
    case "platform.logsDropped":
      return "WARN";
    default:
      return "INFO";
  }
}

/** The event's line in the log; undefined where it has none. @param iso tells the time as text */
export function platformLine(
  event: PlatformEvent, iso: () => string, logging: Logging,
): string | undefined {
  if (logging.format === "Text") return textLine(event);
  if (ranks[levelOf(event)] < ranks[logging.systemLevel ?? "INFO"]) return undefined;
  return JSON.stringify({ time: iso(), type: event.type, record: event.record });
}

function textLine({ type, record }: PlatformEvent): string | undefined {
  const value = (name: string): string => String(record[name]);
  switch (type) {
    case "platform.initStart":
      if (record["runtimeVersion"] === undefined) return undefined;
      return [
        `INIT_START Runtime Version: ${value("runtimeVersion")}`,
        `Runtime Version ARN: ${value("runtimeVersionArn")}`,
      ].join("\t");
    case "platform.restoreStart":
      return [
        `RESTORE_START Runtime Version: ${value("runtimeVersion")}`,
        `Runtime Version ARN: ${value("runtimeVersionArn")}`,
      ].join("\t");
    case "platform.restoreReport":
      return `RESTORE_REPORT Restore Duration: ${metric(record, "durationMs").toFixed(2)} ms`;
    case "platform.initReport": {
      if (record["status"] === "success") {
        if (record["initializationType"] !== "snap-start") return undefined;
        return `INIT_REPORT Init Duration: ${metric(record, "durationMs").toFixed(2)} ms`;
      }
      const error = record["errorType"] === undefined ? "" : `\tError Type: ${value("errorType")}`;
      const duration = metric(record, "durationMs").toFixed(2);
      const fields = [
        `Init Duration: ${duration} ms`,
        `Phase: ${value("phase")}`,
        `Status: ${value("status")}`,
      ];
      return `INIT_REPORT ${fields.join("\t")}${error}`;
    }
    case "platform.start":
      return `START RequestId: ${value("requestId")} Version: ${value("version")}`;
    case "platform.runtimeDone":
      return `END RequestId: ${value("requestId")}`;
    case "platform.report":
      return reportLine(record);
    case "platform.logsDropped":
      return `LOGS DROPPED\tRecords: ${value("droppedRecords")}\tBytes: ${value("droppedBytes")}`;
    case "platform.extension": {
      const events = (record["events"] as readonly string[]).join(", ");
      return `EXTENSION\tName: ${value("name")}\tState: ${value("state")}\tEvents: [${events}]`;
    }
    case "platform.telemetrySubscription":
    case "platform.logsSubscription": {
      const kind = type === "platform.logsSubscription" ? "LOGS" : "TELEMETRY";
      const types = (record["types"] as readonly string[]).join(", ");
      return `${kind}\tName: ${value("name")}\tState: ${value("state")}\tTypes: [${types}]`;
    }
    default:
      return undefined;
  }
}

function metric(record: PlatformEvent["record"], name: string): number {
  return (record["metrics"] as Readonly<Record<string, number>>)[name] ?? 0;
}

function reportLine(record: PlatformEvent["record"]): string {
  const init = metric(record, "initDurationMs");
  const restore = metric(record, "restoreDurationMs");
  const billed = metric(record, "billedRestoreDurationMs");
  const fields = [
    `REPORT RequestId: ${String(record["requestId"])}`,
    `Duration: ${metric(record, "durationMs").toFixed(2)} ms`,
    `Billed Duration: ${metric(record, "billedDurationMs")} ms`,
    `Memory Size: ${metric(record, "memorySizeMB")} MB`,
    `Max Memory Used: ${metric(record, "maxMemoryUsedMB")} MB`,
    ...(init > 0 ? [`Init Duration: ${init.toFixed(2)} ms`] : []),
    ...(restore > 0 ? [`Restore Duration: ${restore.toFixed(2)} ms`] : []),
    ...(restore > 0 ? [`Billed Restore Duration: ${billed} ms`] : []),
    ...(record["status"] === "success" ? [""] : [`Status: ${String(record["status"])}`]),
    ...(record["errorType"] === undefined ? [] : [`Error Type: ${String(record["errorType"])}`]),
  ];
  return fields.join("\t") + traceLine(record);
}

/**
 * @evidence CloudWatch Logs User Guide, "Supported logs and discovered fields": `@xrayTraceId` and
 *   `@xraySegmentId` of reports; recorded reports of traced functions
 */
function traceLine({ tracing }: PlatformEvent["record"]): string {
  const { value = "" } = (tracing ?? {}) as { readonly value?: string };
  const fields = new Map(value.split(";").map((field) => {
    const [name, text = ""] = field.split("=");
    return [name, text];
  }));
  if (fields.get("Sampled") !== "1") return "";
  return `\nXRAY TraceId: ${fields.get("Root")}\tSegmentId: ${fields.get("Parent")}\tSampled: true\t`;
}
