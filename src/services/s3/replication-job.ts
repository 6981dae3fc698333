/** What is to be replicated, told in the transaction in which it comes to be. */

import type { Job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";
import type { ObjectVersion } from "./object-version.ts";
import { rulesFor } from "./replication-rules.ts";
import { changeVersion } from "./version-table.ts";

export const replicationJob = "s3.replicate";

export interface Replication {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

/** Only its name is needed to schedule it: the job itself needs the operations that schedule it. */
const job: Job<Replication> = { kind: "job", name: replicationJob };

/** A replica is not replicated further. */
export function replicateLater(ctx: Context, bucket: Bucket, version: ObjectVersion): void {
  if (!bucket.replication || version.replication === "REPLICA") return;
  if (rulesFor(bucket.replication, version).length === 0) return;
  if (!version.isDeleteMarker) changeVersion(ctx, version, { replication: "PENDING" });
  const { key, versionId } = version;
  const id = `${bucket.name} ${key} ${versionId}`;
  ctx.schedule(job, { id, at: ctx.clock.now(), input: { bucket: bucket.name, key, versionId } });
}
