/**
 * What a table and its indexes are allowed to use: the rules for setting it.
 *
 * @evidence recorded refusals of CreateTable and UpdateTable; Developer Guide, Quotas
 */

import type {
  BillingMode, OnDemandThroughput, ProvisionedThroughput, WarmThroughput,
} from "../../../generated/dynamodb.ts";
import { invalidParameters, limitExceeded, validation } from "../errors.ts";
import type { Throughput, Units } from "./table-rows.ts";

/** Default quotas. @evidence Developer Guide, Quotas, "Throughput default quotas" */
export const tableUnitsMax = 40_000;
export const accountUnitsMax = 80_000;
const boundMax = 1_000_000_000_000;

/** What a table that is paid by request can take at once. @evidence Developer Guide, "Warm throughput" */
export const initialOnDemand = { read: 12_000, write: 4_000 } as const;

/** How often capacity may be decreased in a day, and after how long once more. */
const decreasesMax = 4;
const decreaseAgainMilliseconds = 3_600_000;
const dayMilliseconds = 86_400_000;

export const nothingProvisioned: Throughput = { read: 0, write: 0 };

export function throughputOf(given: ProvisionedThroughput | undefined): Throughput {
  if (!given) return nothingProvisioned;
  return { read: given.ReadCapacityUnits, write: given.WriteCapacityUnits };
}

/** @param place `table`, or `index name` */
export function requireBounds(given: ProvisionedThroughput, index?: string): void {
  const place = index === undefined ? "" : ` for index ${index}`;
  for (const member of ["ReadCapacityUnits", "WriteCapacityUnits"] as const) {
    if (given[member] <= boundMax) continue;
    throw validation(`Given value ${given[member]} for ${member} is out of bounds${place}`);
  }
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = given;
  if (read <= tableUnitsMax && write <= tableUnitsMax) return;
  const subject = index === undefined ? "The requested throughput for the table"
    : `The requested throughput for the index ${index}`;
  throw limitExceeded(
    `Subscriber limit exceeded: ${subject} exceeds the limit of ${tableUnitsMax} units. ` +
      "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
  );
}

/** Which of the two a request gives must go with how it is paid. */
export function requireMode(mode: BillingMode, given: ProvisionedThroughput | undefined): void {
  if (mode === "PAY_PER_REQUEST") {
    if (!given) return;
    throw invalidParameters(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified " +
        "when BillingMode is PAY_PER_REQUEST",
    );
  }
  if (given) return;
  throw invalidParameters(
    "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
  );
}

/** @param clearing whether -1 may be said, which takes a limit away */
export function requireOnDemand(
  given: OnDemandThroughput | undefined, mode: BillingMode, index?: string, clearing = false,
): void {
  for (const member of ["MaxReadRequestUnits", "MaxWriteRequestUnits"] as const) {
    const value = given?.[member];
    if (value === undefined) continue;
    if (mode === "PROVISIONED") {
      const place = index === undefined ? "" : ` for index : ${index}`;
      throw invalidParameters(
        `${member} for OnDemandThroughput${place} cannot be specified ` +
          "when the table BillingMode is PROVISIONED",
      );
    }
    if (value > 0 || (clearing && value === -1)) continue;
    const place = index === undefined ? "table" : `index : ${index}`;
    throw invalidParameters(
      `Requested ${member} for OnDemandThroughput for ${place} is outside of valid range`,
    );
  }
}

/** The limits that hold once a request's are added; -1 takes one away. */
export function mergedOnDemand(
  before: Units | undefined, given: OnDemandThroughput | undefined,
): Units | undefined {
  const read = given?.MaxReadRequestUnits ?? before?.read ?? -1;
  const write = given?.MaxWriteRequestUnits ?? before?.write ?? -1;
  if (read < 0 && write < 0) return undefined;
  return { ...(read >= 0 && { read }), ...(write >= 0 && { write }) };
}

/** What is warm of itself: what was provisioned, or what any table paid by request can take. */
export function warmOf(mode: BillingMode, throughput: Throughput): Required<Units> {
  return mode === "PAY_PER_REQUEST" ? initialOnDemand : { read: throughput.read, write: throughput.write };
}

const warmMembers = [["ReadUnitsPerSecond", "read"], ["WriteUnitsPerSecond", "write"]] as const;

/** @throws ValidationException for a table or index that is to begin with less than it has anyhow */
export function warmAtCreation(
  given: WarmThroughput | undefined, mode: BillingMode, throughput: Throughput, index?: string,
): Units {
  const least = warmOf(mode, throughput);
  const place = index === undefined ? "table" : `index ${index}`;
  for (const [member, unit] of warmMembers) {
    const value = given?.[member];
    if (value === undefined || value >= least[unit]) continue;
    const provisioned = unit === "read" ? "ReadCapacityUnits" : "WriteCapacityUnits";
    const bound = mode === "PROVISIONED" ? `${provisioned} of ProvisionedThroughput`
      : "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/" +
        "developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
    throw invalidParameters(`Requested ${member} for WarmThroughput for ${place} is lower than ${bound}`);
  }
  return { read: given?.ReadUnitsPerSecond ?? least.read, write: given?.WriteUnitsPerSecond ?? least.write };
}

export function warmAfter(given: WarmThroughput, before: Units, index?: string): Units {
  if (given.ReadUnitsPerSecond === undefined && given.WriteUnitsPerSecond === undefined) {
    const place = index === undefined ? "table" : `index: ${index}`;
    throw invalidParameters(
      "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond " +
        `specified for ${place}`,
    );
  }
  const place = index === undefined ? "table" : `index ${index}`;
  for (const [member, unit] of warmMembers) {
    const value = given[member];
    if (value === undefined || value >= (before[unit] ?? 0)) continue;
    throw invalidParameters(
      `Requested ${member} for WarmThroughput for ${place} is lower than current WarmThroughput, ` +
        "decreasing WarmThroughput is not supported",
    );
  }
  return {
    read: given.ReadUnitsPerSecond ?? before.read ?? 0, write: given.WriteUnitsPerSecond ?? before.write ?? 0,
  };
}

/** How often capacity was decreased on the day of `now`, which is UTC's. */
export function decreasesToday(throughput: Throughput, now: number): number {
  const day = Math.floor(now / dayMilliseconds);
  if (throughput.decreasedAt === undefined) return 0;
  return Math.floor(throughput.decreasedAt / dayMilliseconds) === day ? (throughput.decreases ?? 0) : 0;
}

/**
 * What was provisioned, changed.
 *
 * @throws ValidationException when nothing changes, LimitExceededException for one decrease too many
 * @evidence recorded: four decreases a day, then one an hour after the latest
 */
export function changedThroughput(
  before: Throughput, given: ProvisionedThroughput, now: number, index?: string,
): Throughput {
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = given;
  const subject = index === undefined ? "table" : `index ${index}`;
  if (read === before.read && write === before.write) {
    throw validation(
      `The provisioned throughput for the ${subject} will not change. ` +
        "The requested value equals the current value. " +
        `Current ReadCapacityUnits provisioned for the ${subject}: ${before.read}. ` +
        `Requested ReadCapacityUnits: ${read}. ` +
        `Current WriteCapacityUnits provisioned for the ${subject}: ${before.write}. ` +
        `Requested WriteCapacityUnits: ${write}. ` +
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
    );
  }
  const isDecrease = read < before.read || write < before.write;
  const isIncrease = read > before.read || write > before.write;
  const decreases = decreasesToday(before, now);
  const next = (before.decreasedAt ?? 0) + decreaseAgainMilliseconds;
  if (isDecrease && decreases >= decreasesMax && now < next) throw tooManyDecreases(before, next);
  return {
    ...before, read, write,
    ...(isIncrease && { increasedAt: now }),
    ...(isDecrease && { decreasedAt: now, decreases: decreases + 1 }),
  };
}

function tooManyDecreases(before: Throughput, next: number): Error {
  const dated = (at: number): string => new Date(at).toISOString();
  return limitExceeded(
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. " +
      "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most " +
      `once every 3600 seconds. Number of decreases today: ${before.decreases ?? 0}. ` +
      `Last decrease at ${dated(before.decreasedAt ?? 0)}. Next decrease can be made at ${dated(next)}`,
  );
}
