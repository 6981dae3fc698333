/**
 * What is said of a version and changes by itself: tags, the access control list, retention and legal hold.
 * Where such a change may cross another one on its way between two buckets, it is noted when it was made, so
 * that the later one stays on both sides.
 */

import type { Context } from "../../../kernel/context.ts";
import type { Bucket } from "../buckets/table.ts";
import { replicateChange } from "../events/object-events.ts";
import type { ChangeKind, ObjectVersion } from "./version.ts";
import { replicaChange } from "../replication/replicas.ts";
import { changeVersion } from "./version-table.ts";

/** @param input of the request, which may be replication's own: it is not replicated back */
export function changeMetadata<Kind extends ChangeKind>(
  ctx: Context,
  { bucket, version, input }: {
    readonly bucket: Bucket; readonly version: ObjectVersion; readonly input: object;
  },
  kind: Kind,
  value: ObjectVersion[Kind] | undefined,
): void {
  const made = replicaChange(input);
  if (made && made.order < (version.changes?.[kind] ?? 0)) return;
  if (!made && !bucket.replication) return changeVersion(ctx, version, { [kind]: value });
  const changes = { ...version.changes, [kind]: made?.order ?? ctx.ids.sequence() };
  changeVersion(ctx, version, { [kind]: value, changes });
  if (!made) replicateChange(ctx, bucket, version, kind);
}
