/** UpdateTable: one change of a table at a time. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { StreamSpecification, TableDescription, UpdateTableInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { invalidParameters, limitExceeded, validation } from "../errors.ts";
import { updateIndexes } from "../indexes/online-indexes.ts";
import { followRegion } from "../replicas/following.ts";
import { isOwnService } from "../replicas/members.ts";
import { announceChange } from "../replicas/membership.ts";
import { requireReplicaUpdate, updateReplicas } from "../replicas/replicas.ts";
import { shareEncryption, takeKeysOfAll } from "../replicas/shared-encryption.ts";
import { isAboutStrong, requireStrongUpdate, takeKeysOfAdded, updateStrong } from "../replicas/strong.ts";
import { withSettingsReplication } from "../replicas/settings-replication.ts";
import { closeStream, openStream } from "../streams/stream-rows.ts";
import { changeBilling } from "./billing.ts";
import { describe } from "./description.ts";
import { managedKey, retireGrant, wantsKey, withKeys, type Keys, type UsableKey } from "./encryption.ts";
import { requireUnlocked } from "./key-watch.ts";
import { putTable, requireFewTransitions, updateMilliseconds, updating } from "./lifecycles.ts";
import { onTable, requireTable } from "./names.ts";
import { isOnDemand, type Table } from "./table-rows.ts";
import { mergedOnDemand, requireOnDemand, warmAfter } from "./throughput.ts";
import { requireOneChange, requireUpdatable } from "./update-rules.ts";

/** @evidence Developer Guide, "Considerations when choosing a table class": two changes in 30 days */
const classChangesMax = 2;
const classChangesMilliseconds = 30 * 24 * 3_600_000;

function changeStream(ctx: Context, row: Table, given: StreamSpecification): Table {
  if (row.replicas?.length && !given.StreamEnabled) {
    throw invalidParameters("Disabling Stream is not allowed for a Global Table replica.");
  }
  if (given.StreamEnabled) {
    if (given.StreamViewType === undefined) {
      throw invalidParameters("If stream is being enabled then UpdateViewType is required");
    }
    if (row.streamView !== undefined) {
      throw validation(`Table already has an enabled stream: TableName: ${row.name}`);
    }
    return updating(ctx, openStream(ctx, row, given.StreamViewType), "stream");
  }
  if (given.StreamViewType !== undefined) {
    throw invalidParameters("If stream is being disabled, then UpdateViewType must not be specified");
  }
  if (row.streamView === undefined) {
    throw validation(`Table has no stream to disable: TableName: ${row.name}`);
  }
  return updating(ctx, closeStream(ctx, row), "stream");
}

/** The answer still shows the class before. */
function changeClass(ctx: Context, row: Table, name: dynamodb.TableClass): Table {
  const now = ctx.clock.now();
  if ((row.tableClass?.name ?? "STANDARD") === name) return row;
  const recent = (row.classChanges ?? []).filter((at) => at > now - classChangesMilliseconds);
  if (recent.length >= classChangesMax) {
    throw limitExceeded(
      "Subscriber limit exceeded: Table class can be changed at most " +
        `${classChangesMax} times in a 30-day trailing period. Table: ${row.name}`,
    );
  }
  return updating(ctx, { ...row, classChanges: [...recent, now] }, "class", {
    tableClass: { name, updatedAt: now },
  });
}

/** The table stays ACTIVE; only its encryption says that it is being changed. */
function changeEncryption(ctx: Context, row: Table, key: UsableKey | undefined): Table {
  const before = row.encryption;
  if (!key && !before) throw invalidParameters("Table is already encrypted by default");
  const until = ctx.clock.now() + updateMilliseconds;
  if (before?.grantId !== undefined) {
    ctx.schedule(retireGrant, { at: until, input: { keyArn: before.keyArn, grantId: before.grantId } });
  }
  if (!key) {
    const { encryption: _encryption, ...plain } = row;
    return plain;
  }
  const encryption = { ...key, status: "ENABLED" as const };
  return {
    ...row,
    encryption: { ...(before ?? key), status: before ? "UPDATING" : "ENABLING" },
    transition: { until, what: "encryption", becomes: { encryption } },
  };
}

function requireOtherKey(row: Table, input: UpdateTableInput): void {
  const keyId = input.SSESpecification?.KMSMasterKeyId;
  if (keyId === undefined || row.encryption?.keyArn !== keyId) return;
  throw invalidParameters(
    "Table is already encrypted with given KMSMasterKeyId. " +
      "Use KMSMasterKeyId parameter if you want to change Master Key",
  );
}

/** A table gets away from a key that is enabled still, also without leave to use it. */
function requireReencryptable(row: Table): void {
  if (row.encryption?.locked?.code !== "AccessDeniedException") requireUnlocked(row);
}

function changeReplicas(ctx: Context, row: Table, input: UpdateTableInput, keys: Keys): Table {
  if (isAboutStrong(row, input)) return updateStrong(ctx, row, input, keys);
  return updateReplicas(ctx, row, input.ReplicaUpdates ?? [], keys);
}

function change(ctx: Context, row: Table, input: UpdateTableInput, keys: Keys): Table {
  if (input.SSESpecification) {
    return shareEncryption(ctx, changeEncryption(ctx, row, keys.get(ctx.region)), keys);
  }
  if (input.TableClass) return changeClass(ctx, row, input.TableClass);
  if (input.DeletionProtectionEnabled !== undefined) {
    const changed = { ...row, isProtected: input.DeletionProtectionEnabled };
    return row.replicas ? updating(ctx, changed, "protection") : changed;
  }
  if (input.WarmThroughput) return { ...row, warm: warmAfter(input.WarmThroughput, row.warm) };
  if (input.ReplicaUpdates) return changeReplicas(ctx, row, input, keys);
  let changed = withSettingsReplication(row, input);
  if (input.BillingMode !== undefined || input.ProvisionedThroughput) {
    changed = changeBilling(ctx, changed, input);
  } else if (input.GlobalSecondaryIndexUpdates) {
    changed = updateIndexes(ctx, changed, input);
  }
  if (input.OnDemandThroughput) changed = changeOnDemand(changed, input);
  if (input.StreamSpecification) changed = changeStream(ctx, changed, input.StreamSpecification);
  return changed;
}

function changeOnDemand(row: Table, input: UpdateTableInput): Table {
  const mode = input.BillingMode ?? row.billingMode;
  requireOnDemand(input.OnDemandThroughput, mode, undefined, true);
  const onDemand = mergedOnDemand(row.onDemand, input.OnDemandThroughput);
  const { onDemand: _before, ...rest } = row;
  const changed: Table = onDemand ? { ...rest, onDemand } : rest;
  if (!changed.transition) return changed;
  const becomes = { ...changed.transition.becomes, ...(onDemand && { onDemand }) };
  return { ...changed, transition: { ...changed.transition, becomes } };
}

export const UpdateTable = operation(dynamodb.UpdateTable, {
  ...onTable,
  async body(input, ctx) {
    const from = input.ReplicaUpdates?.[0]?.Update?.RegionName;
    if (from !== undefined && isOwnService(ctx)) {
      return ctx.transaction((within) => ({ TableDescription: followRegion(within, input.TableName, from) }));
    }
    requireOneChange(input);
    const isKeyWanted = wantsKey(input.SSESpecification);
    const looked = ctx.transaction((within) => {
      const row = requireTable(within, input.TableName);
      requireUpdatable(row, input);
      if (input.SSESpecification) requireReencryptable(row);
      requireOtherKey(row, input);
      if (isAboutStrong(row, input)) requireStrongUpdate(within, row, input);
      else if (input.ReplicaUpdates?.length) requireReplicaUpdate(within, row, input.ReplicaUpdates);
      return row;
    });
    return withKeys(ctx, async (keys) => {
      const keyId = input.SSESpecification?.KMSMasterKeyId ?? managedKey;
      if (isKeyWanted) await takeKeysOfAll(ctx, looked, keyId, keys);
      else await takeKeysOfAdded(ctx, looked, input, keys);
      return ctx.transaction((within) => {
        const row = requireTable(within, input.TableName);
        requireUpdatable(row, input);
        requireFewTransitions(within);
        const changed = change(within, row, input, keys);
        if (changed !== row) putTable(within, changed);
        if (input.GlobalSecondaryIndexUpdates) announceChange(within, changed);
        return { TableDescription: answer(within, input, changed) };
      });
    });
  },
});

/** @evidence recorded: paying by request once more is answered as if something were happening */
function answer(ctx: Context, input: UpdateTableInput, row: Table): TableDescription {
  const shown = describe(ctx, row);
  const isRepeated = input.BillingMode === "PAY_PER_REQUEST" && isOnDemand(row);
  return isRepeated ? { ...shown, TableStatus: "UPDATING" } : shown;
}
