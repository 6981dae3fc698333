/** Regions join a global table and leave it: ReplicaUpdates of UpdateTable. */

import type {
  ReplicationGroupUpdate, UpdateReplicationGroupMemberAction,
} from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { deletionProtected, validation } from "../errors.ts";
import { openStream } from "../streams/stream-rows.ts";
import type { UsableKey } from "../tables/encryption.ts";
import { updating } from "../tables/lifecycles.ts";
import { isOnDemand, type Replica, type Table } from "../tables/table-rows.ts";
import { otherRegions, supportedRegions, tableElsewhere } from "./members.ts";
import { addReplica, removeReplica, updateReplica } from "./membership.ts";
import { isIdle, requireKeyKind, settingsOf, type ReplicaSettings } from "./replica-settings.ts";

const sourceMilliseconds = 24 * 3_600_000;

interface Action {
  readonly kind: "Create" | "Update" | "Delete";
  readonly region: string;
  readonly wish: UpdateReplicationGroupMemberAction;
}

/** @evidence recorded refusals of ReplicaUpdates, here and below */
export function actionOf(update: ReplicationGroupUpdate): Action {
  const kinds = (["Create", "Update", "Delete"] as const).filter((kind) => update[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined) throw noAction();
  if (kinds.length > 1) {
    throw validation("Update table operation with more than one type of replica actions not allowed");
  }
  const wish = update[kind] ?? { RegionName: "" };
  if (kind === "Update" && isIdle(wish)) throw noAction();
  return { kind, region: wish.RegionName, wish };
}

function noAction(): Error {
  return validation("There are no actions specified in the Replica Update Action of the request.");
}

/** The one thing that is asked for; said twice it is one thing still. */
function requireOne(updates: readonly ReplicationGroupUpdate[]): Action {
  const actions = updates.map(actionOf);
  const [first, ...others] = actions;
  if (!first) throw noAction();
  if (others.some((each) => each.kind !== first.kind || each.region !== first.region)) {
    throw validation(
      "Update table operation with more than one create or delete replica actions not allowed",
    );
  }
  return first;
}

export function requireRegion(ctx: Context, region: string): void {
  if (region === ctx.region) {
    throw validation(
      "Cannot add or delete the local region through ReplicaUpdates. " +
        "Use CreateTable, DeleteTable, or UpdateTable as required.",
    );
  }
  if (supportedRegions.includes(region)) return;
  throw validation(
    `Region ${region} is not supported. The latest version of global tables are only supported in the ` +
      `following regions: [${supportedRegions.join(", ")}]`,
  );
}

/**
 * A table without any replica says it in other words than one that has others: Terraform goes on to delete
 * the table after the former, and not after the latter.
 *
 * @evidence terraform-provider-aws, `resourceTableDelete`: of a table that an `aws_dynamodb_table_replica`
 * was taken from, the state still names the replica
 */
export function requireMember(row: Table, region: string): Replica {
  const member = row.replicas?.find((replica) => replica.region === region);
  if (member) return member;
  if (!row.replicas?.length) {
    throw validation(
      "Replica specified in the Replica Update or Replica Delete action of the request was not found.",
    );
  }
  throw validation(
    "Update global table operation failed because one or more replicas were not part of the global table. " +
      `Please retry the request without these replicas: [${region}].`,
  );
}

export function requireCreatable(ctx: Context, row: Table, region: string): void {
  if (tableElsewhere(ctx, region, row.name) || otherRegions(row).includes(region)) {
    throw validation(
      `Failed to create a the new replica of table with name: ‘${row.name}’ because one or more replicas ` +
        "already existed as tables.",
    );
  }
  if (!isOnDemand(row)) {
    throw validation("Table write capacity should either be Pay-Per-Request or AutoScaled.");
  }
}

interface Added {
  readonly wish: UpdateReplicationGroupMemberAction;
  /** That of the table there. */
  readonly key: UsableKey | undefined;
}

/** Regions that hold the same at every moment need no streams for it, and copy from none of them. */
export function addRegion(ctx: Context, row: Table, region: string, { wish, key }: Added): Table {
  const settings: ReplicaSettings = { ...settingsOf(row, wish), ...(key && { key }) };
  const isStreamed = row.streamView !== undefined || row.isStrong;
  const streamed = isStreamed ? row : openStream(ctx, row, "NEW_AND_OLD_IMAGES");
  addReplica.poke(ctx, `${row.number} ${region}`, { name: row.name, region });
  const sourced = [...(row.sourced ?? []), { region, at: ctx.clock.now() }];
  return updating(ctx, {
    ...streamed,
    replicas: [...(row.replicas ?? []), { region, status: "CREATING", settings }],
    ...(!row.isStrong && { sourced }),
  }, "replica");
}

/** Whether a region that took its items from this one is still there, and has been for less than a day. */
export function isRecentSource(row: Table, now: number): boolean {
  const members = otherRegions(row);
  return (row.sourced ?? []).some(({ region, at }) =>
    members.includes(region) && now - at < sourceMilliseconds);
}

export function recentSource(): Error {
  return validation(
    "Replica cannot be deleted because it has acted as a source region for new replica(s) " +
      "being added to the table in the last 24 hours.",
  );
}

export function removeRegion(ctx: Context, row: Table, region: string): Table {
  const other = tableElsewhere(ctx, region, row.name);
  if (other?.isProtected) throw deletionProtected();
  if (other && isRecentSource(other, ctx.clock.now())) throw recentSource();
  removeReplica.poke(ctx, `${row.number} ${region}`, { name: row.name, region });
  const replicas = (row.replicas ?? []).map((replica): Replica =>
    (replica.region === region ? { region, status: "DELETING" } : replica));
  return updating(ctx, { ...row, replicas }, "replica");
}

function change(ctx: Context, row: Table, region: string, settings: ReplicaSettings): Table {
  updateReplica.poke(ctx, `${row.number} ${region}`, { name: row.name, region });
  const replicas = (row.replicas ?? []).map((replica): Replica =>
    (replica.region === region ? { region, status: "UPDATING", settings } : replica));
  return updating(ctx, { ...row, replicas }, "replica");
}

/** What can be refused before any key is asked for. */
export function requireReplicaUpdate(
  ctx: Context, row: Table, updates: readonly ReplicationGroupUpdate[],
): Action {
  const action = requireOne(updates);
  const { kind, region, wish } = action;
  requireRegion(ctx, region);
  if (kind === "Create") requireCreatable(ctx, row, region);
  else requireMember(row, region);
  if (kind === "Delete") return action;
  requireKeyKind(row, wish.KMSMasterKeyId, kind === "Update");
  settingsOf(row, wish);
  return action;
}

/** @param keys those of the tables that are made in other regions */
export function updateReplicas(
  ctx: Context, row: Table, updates: readonly ReplicationGroupUpdate[], keys: ReadonlyMap<string, UsableKey>,
): Table {
  const { kind, region, wish } = requireReplicaUpdate(ctx, row, updates);
  switch (kind) {
    case "Create": return addRegion(ctx, row, region, { wish, key: keys.get(region) });
    case "Update": return change(ctx, row, region, settingsOf(row, wish));
    case "Delete": return removeRegion(ctx, row, region);
  }
}
