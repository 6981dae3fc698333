/** Rules of transitions: from warm to cold, and not too early. */

import type * as s3 from "../../../generated/s3.ts";
import { isMidnight } from "./days.ts";
import { malformedXml } from "../errors.ts";
import { filterText } from "./filter.ts";
import {
  colderClassTooEarly, expirationTooEarly, mixedTimes, negative, newerVersionsNeedFilter, notMidnight,
  notPositive, sameClassTwice, tooEarlyForClass,
} from "./errors.ts";
import { rankOf, transitionClasses } from "./storage-classes.ts";

/** @evidence S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle" */
const infrequentDaysMin = 30;
const infrequentClasses: ReadonlySet<string> = new Set(["STANDARD_IA", "ONEZONE_IA"]);

export function requireTransitions(rule: s3.LifecycleRule): void {
  const { Transitions = [], Expiration } = rule;
  if (Transitions.length === 0) return;
  const filter = filterText(rule);
  for (const transition of Transitions) requireTransition(transition);
  const byDate = Transitions.filter(({ Date: date }) => date !== undefined).length;
  if (byDate > 0 && byDate < Transitions.length) throw mixedTimes("Transition", filter);
  const member = byDate > 0 ? "Date" : "Days";
  const other = byDate > 0 ? "Days" : "Date";
  if (Expiration?.[other] !== undefined) throw mixedTimes("Expiration and Transition", filter);
  const timed = Transitions.map((transition) => ({
    storageClass: transition.StorageClass, at: transition[member] ?? 0,
  }));
  requireOrder(timed, { member, action: "Transition", filter });
  const expires = Expiration?.[member];
  if (expires !== undefined && timed.some(({ at }) => at >= expires)) {
    throw expirationTooEarly(member, "Expiration", "Transition", filter);
  }
}

function requireTransition({ Date: date, Days, StorageClass }: s3.Transition): void {
  if (StorageClass === undefined || !transitionClasses.has(StorageClass)) throw malformedXml();
  if ((date === undefined) === (Days === undefined)) throw malformedXml();
  if (date !== undefined && !isMidnight(date)) throw notMidnight(new Date(date).toISOString());
  if (Days === undefined) return;
  if (Days < 0) throw negative("Days", "Transition", Days);
  if (infrequentClasses.has(StorageClass) && Days < infrequentDaysMin) {
    throw tooEarlyForClass("Days", "Transition", StorageClass, Days);
  }
}

interface Timed {
  readonly storageClass: string | undefined;
  readonly at: number;
}

interface Wording {
  readonly member: string;
  readonly action: string;
  readonly filter: string;
}

/** Colder classes come later. */
function requireOrder(timed: readonly Timed[], { member, action, filter }: Wording): void {
  if (new Set(timed.map(({ storageClass }) => storageClass)).size < timed.length) {
    throw sameClassTwice(action, filter);
  }
  const ordered = [...timed].sort((a, b) => rankOf(a.storageClass) - rankOf(b.storageClass));
  ordered.forEach((colder, index) => {
    const warmer = index === 0 ? undefined : ordered[index - 1];
    if (!warmer || colder.at > warmer.at) return;
    const classes = { colder: colder.storageClass ?? "", warmer: warmer.storageClass ?? "" };
    throw colderClassTooEarly(member, action, classes, filter);
  });
}

export function requireNoncurrentTransitions(rule: s3.LifecycleRule): void {
  const { NoncurrentVersionTransitions: transitions = [], NoncurrentVersionExpiration } = rule;
  if (transitions.length === 0) return;
  const filter = filterText(rule);
  const action = "NoncurrentVersionTransition";
  const member = "NoncurrentDays";
  for (const { StorageClass, NoncurrentDays: days, NewerNoncurrentVersions: newer } of transitions) {
    if (StorageClass === undefined || !transitionClasses.has(StorageClass)) throw malformedXml();
    if (newer !== undefined && !rule.Filter) throw newerVersionsNeedFilter();
    if (days === undefined) throw malformedXml();
    if (days < 0) throw negative(member, action, days);
    if (newer !== undefined && newer < 1) throw notPositive("NewerNoncurrentVersions", action, newer);
    if (infrequentClasses.has(StorageClass) && days < infrequentDaysMin) {
      throw tooEarlyForClass(member, action, StorageClass, days);
    }
  }
  const timed = transitions.map(({ StorageClass, NoncurrentDays }) => ({
    storageClass: StorageClass, at: NoncurrentDays ?? 0,
  }));
  requireOrder(timed, { member, action, filter });
  const expires = NoncurrentVersionExpiration?.NoncurrentDays;
  if (expires !== undefined && timed.some(({ at }) => at >= expires)) {
    throw expirationTooEarly(member, "NoncurrentVersionExpiration", action, filter);
  }
}
