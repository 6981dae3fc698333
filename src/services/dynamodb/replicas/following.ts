/** A region looks at its global table in another region, and makes its own the same. */

import type { Context } from "../../../kernel/context.ts";
import { setExpiry } from "../expiry/time-to-live.ts";
import { addIndex, removeGlobalIndex } from "../indexes/online-indexes.ts";
import { openStream } from "../streams/stream-rows.ts";
import { beginDeletion } from "../tables/delete-table.ts";
import { describe } from "../tables/description.ts";
import { putTable } from "../tables/lifecycles.ts";
import { findTable } from "../tables/names.ts";
import { tables, type Index, type Replica, type Table } from "../tables/table-rows.ts";
import type { TableDescription } from "../../../generated/dynamodb.ts";
import { resourceNotFound } from "../errors.ts";
import { tableElsewhere } from "./members.ts";
import { withoutMember } from "./membership.ts";
import { withSettings } from "./replica-settings.ts";

/** The other regions as this one has them: those that the other has, and the other itself. */
function membersAsSeen(ctx: Context, own: Table | undefined, source: Table, from: string): Replica[] {
  const theirs = (source.replicas ?? []).filter(({ region }) => region !== ctx.region)
    .map(({ region, status }): Replica => ({ region, status }));
  // What this region is adding at the moment, the other has not heard of yet.
  const added = (own?.replicas ?? []).filter(({ region, status }) => status === "CREATING"
    && region !== from && !theirs.some((each) => each.region === region)
    && own?.sourced?.some((each) => each.region === region));
  return [{ region: from, status: "ACTIVE" }, ...theirs, ...added];
}

/** The table of another region, made here. It is CREATING until it has all items. */
function join(ctx: Context, source: Table, entry: Replica, from: string): Table {
  const {
    transition: _transition, stream: _stream, streamView, recovery: _recovery, copies: _copies,
    restored: _restored, sourced: _sourced, classChanges: _changes, hasPolicy: _hasPolicy,
    encryption: _encryption, encryptionChanges: _encryptionChanges, ...rest
  } = source;
  const made: Table = {
    ...rest,
    number: ctx.ids.sequence(),
    id: ctx.ids.uuid(),
    createdAt: ctx.clock.now(),
    status: "CREATING",
    isProtected: false,
    indexes: source.indexes.filter(({ status }) => status !== "DELETING")
      .map((index) => indexHere(ctx, index)),
    replicas: membersAsSeen(ctx, undefined, source, from),
  };
  const isStreamed = streamView !== undefined || source.isStrong === undefined;
  const streamed = isStreamed ? openStream(ctx, made, streamView ?? "NEW_AND_OLD_IMAGES") : made;
  return putTable(ctx, withSettings(ctx, streamed, entry));
}

function indexHere(ctx: Context, index: Index): Index {
  const { transition: _transition, isBackfilling: _isBackfilling, ...rest } = index;
  return { ...rest, number: ctx.ids.sequence(), status: "ACTIVE" };
}

/** Global indexes come and go in all regions. */
function withIndexesOf(ctx: Context, own: Table, source: Table): Table {
  let row = own;
  const isThere = (rows: readonly Index[], name: string): boolean =>
    rows.some((index) => index.name === name && index.status !== "DELETING");
  for (const index of source.indexes) {
    if (index.isGlobal && index.status !== "DELETING" && !isThere(row.indexes, index.name)) {
      row = addIndex(ctx, row, { ...indexHere(ctx, index), status: "CREATING" }, source.attributes);
    }
  }
  for (const { name, isGlobal, status } of own.indexes) {
    if (isGlobal && status === "ACTIVE" && !isThere(source.indexes, name)) {
      row = removeGlobalIndex(ctx, row, name);
    }
  }
  return row;
}

function follow(ctx: Context, own: Table, source: Table, from: string): Table {
  const entry = source.replicas?.find(({ region }) => region === ctx.region);
  if (!entry || entry.status === "DELETING") {
    return own.status === "DELETING" ? own : beginDeletion(ctx, own);
  }
  let row: Table = { ...own, replicas: membersAsSeen(ctx, own, source, from) };
  if (source.status === "DELETING") {
    const replicas = (row.replicas ?? []).map((each): Replica =>
      (each.region === from ? { region: from, status: "DELETING" } : each));
    ctx.db(tables).put((row = { ...row, replicas }));
    return row;
  }
  const isReady = own.status === "CREATING" && entry.status === "ACTIVE";
  if (isReady) row = { ...row, status: "ACTIVE" };
  if (own.status !== "CREATING") row = withSettings(ctx, withIndexesOf(ctx, row, source), entry);
  row = putTable(ctx, row);
  return source.expiryAttribute === own.expiryAttribute ? row : setExpiry(ctx, row, source.expiryAttribute);
}

/** @param from the region that asks this one to look */
export function followRegion(ctx: Context, name: string, from: string): TableDescription {
  const source = tableElsewhere(ctx, from, name);
  const own = findTable(ctx, name);
  if (!own) {
    const entry = source?.replicas?.find(({ region }) => region === ctx.region);
    if (!source || entry?.status !== "CREATING") throw resourceNotFound();
    return describe(ctx, join(ctx, source, entry, from));
  }
  if (!own.replicas) return describe(ctx, own);
  if (source) return describe(ctx, follow(ctx, own, source, from));
  const row = withoutMember(ctx, own, from);
  ctx.db(tables).put(row);
  return describe(ctx, row);
}
