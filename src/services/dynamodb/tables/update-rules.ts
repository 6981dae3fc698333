/**
 * What one UpdateTable may ask for at once, and what may be under way meanwhile.
 *
 * @evidence recorded: one logical change a call, in this order of complaints; the states in the way by name
 */

import type { UpdateTableInput } from "../../../generated/dynamodb.ts";
import { globalTableInUse, inUse, invalidParameters, limitExceeded, validation } from "../errors.ts";
import type { Table } from "./table-rows.ts";

const members = [
  ["ProvisionedThroughput", "ProvisionedThroughput"], ["BillingMode", "BillingMode"],
  ["StreamSpecification", "UpdateStreamEnabled"],
  ["GlobalSecondaryIndexUpdates", "GlobalSecondaryIndexUpdates"],
  ["SSESpecification", "SSESpecification"], ["ReplicaUpdates", "ReplicaUpdates"],
  ["GlobalTableSettingsReplicationMode", undefined],
  [undefined, "MultiAccountReplicaReady"], [undefined, "ReplicaTransitRoleArn"],
  ["MultiRegionConsistency", "MultiRegionConsistency"],
  ["DeletionProtectionEnabled", "DeletionProtectionEnabled"], ["OnDemandThroughput", "OnDemandThroughput"],
  ["WarmThroughput", "WarmThroughput"], ["TableClass", "TableClass"],
] as const;

type Member = keyof UpdateTableInput;

function changesOf(input: UpdateTableInput): Set<Member> {
  const given = members.flatMap(([member]) =>
    (member !== undefined && input[member] !== undefined ? [member as Member] : []));
  const changes = new Set(given);
  if (input.GlobalSecondaryIndexUpdates?.length === 0) changes.delete("GlobalSecondaryIndexUpdates");
  if (input.ReplicaUpdates?.length === 0) changes.delete("ReplicaUpdates");
  return changes;
}

function requireSome(input: UpdateTableInput, changes: ReadonlySet<Member>): void {
  const effective = new Set(changes);
  effective.delete("MultiRegionConsistency");
  if (effective.size > 0) return;
  const names = members
    .filter(([member]) => member !== "MultiRegionConsistency" || input.MultiRegionConsistency === undefined)
    .flatMap(([, name]) => name ?? []);
  const last = names.pop();
  throw validation(`At least one of ${names.join(", ")} or ${last} is required`);
}

/** What makes regions hold the same is one change with the regions that are to. */
function requireOnlyMembers(input: UpdateTableInput, changes: Set<Member>): void {
  const witnesses = input.GlobalTableWitnessUpdates ?? [];
  const isAboutMembers = input.MultiRegionConsistency !== undefined || witnesses.length > 0;
  if (!isAboutMembers || !changes.has("ReplicaUpdates")) return;
  changes.delete("MultiRegionConsistency");
  if (changes.size === 1) return;
  throw validation("Requests that modify replicas or witnesses must not also modify other fields");
}

/** What must be the only change, the one that is complained of first coming first. */
const exclusive = [
  ["SSESpecification", "Server-Side Encryption modification"],
  ["TableClass", "TableClass modification"],
  ["DeletionProtectionEnabled", "DeletionProtection modification"],
  ["ReplicaUpdates", "Replica modification"],
  ["WarmThroughput", "WarmThroughput"],
] as const;

export function requireOneChange(input: UpdateTableInput): void {
  const changes = changesOf(input);
  requireSome(input, changes);
  requireOnlyMembers(input, changes);
  if (input.GlobalSecondaryIndexUpdates?.length === 0) {
    throw invalidParameters("List of GlobalSecondaryIndexUpdates is empty");
  }
  for (const [member, what] of exclusive) {
    if (!changes.has(member) || changes.size === 1) continue;
    throw invalidParameters(`${what} must be the only operation in the request`);
  }
  if (changes.has("OnDemandThroughput") && [...changes].some((each) => each !== "OnDemandThroughput"
    && each !== "BillingMode")) {
    throw invalidParameters(
      "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
    );
  }
  const isThroughput = changes.has("ProvisionedThroughput") || input.BillingMode === "PROVISIONED";
  if (changes.has("StreamSpecification") && isThroughput) {
    throw invalidParameters("You cannot modify stream status while updating table IOPS");
  }
  requireIndexUpdates(input, changes);
}

function requireIndexUpdates(input: UpdateTableInput, changes: ReadonlySet<Member>): void {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  const names = new Set<string>();
  for (const { Update: update, Create: create, Delete: remove } of updates) {
    const actions = [update, create, remove].filter((action) => action !== undefined);
    if (actions.length === 0) {
      throw invalidParameters(
        "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, " +
          "GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    }
    if (actions.length > 1) {
      throw invalidParameters(
        "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
      );
    }
    const name = actions[0]?.IndexName ?? "";
    if (names.has(name)) {
      throw invalidParameters(
        `Only one global secondary index update per index is allowed simultaneously. Index: ${name}`,
      );
    }
    names.add(name);
  }
  const online = updates.filter(({ Create: create, Delete: remove }) => create ?? remove);
  if (online.length > 0 && changes.has("ProvisionedThroughput") && input.BillingMode === undefined) {
    throw invalidParameters("You cannot create or delete index while updating table IOPS");
  }
  if (online.length > 0 && changes.has("StreamSpecification")) {
    throw invalidParameters("You cannot create or delete index while changing stream status");
  }
  if (online.length > 1) throw oneIndexAtATime();
}

export function oneIndexAtATime(): Error {
  return limitExceeded(
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
  );
}

/** What is under way, in the words for what is asked for. */
function stateInTheWay(row: Table, input: UpdateTableInput): string | undefined {
  if (row.replicas?.some(({ status }) => status !== "ACTIVE")) return "A replica comes or goes";
  if (row.status === "CREATING") return `Table is being created: ${row.name}`;
  if (row.status === "DELETING") return `Table is being deleted: ${row.name}`;
  const what = row.transition?.what;
  if (what === "protection") return `Table is being updated: ${row.name}`;
  if (what === undefined || input.DeletionProtectionEnabled !== undefined) return undefined;
  const stream = `Table: ${row.name} Stream: ${row.stream?.label} ` +
    `Operation: ${row.streamView === undefined ? "DISABLE" : "ENABLE"}`;
  const isThroughput = input.ProvisionedThroughput !== undefined || input.BillingMode !== undefined;
  if (what === "throughput") {
    return input.StreamSpecification
      ? `Can't enable or disable stream while table IOPS are being updated. Table: ${row.name}`
      : `Table IOPS are currently being updated. Table: ${row.name}`;
  }
  if (what === "stream") {
    return isThroughput ? `Can't change table IOPS when stream status is being updated. ${stream}`
      : `A stream status change is currently in progress. ${stream}`;
  }
  if (what === "class") {
    return "Can't update table class when a table class update is in progress. " +
      `Table: ${row.name} TableClassUpdateInProgress: ${row.transition?.becomes.tableClass?.name}`;
  }
  if (what === "encryption") return "Server-Side Encryption is still being updated";
  return `Table is being updated: ${row.name}`;
}

export function requireUpdatable(row: Table, input: UpdateTableInput): void {
  const detail = stateInTheWay(row, input);
  if (detail === undefined) return;
  throw row.replicas?.length ? globalTableInUse() : inUse(detail);
}
