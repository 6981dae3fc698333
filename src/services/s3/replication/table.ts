/** What is on its way to another bucket: a row an operation and destination, until it is over. */

import { table } from "../../../store/types.ts";
import type { ChangeKind } from "../objects/version.ts";

/** What is replicated: a version, a delete marker, or what has changed of a version. */
export type ReplicatedOperation = "object" | "deleteMarker" | ChangeKind;

export interface PendingReplication {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly operation: ReplicatedOperation;
  readonly ruleId: string;
  /** ARN of the bucket. */
  readonly destination: string;
  /** Epoch milliseconds. */
  readonly requestedAt: number;
  /** Tells what was asked for anew from what it replaces. */
  readonly order: number;
  readonly sizeBytes: number;
  /** Its rule had metrics, and so somebody may be waiting to hear of it. */
  readonly isMeasured?: true;
  /** It took longer than Replication Time Control allows. */
  readonly isLate?: true;
}

type Place = Pick<PendingReplication, "bucket" | "key" | "versionId" | "destination" | "operation">;

export function placeOf({ bucket, key, versionId, destination, operation }: Place): string[] {
  return [bucket, key, versionId, destination, operation];
}

export const pendingReplications = table<PendingReplication>("s3.pendingReplications", { key: placeOf });
