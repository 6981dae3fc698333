/**
 * What time does to the objects of a bucket: lifecycle rules, and the archive tiers of Intelligent-Tiering. A
 * bucket is swept when something in it may be due, a few hundred versions a transaction, and each sweep finds
 * when the next one is worth it.
 */

import type { Context } from "../../../kernel/context.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import { buckets, type Bucket } from "../buckets/table.ts";
import { midnightAfter } from "./days.ts";
import { abortOverdueUploads, type UploadPlace } from "./incomplete-uploads.ts";
import { deleteMarker } from "../objects/delete-object.ts";
import { actionNow, actionsOn, enabledRules, type Action, type Subject } from "./due.ts";
import { prefixesOf } from "./filter.ts";
import { isKeptForReplication } from "../replication/rules.ts";
import { isLocked } from "../locks/rules.ts";
import { objectRemoved, objectTiered, objectTransitioned } from "../events/object-events.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { beginSweep, endSweep, sweepJob } from "./sweep-plans.ts";
import { archiveConfigurations, tierChange, tierTimes, type TieringConfiguration } from "./tiering-rules.ts";
import { allVersions, type ShownVersion, type Start } from "../listing/version-listing.ts";
import { changeVersion, putVersion, removeVersion, versions } from "../objects/version-table.ts";

/** Where a sweep is. */
interface SweepState {
  /** It goes by the time that it began at. */
  readonly now: number;
  /** Which of the prefixes. */
  readonly scope: number;
  readonly start: Start;
  /** Of the key that the last page ended within. */
  readonly within?: KeyState | undefined;
  /** Among the uploads, which come last. */
  readonly upload?: UploadPlace | undefined;
  /** The earliest time that is known of at which more is to be done. */
  readonly next?: number | undefined;
}

/** What the versions of a key that were seen say of those that follow. */
interface KeyState {
  readonly key: string;
  /** When the last one that was seen came, and so when the next became noncurrent. */
  readonly modifiedAt: number;
  readonly noncurrentSeen: number;
}

const fromTheBeginning: Start = { from: "" };
const versionsPerPage = 300;

/** Others have their turn after each page. A sweep that was cut off begins again, and finds less to do. */
export const sweepBucket = asynchronousJob<{ readonly bucket: string }>(
  sweepJob.name,
  async ({ bucket: name }, ctx) => {
    ctx.transaction((within) => beginSweep(within, name));
    let state: SweepState | undefined = { now: ctx.clock.now(), scope: 0, start: fromTheBeginning };
    while (state) {
      const before: SweepState = state;
      state = ctx.transaction((within) => sweepPage(within, name, before));
      if (state) await ctx.wait(0);
    }
  },
);

/** @returns where to go on; undefined when all is done */
function sweepPage(ctx: Context, name: string, state: SweepState): SweepState | undefined {
  const bucket = ctx.db(buckets).get(name);
  if (!bucket) return undefined;
  const tiering = archiveConfigurations(ctx, name);
  const prefix = prefixesOf([...enabledRules(bucket), ...tiering])[state.scope];
  if (prefix === undefined) return finish(ctx, bucket, state);
  const page = readPage(ctx, name, prefix, state.start);
  const sweep = new Sweep(ctx, bucket, tiering, state);
  for (const shown of page) sweep.version(shown);
  const last = page.at(-1)?.version;
  const { now, scope } = state;
  if (page.length < versionsPerPage || !last) {
    return { now, scope: scope + 1, start: fromTheBeginning, next: sweep.next };
  }
  const start = { from: last.key, olderThan: last.order };
  return { now, scope, start, within: sweep.within, next: sweep.next };
}

function finish(ctx: Context, bucket: Bucket, state: SweepState): SweepState | undefined {
  const uploads = abortOverdueUploads(ctx, bucket, state.now, state.upload);
  const times = [state.next, uploads.next].filter((at) => at !== undefined);
  const next = times.length > 0 ? Math.min(...times) : undefined;
  if (uploads.place) return { ...state, upload: uploads.place, next };
  endSweep(ctx, bucket.name, next);
  return undefined;
}

/** Read whole before anything is done to it. */
function readPage(ctx: Context, bucket: string, prefix: string, start: Start): ShownVersion[] {
  const page: ShownVersion[] = [];
  for (const shown of allVersions(ctx, bucket, prefix, start)) {
    page.push(shown);
    if (page.length === versionsPerPage) break;
  }
  return page;
}

/** One page of a sweep: goes from the newest version of a key to the oldest. */
class Sweep {
  readonly #ctx: Context;
  readonly #bucket: Bucket;
  readonly #tiering: readonly TieringConfiguration[];
  readonly #now: number;
  #key: KeyState | undefined;
  #next: number | undefined;

  constructor(ctx: Context, bucket: Bucket, tiering: readonly TieringConfiguration[], state: SweepState) {
    this.#ctx = ctx;
    this.#bucket = bucket;
    this.#tiering = tiering;
    this.#now = state.now;
    this.#key = state.within;
    this.#next = state.next;
  }

  get within(): KeyState | undefined {
    return this.#key;
  }

  get next(): number | undefined {
    return this.#next;
  }

  version({ version, isLatest }: ShownVersion): void {
    const before = this.#key?.key === version.key ? this.#key : undefined;
    const subject: Subject = {
      version,
      isLatest,
      noncurrentSince: before?.modifiedAt ?? version.modifiedAt,
      newerNoncurrent: before?.noncurrentSeen ?? 0,
      isAlone: isLatest && version.isDeleteMarker === true && this.#isAlone(version),
    };
    const noncurrentSeen = (before?.noncurrentSeen ?? 0) + (isLatest ? 0 : 1);
    this.#key = { key: version.key, modifiedAt: version.modifiedAt, noncurrentSeen };
    if (!this.#tier(version)) this.#lifecycle(subject);
  }

  #isAlone({ bucket, key }: ObjectVersion): boolean {
    return [...this.#ctx.db(versions).list({ prefix: [bucket, key], limit: 2 })].length === 1;
  }

  #consider(at: number): void {
    if (at > this.#now) this.#next = Math.min(this.#next ?? at, at);
  }

  #lifecycle(subject: Subject): void {
    const { version, isLatest } = subject;
    const actions = actionsOn(this.#bucket, subject);
    for (const { at } of actions) this.#consider(at);
    if (isKeptForReplication(version)) return;
    const isForGood = !isLatest || version.isDeleteMarker === true || this.#bucket.versioning === undefined;
    const action = actionNow(actions, isForGood, this.#now);
    if (!action) return;
    if (action.kind === "transition") this.#transition(version, action);
    else if (!isForGood) this.#cover(version);
    else this.#remove(version);
  }

  /** What is due beside it comes a day later. */
  #transition(version: ObjectVersion, { storageClass }: Action & { readonly kind: "transition" }): void {
    const change = { storageClass, transitionedAt: this.#now, restore: undefined, archiveTier: undefined };
    changeVersion(this.#ctx, version, change);
    objectTransitioned(this.#ctx, this.#bucket, { ...version, storageClass });
    this.#consider(midnightAfter(this.#now));
  }

  #cover({ key }: ObjectVersion): void {
    const marker = deleteMarker(this.#ctx, this.#bucket, key);
    putVersion(this.#ctx, marker);
    objectRemoved(this.#ctx, this.#bucket, {
      key, versionId: marker.versionId, version: marker, kind: "DeleteMarkerCreated", isExpired: true,
    });
  }

  #remove(version: ObjectVersion): void {
    if (isLocked(version, this.#now)) {
      const { legalHold, retention } = version;
      if (legalHold !== "ON" && retention) this.#consider(midnightAfter(retention.until));
      return;
    }
    removeVersion(this.#ctx, version);
    const versionId = this.#bucket.versioning === undefined ? undefined : version.versionId;
    objectRemoved(this.#ctx, this.#bucket, {
      key: version.key, versionId, version, kind: "Delete", isExpired: true,
    });
  }

  /** @returns whether it moved to another tier */
  #tier(version: ObjectVersion): boolean {
    if (this.#tiering.length === 0 || version.storageClass !== "INTELLIGENT_TIERING") return false;
    const change = tierChange(this.#tiering, version, this.#now);
    for (const at of tierTimes(this.#tiering, version)) this.#consider(at);
    if (!change) return false;
    changeVersion(this.#ctx, version, { archiveTier: change, restore: undefined });
    objectTiered(this.#ctx, this.#bucket, { ...version, archiveTier: change });
    return true;
  }
}
