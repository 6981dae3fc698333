/**
 * Settings that a region of a global table has of its own: its key, its class and its limits of reading. They
 * are kept by that region's table; another region tells it what is wished, and shows what it finds there.
 *
 * @evidence recorded: overrides are shown where they differ from the table that is looked at, are taken back
 *   by the value of that table, and are accepted when they are sent again; those of indexes are merged
 */

import type {
  CreateReplicationGroupMemberAction, GlobalSecondaryIndexDescription, ReplicaDescription,
  ReplicaGlobalSecondaryIndexDescription, UpdateReplicationGroupMemberAction,
} from "../../../generated/dynamodb.ts";
import type { BodyContext, Context, ReadContext } from "../../../kernel/context.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { invalidParameters } from "../errors.ts";
import { giveBack, managedKey, requireUsableKey, type UsableKey } from "../tables/encryption.ts";
import { isOnDemand, type Index, type Replica, type Table, type Units } from "../tables/table-rows.ts";
import { mergedOnDemand, requireOnDemand } from "../tables/throughput.ts";
import { tableElsewhere } from "./members.ts";

type Wish = CreateReplicationGroupMemberAction | UpdateReplicationGroupMemberAction;

export interface ReplicaSettings {
  readonly key?: UsableKey;
  /** It is to have no key of KMS. */
  readonly isPlain?: true;
  readonly tableClass?: NonNullable<Wish["TableClassOverride"]>;
  /** The most that may be read in a second; -1 for no limit. */
  readonly readMax?: number;
  readonly indexes?: readonly { readonly name: string; readonly readMax: number }[];
}

/** Whether anything is wished of an index: to name one is not enough. */
export function isIdle({ RegionName: _region, GlobalSecondaryIndexes: indexes, ...others }: Wish): boolean {
  const isSaid = (value: object): boolean =>
    Object.entries(value).some(([name, each]) => name !== "IndexName" && each !== undefined);
  return !isSaid(others) && !(indexes ?? []).some(isSaid);
}

/** @throws ValidationException for limits that a table of this kind cannot have */
export function settingsOf(row: Table, wish: Wish): ReplicaSettings {
  const { GlobalSecondaryIndexes: indexes = [], OnDemandThroughputOverride: limits } = wish;
  const isProvisioned = [wish, ...indexes].some((each) => each.ProvisionedThroughputOverride !== undefined);
  if (isProvisioned && isOnDemand(row)) {
    throw invalidParameters(
      "ProvisionedThroughputOverride cannot be specified when the table BillingMode is PAY_PER_REQUEST",
    );
  }
  if (isProvisioned) throw notImplemented("replicas with provisioned throughput of their own");
  requireOnDemand(limits, row.billingMode, undefined, true);
  for (const { IndexName, OnDemandThroughputOverride } of indexes) {
    requireOnDemand(OnDemandThroughputOverride, row.billingMode, IndexName, true);
  }
  const readMax = limits?.MaxReadRequestUnits;
  const limited = indexes.flatMap(({ IndexName: name, OnDemandThroughputOverride: given }) =>
    (given?.MaxReadRequestUnits === undefined ? [] : [{ name, readMax: given.MaxReadRequestUnits }]));
  return {
    ...(wish.TableClassOverride && { tableClass: wish.TableClassOverride }),
    ...(readMax !== undefined && { readMax }),
    ...(limited.length > 0 && { indexes: limited }),
  };
}

function keyMissing(): Error {
  return invalidParameters("KMSMasterKeyId must be specified for each replica.");
}

/** @evidence recorded: all regions have keys of one kind, and which key it is is said at the beginning */
export function requireKeyKind(
  { encryption }: Table, keyId: string | undefined, isUpdate: boolean,
): void {
  const isManaged = encryption !== undefined && encryption.grantId === undefined;
  if (isUpdate || !encryption) {
    if (keyId !== undefined) throw keyMissing();
    return;
  }
  if (keyId === undefined && !isManaged) throw keyMissing();
  if (keyId === undefined || isManaged === (keyId === managedKey)) return;
  throw invalidParameters("All replica keys must either be Customer Managed CMK or AWS Managed CMK.");
}

/** The key of a table that is about to be made in another region, and leave to use it there. */
export async function keyOfReplica(
  ctx: BodyContext, row: Table, wish: Wish,
): Promise<UsableKey | undefined> {
  if (!row.encryption) return undefined;
  return requireUsableKey(ctx, wish.KMSMasterKeyId ?? managedKey, row.name, wish.RegionName);
}

function limitedTo<Limited extends { readonly onDemand?: Units }>(
  limited: Limited, readMax: number | undefined,
): Limited {
  if (readMax === undefined) return limited;
  const { onDemand: before, ...rest } = limited;
  const onDemand = mergedOnDemand(before, { MaxReadRequestUnits: readMax });
  return { ...rest, ...(onDemand && { onDemand }) } as Limited;
}

function withEncryption(ctx: Context, row: Table, { key, isPlain }: ReplicaSettings): Table {
  const { encryption: before, ...rest } = row;
  const isManaged = key !== undefined && key.grantId === undefined;
  const isOther = before === undefined ? key !== undefined
    : isPlain === true || (isManaged && before.grantId !== undefined);
  if (!isOther) return row;
  if (before) giveBack(ctx, before);
  return key ? { ...rest, encryption: { ...key, status: "ENABLED" } } : rest;
}

/** The table of this region with the settings that another region wishes for it. */
export function withSettings(ctx: Context, row: Table, { settings }: Replica): Table {
  if (!settings) return row;
  const { tableClass, readMax, indexes = [] } = settings;
  const limited = limitedTo(withEncryption(ctx, row, settings), readMax);
  const isOther = tableClass !== undefined && (row.tableClass?.name ?? "STANDARD") !== tableClass;
  return {
    ...limited,
    ...(isOther && { tableClass: { name: tableClass, updatedAt: ctx.clock.now() } }),
    indexes: row.indexes.map((index) =>
      limitedTo(index, indexes.find(({ name }) => name === index.name)?.readMax)),
  };
}

function shownLimit(own: Units | undefined, other: Units | undefined): Pick<
  ReplicaDescription, "OnDemandThroughputOverride"
> {
  const read = other?.read;
  return read === undefined || read === own?.read
    ? {} : { OnDemandThroughputOverride: { MaxReadRequestUnits: read } };
}

function shownIndex(own: Table, index: Index): ReplicaGlobalSecondaryIndexDescription {
  const warm: GlobalSecondaryIndexDescription["WarmThroughput"] = {
    ReadUnitsPerSecond: index.warm.read, WriteUnitsPerSecond: index.warm.write, Status: "ACTIVE",
  };
  const same = own.indexes.find(({ name }) => name === index.name);
  return { IndexName: index.name, ...shownLimit(same?.onDemand, index.onDemand), WarmThroughput: warm };
}

/** Another region's table as this one's description shows it. */
export function shownReplica(ctx: ReadContext, own: Table, { region, status }: Replica): ReplicaDescription {
  const shown: ReplicaDescription = { RegionName: region, ReplicaStatus: status };
  const other = tableElsewhere(ctx, region, own.name);
  if (!other) return shown;
  const { encryption, tableClass, onDemand } = other;
  const globals = other.indexes.filter(({ isGlobal }) => isGlobal);
  const isLocked = status === "ACTIVE" && encryption?.locked?.shownSince !== undefined;
  return {
    ...shown,
    ...(isLocked && { ReplicaStatus: "INACCESSIBLE_ENCRYPTION_CREDENTIALS" }),
    KMSMasterKeyId: encryption?.keyArn,
    ...shownLimit(own.onDemand, onDemand),
    GlobalSecondaryIndexes:
      globals.length > 0 ? globals.map((index) => shownIndex(own, index)) : undefined,
    ReplicaTableClassSummary:
      tableClass && { TableClass: tableClass.name, LastUpdateDateTime: tableClass.updatedAt },
  };
}
