/**
 * Who wants to be told of what services emit in a cell. Listeners are rows, so that a service that nobody has
 * used yet since the start need not be loaded to hear; and what they are told is a job, written with what
 * the event is about: none is lost, and where nobody listens nothing is written.
 */

import { table, type Rows } from "../store/types.ts";
import type { ServiceEvent } from "./context.ts";
import { isSelected, type SelectableRecord, type TrailSelection } from "./trail-selection.ts";

export interface EventListener {
  /** The job that gets a `BusEvent`. */
  readonly job: string;
  /** Only events of these; absent: of all. */
  readonly sources?: readonly string[];
  /** Which calls of APIs it hears of, as long as a trail logs them. Reading ones are mostly not wanted. */
  readonly apiCalls: "none" | "writing" | "all";
}

export const eventListeners = table<EventListener>("kernel.eventListeners", { key: (row) => row.job });

/**
 * A trail that logs. In the account's global cell; CloudTrail keeps it while the trail is
 * logging.
 */
export interface LoggingTrail extends TrailSelection {
  readonly arn: string;
  /** Where its records come from; absent: from everywhere. */
  readonly region?: string;
  readonly logs: "All" | "ReadOnly" | "WriteOnly" | "None";
  /** The types of the resources whose data events it wants some of: `AWS::S3::Object`. */
  readonly dataTypes?: readonly string[];
  /** It is told of unusual activity. */
  readonly hasInsights?: boolean;
}

export const loggingTrails = table<LoggingTrail>("kernel.loggingTrails", { key: (row) => row.arn });

export function* listenersTo(rows: Rows<EventListener>, event: ServiceEvent): Iterable<EventListener> {
  for (const listener of rows.list()) {
    if (listener.sources === undefined || listener.sources.includes(event.source)) yield listener;
  }
}

/** Whether some trail of the account may log such a call. */
export function isLogged(trails: Iterable<LoggingTrail>, region: string, isReading: boolean): boolean {
  for (const trail of trails) if (isLoggedBy(trail, region, isReading)) return true;
  return false;
}

/** Whether some trail of the account logs this very call. */
export function isLoggedRecord(
  trails: Iterable<LoggingTrail>, region: string, record: SelectableRecord,
): boolean {
  const isManagement = record.eventCategory === "Management";
  for (const trail of trails) {
    const isPossible = isManagement ? isLoggedBy(trail, region, record.readOnly) : isOf(trail, region);
    if (isPossible && isSelected(trail, record)) return true;
  }
  return false;
}

function isLoggedBy(trail: LoggingTrail, region: string, isReading: boolean): boolean {
  const isWanted = trail.logs === "All" || trail.logs === (isReading ? "ReadOnly" : "WriteOnly");
  return isWanted && isOf(trail, region);
}

export function isOf(trail: LoggingTrail, region: string): boolean {
  return trail.region === undefined || trail.region === region;
}

interface RecordedCall {
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: boolean;
}

/**
 * Whether a management call is for those only who ask for reading ones, too. STS changes nothing, but what
 * issues credentials is for everybody.
 *
 * @evidence EventBridge User Guide, "Receiving read-only management events from AWS services", and "AWS
 *   service events delivered via CloudTrail": List, Get and Describe, save for GetFederationToken and
 *   GetSessionToken
 */
export function onlyReads({ eventSource, eventName, readOnly }: RecordedCall): boolean {
  if (eventSource !== "sts.amazonaws.com") return readOnly;
  return /^(?:List|Get|Describe)/.test(eventName) && !/^Get(?:Federation|Session)Token$/.test(eventName);
}
