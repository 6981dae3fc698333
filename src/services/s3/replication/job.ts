/** What is to be replicated, told in the transaction in which it comes to be. */

import type * as s3 from "../../../generated/s3.ts";
import type { Job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { bucketArn, bucketAt, type Bucket } from "../buckets/table.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { changesOwner, destinationName, rulesFor, syncsReplicas } from "./rules.ts";
import type { ReplicatedOperation } from "./table.ts";
import { track } from "./tracking.ts";
import { changeVersion } from "../objects/version-table.ts";

export const replicationJob = "s3.replicate";

export interface Replication {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** How often what keeps it has been busy. */
  readonly attempts?: number;
}

/** Only its name is needed to schedule it: the job itself needs the operations that schedule it. */
const job: Job<Replication> = { kind: "job", name: replicationJob };

export function replicateAt(ctx: Context, at: number, input: Replication): void {
  ctx.schedule(job, { id: `${input.bucket} ${input.key} ${input.versionId}`, at, input });
}

export function replicateLater(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion,
  operation: ReplicatedOperation,
): void {
  const rules = rulesOf(ctx, bucket, version, operation);
  if (rules.length === 0) return;
  if (version.replication === "REPLICA") changeVersion(ctx, version, { sync: "PENDING" });
  else if (!version.isDeleteMarker) changeVersion(ctx, version, { replication: "PENDING" });
  for (const rule of rules) track(ctx, bucket, version, rule, operation);
  const { key, versionId } = version;
  const at = ctx.clock.now() + ctx.kernel.lags.of("s3.replication");
  replicateAt(ctx, at, { bucket: bucket.name, key, versionId });
}

/**
 * A replica is not replicated further, only what is changed of it goes back; and what was not replicated is
 * not when it is changed.
 *
 * @evidence S3 User Guide, "What does Amazon S3 replicate?"; "Troubleshooting replication": tags added later
 */
function rulesOf(
  ctx: Context,
  { name, replication }: Bucket,
  version: ObjectVersion,
  operation: ReplicatedOperation,
): readonly s3.ReplicationRule[] {
  const isChange = operation !== "object" && operation !== "deleteMarker";
  if (!replication || (isChange && version.replication === undefined)) return [];
  const rules = rulesFor(replication, version);
  const taking = operation === "acl" ? rules.filter((rule) => !changesOwner(rule)) : rules;
  if (version.replication !== "REPLICA") return taking;
  if (!isChange) return [];
  return taking.filter((rule) => {
    const there = bucketAt(ctx.kernel, destinationName(rule.Destination.Bucket));
    return syncsReplicas(rule, there?.replication, bucketArn(name), version);
  });
}
