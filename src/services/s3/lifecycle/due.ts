/** What lifecycle rules say of a version: what is to be done with it, and when. Pure. */

import type * as s3 from "../../../generated/s3.ts";
import type { Bucket } from "../buckets/table.ts";
import { dueAfter, midnightAfter } from "./days.ts";
import { isInScope, scopeOf, speaksOfSize } from "./filter.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { isTooSmall, rankOf } from "./storage-classes.ts";

/** A version, and what the others of its key make of it. */
export interface Subject {
  readonly version: ObjectVersion;
  readonly isLatest: boolean;
  /** Of a version that is not the latest: since when. Epoch milliseconds. */
  readonly noncurrentSince: number;
  /** Of a version that is not the latest: how many others are that are newer, and not the latest either. */
  readonly newerNoncurrent: number;
  /** Of a delete marker that is the latest: no other version is there. */
  readonly isAlone: boolean;
}

export type Action =
  | { readonly kind: "expire"; readonly at: number }
  | { readonly kind: "transition"; readonly at: number; readonly storageClass: s3.StorageClass };

export function enabledRules({ lifecycle }: Pick<Bucket, "lifecycle">): readonly s3.LifecycleRule[] {
  return lifecycle?.Rules?.filter(({ Status }) => Status === "Enabled") ?? [];
}

/** All that rules will ever do with a version as it is now, in no order. */
export function actionsOn(bucket: Bucket, subject: Subject): Action[] {
  const { version } = subject;
  const actions: Action[] = [];
  for (const rule of enabledRules(bucket)) {
    const scope = scopeOf(rule);
    if (!isInScope(scope, version)) continue;
    const expiresAt = expiry(rule, subject);
    if (expiresAt !== undefined) actions.push({ kind: "expire", at: expiresAt });
    if (version.isDeleteMarker) continue;
    const standard = bucket.lifecycle?.transitionDefault;
    for (const transition of transitions(rule, subject)) {
      const isColder = rankOf(transition.storageClass) > rankOf(version.storageClass);
      const stays = !speaksOfSize(scope) && isTooSmall(transition.storageClass, version.sizeBytes, standard);
      if (isColder && !stays) actions.push(transition);
    }
  }
  return actions;
}

function expiry(rule: s3.LifecycleRule, subject: Subject): number | undefined {
  const { version, isLatest, noncurrentSince, newerNoncurrent, isAlone } = subject;
  const { Expiration, NoncurrentVersionExpiration: noncurrent } = rule;
  if (!isLatest) {
    if (!noncurrent || newerNoncurrent < (noncurrent.NewerNoncurrentVersions ?? 0)) return undefined;
    return dueAfter(noncurrentSince, noncurrent.NoncurrentDays ?? 0);
  }
  if (!version.isDeleteMarker) return Expiration && expirationOf(Expiration, version);
  if (!isAlone || !Expiration) return undefined;
  if (Expiration.ExpiredObjectDeleteMarker) return midnightAfter(version.modifiedAt);
  return Expiration.Days === undefined ? undefined : dueAfter(version.modifiedAt, Expiration.Days);
}

/** Dates that have passed apply to what comes after them too. */
function expirationOf(
  { Days, Date: date }: s3.LifecycleExpiration,
  version: ObjectVersion,
): number | undefined {
  if (Days !== undefined) return dueAfter(version.modifiedAt, Days);
  return date === undefined ? undefined : Math.max(date, midnightAfter(version.modifiedAt));
}

function* transitions(rule: s3.LifecycleRule, subject: Subject): Generator<Action & { kind: "transition" }> {
  const { version, isLatest, noncurrentSince, newerNoncurrent } = subject;
  if (isLatest) {
    for (const { StorageClass, Days, Date: date } of rule.Transitions ?? []) {
      if (StorageClass === undefined) continue;
      const at =
        Days === undefined
          ? Math.max(date ?? 0, midnightAfter(version.modifiedAt))
          : dueAfter(version.modifiedAt, Days);
      yield { kind: "transition", at, storageClass: StorageClass };
    }
    return;
  }
  for (const transition of rule.NoncurrentVersionTransitions ?? []) {
    const { StorageClass, NoncurrentDays = 0, NewerNoncurrentVersions = 0 } = transition;
    if (StorageClass === undefined || newerNoncurrent < NewerNoncurrentVersions) continue;
    yield { kind: "transition", at: dueAfter(noncurrentSince, NoncurrentDays), storageClass: StorageClass };
  }
}

/**
 * What is done now. Of several transitions it is the coldest; deleting for good comes before transitions, and
 * these before delete markers.
 *
 * @param isForGood an expiration deletes, and does not put a delete marker
 * @evidence S3 User Guide, "Lifecycle rules: Conflicts"
 */
export function actionNow(actions: readonly Action[], isForGood: boolean, now: number): Action | undefined {
  const due = actions.filter(({ at }) => at <= now);
  const expires = due.find(({ kind }) => kind === "expire");
  if (expires && isForGood) return expires;
  let coldest: (Action & { readonly kind: "transition" }) | undefined;
  for (const action of due) {
    if (action.kind !== "transition") continue;
    if (!coldest || rankOf(action.storageClass) > rankOf(coldest.storageClass)) coldest = action;
  }
  return coldest ?? expires;
}

/** The least time that anything that happens now may be due at: a sweep before it would find nothing new. */
export function soonestDue(bucket: Bucket, now: number): number | undefined {
  let soonest: number | undefined;
  const consider = (at: number): void => {
    soonest = Math.min(soonest ?? at, at);
  };
  for (const rule of enabledRules(bucket)) {
    const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
    if (Expiration?.ExpiredObjectDeleteMarker) consider(midnightAfter(now));
    const timed = [Expiration ?? {}, ...(rule.Transitions ?? [])];
    for (const { Days, Date: date } of timed) {
      if (Days !== undefined) consider(dueAfter(now, Days));
      if (date !== undefined) consider(Math.max(date, midnightAfter(now)));
    }
    const noncurrent = [NoncurrentVersionExpiration ?? {}, ...(rule.NoncurrentVersionTransitions ?? [])];
    for (const { NoncurrentDays: days } of noncurrent) if (days !== undefined) consider(dueAfter(now, days));
    const abort = AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    if (abort !== undefined) consider(dueAfter(now, abort));
  }
  return soonest;
}

/**
 * `expiry-date="Fri, 23 Dec 2012 00:00:00 GMT", rule-id="rule"`, of the current version.
 *
 * @evidence S3 API Reference, GetObject, x-amz-expiration; recorded: of rules that are due at once the first
 *   is named, and its id stays as it is
 */
export function expirationHeader(bucket: Bucket, version: ObjectVersion): string | undefined {
  const first = expiresAt(bucket, version);
  if (!first) return undefined;
  const id = first.id.replace(/[^\x20-\x7e]+/g, encodeURIComponent);
  return `expiry-date="${new Date(first.at).toUTCString()}", rule-id="${id}"`;
}

/** When the current version expires, and by which rule. */
export function expiresAt(
  bucket: Bucket,
  version: ObjectVersion,
): { readonly at: number; readonly id: string } | undefined {
  if (!bucket.lifecycle) return undefined;
  let first: { readonly at: number; readonly id: string } | undefined;
  for (const rule of enabledRules(bucket)) {
    if (!rule.Expiration || !isInScope(scopeOf(rule), version)) continue;
    const at = expirationOf(rule.Expiration, version);
    if (at !== undefined && (!first || at < first.at)) first = { at, id: rule.ID ?? "" };
  }
  return first;
}

/** When an upload that is not completed goes, and by which rule. @param initiatedAt epoch milliseconds */
export function abortOf(
  bucket: Bucket,
  key: string,
  initiatedAt: number,
): { readonly at: number; readonly ruleId: string } | undefined {
  let first: { readonly at: number; readonly ruleId: string } | undefined;
  for (const rule of enabledRules(bucket)) {
    const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    if (days === undefined || !key.startsWith(scopeOf(rule).prefix)) continue;
    const at = dueAfter(initiatedAt, days);
    if (!first || at < first.at) first = { at, ruleId: rule.ID ?? "" };
  }
  return first;
}
