/**
 * Global tables with strong consistency: three Regions that come and go together, one of which may be a
 * witness, which holds no table.
 */

import type { GlobalTableWitnessGroupUpdate, UpdateTableInput } from "../../../generated/dynamodb.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { extents, type Table } from "../tables/table-rows.ts";
import type { Keys, UsableKey } from "../tables/encryption.ts";
import { keyOfReplica } from "./replica-settings.ts";
import {
  actionOf, addRegion, removeRegion, requireCreatable, requireMember, requireRegion,
} from "./replicas.ts";
import * as errors from "./strong-errors.ts";

/** @evidence Developer Guide, "Multi-Region strong consistency (MRSC)": the Regions it is available in */
const strongRegions: ReadonlySet<string> = new Set([
  "us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1",
  "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
]);

/** Replicas and witnesses that there are beside the table. */
const othersCount = 2;

export type StrongInput = Pick<
  UpdateTableInput, "ReplicaUpdates" | "GlobalTableWitnessUpdates" | "MultiRegionConsistency"
>;

/** Whether an update is about a table with strong consistency, or is to make one. */
export function isAboutStrong(row: Table, input: StrongInput): boolean {
  if (!input.ReplicaUpdates) return false;
  const { MultiRegionConsistency: wanted, GlobalTableWitnessUpdates: witnesses = [] } = input;
  if (wanted === "STRONG" || witnesses.length > 0) return true;
  const isSetting = input.ReplicaUpdates.every(({ Update }) => Update !== undefined);
  return row.isStrong === true && !isSetting;
}

type WitnessUpdates = readonly GlobalTableWitnessGroupUpdate[];

function regionsOf(updates: WitnessUpdates = [], kind: "Create" | "Delete"): string[] {
  return updates.flatMap((update) => update[kind]?.RegionName ?? []);
}

interface Wanted {
  readonly creates: readonly string[];
  readonly deletes: readonly string[];
  readonly isOther: boolean;
}

function wantedOf({ ReplicaUpdates = [] }: StrongInput): Wanted {
  const actions = ReplicaUpdates.map(actionOf);
  const of = (wanted: string): string[] =>
    actions.flatMap(({ kind, region }) => (kind === wanted ? [region] : []));
  const [creates, deletes] = [of("Create"), of("Delete")];
  return { creates, deletes, isOther: creates.length < actions.length };
}

/** @throws AwsError for what cannot be made of the table, or be taken from it */
export function requireStrongUpdate(ctx: Context, row: Table, input: StrongInput): void {
  const { MultiRegionConsistency: consistency, GlobalTableWitnessUpdates: witnesses } = input;
  const wanted = wantedOf(input);
  if (consistency === undefined && row.isStrong) requireDissolvable(row, wanted, witnesses);
  else requireMakeable(ctx, row, input, wanted);
}

function requireMakeable(ctx: Context, row: Table, input: StrongInput, { creates, isOther }: Wanted): void {
  const { MultiRegionConsistency: consistency, GlobalTableWitnessUpdates } = input;
  if (isOther) throw errors.onlyCreates();
  if (consistency !== "STRONG") {
    throw row.isStrong ? errors.consistencyIsFixed() : errors.witnessNeedsStrong();
  }
  const witnesses = regionsOf(GlobalTableWitnessUpdates, "Create");
  const regions = [...creates, ...witnesses];
  if (creates.length === 0 || regions.length !== othersCount) throw errors.wrongReplicaCount();
  const unsupported = [ctx.region, ...regions].filter((region) => !strongRegions.has(region));
  if (unsupported.length > 0) throw errors.wrongRegions(unsupported);
  if (new Set(regions).size < regions.length) throw errors.regionsNamedTwice();
  if (witnesses.includes(ctx.region)) throw errors.witnessAtHome();
  if (row.replicas) throw errors.consistencyIsFixed();
  requireFitting(ctx, row);
  for (const region of creates) {
    requireRegion(ctx, region);
    requireCreatable(ctx, row, region);
  }
}

function requireFitting(ctx: Context, row: Table): void {
  const isLocal = row.indexes.some(({ isGlobal }) => !isGlobal);
  if (isLocal) throw errors.notWhenStrong("Local secondary indexes are");
  if (row.expiryAttribute !== undefined) throw errors.notWhenStrong("Time to live is");
  const { items = 0 } = ctx.db(extents).get(row.number) ?? {};
  if (items > 0) throw errors.notWhenStrong("A table that has items is");
}

function requireDissolvable(
  row: Table, { creates, deletes }: Wanted, witnesses: WitnessUpdates | undefined,
): void {
  if (creates.length > 0) throw errors.isComplete();
  const leaving = regionsOf(witnesses, "Delete");
  const strangers = leaving.filter((region) => region !== row.witness);
  if (strangers.length > 0) throw errors.noSuchWitness(strangers);
  for (const region of deletes) requireMember(row, region);
  if (row.witness !== undefined && leaving.length === 0) throw errors.witnessMissing();
  const stays = row.replicas?.some(({ region }) => !deletes.includes(region));
  if (stays) throw errors.onlyOneReplica();
}

/** The keys of the replicas that are to be made, by their regions. */
export async function takeKeysOfAdded(
  ctx: BodyContext, row: Table, { ReplicaUpdates = [] }: StrongInput, keys: Map<string, UsableKey>,
): Promise<void> {
  for (const { Create: added } of ReplicaUpdates) {
    const key = added && (await keyOfReplica(ctx, row, added));
    if (key) keys.set(added.RegionName, key);
  }
}

export function updateStrong(
  ctx: Context, row: Table, input: StrongInput, keys: Keys,
): Table {
  requireStrongUpdate(ctx, row, input);
  const actions = (input.ReplicaUpdates ?? []).map(actionOf);
  const [witness] = regionsOf(input.GlobalTableWitnessUpdates, "Create");
  let changed = row;
  if (!row.isStrong) changed = { ...row, isStrong: true, ...(witness !== undefined && { witness }) };
  for (const { kind, region, wish } of actions) {
    changed = kind === "Create" ? addRegion(ctx, changed, region, { wish, key: keys.get(region) })
      : removeRegion(ctx, changed, region);
  }
  return changed;
}
