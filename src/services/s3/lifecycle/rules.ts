/** Whether a lifecycle configuration is one. */

import type * as s3 from "../../../generated/s3.ts";
import { integerMax, isMidnight } from "./days.ts";
import { malformedXml } from "../errors.ts";
import {
  duplicateTagKeys, filterBesidePrefixes, idNotUnique, idTooLong, newerVersionsNeedFilter, noAction,
  notMidnight, notPositive, notWithFilter, overlappingPrefixes, prefixBesideFilters, sizeOutOfBounds,
  sizesCross, tooManyRules,
} from "./errors.ts";
import { requireNoncurrentTransitions, requireTransitions } from "./transitions.ts";

const rulesMax = 1000;
const idCharactersMax = 255;
const sizeBytesMax = 1_099_511_627_776_000;
const prefixBytesMax = 1024;

/** @throws MalformedXML, InvalidRequest, InvalidArgument @evidence S3 API Reference, LifecycleRule */
export function requireRules(rules: readonly s3.LifecycleRule[] | undefined): void {
  if (!rules || rules.length === 0) throw malformedXml();
  if (rules.length > rulesMax) throw tooManyRules();
  requireIds(rules);
  requireOneForm(rules);
  for (const rule of rules) requireRule(rule);
  requireSeparatePrefixes(rules);
}

function requireIds(rules: readonly s3.LifecycleRule[]): void {
  const ids = new Set<string>();
  for (const { ID } of rules) {
    if (ID === undefined || ID === "") continue;
    if ([...ID].length > idCharactersMax) throw idTooLong(ID);
    if (ids.has(ID)) throw idNotUnique(ID);
    ids.add(ID);
  }
}

/** Filters came with the second version of the document, and do not go with prefixes of the first. */
function requireOneForm(rules: readonly s3.LifecycleRule[]): void {
  const [first] = rules;
  if (rules.some(({ Filter, Prefix }) => !Filter && Prefix === undefined)) throw malformedXml();
  for (const { Filter, Prefix } of rules) {
    if (first?.Filter && Prefix !== undefined) throw prefixBesideFilters();
    if (!first?.Filter && Filter) throw filterBesidePrefixes();
  }
}

function requireRule(rule: s3.LifecycleRule): void {
  const status: string = rule.Status;
  if (status !== "Enabled" && status !== "Disabled") throw malformedXml();
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  const { Transitions = [], NoncurrentVersionTransitions = [] } = rule;
  requireIntegers(rule);
  const filtersBy = requireFilter(rule);
  const hasAction =
    Expiration ?? NoncurrentVersionExpiration ?? AbortIncompleteMultipartUpload ??
    Transitions[0] ?? NoncurrentVersionTransitions[0];
  if (!hasAction) throw noAction();
  if (Expiration) requireExpiration(Expiration, filtersBy);
  if (NoncurrentVersionExpiration) requireNoncurrent(rule, NoncurrentVersionExpiration);
  if (AbortIncompleteMultipartUpload) requireAbort(AbortIncompleteMultipartUpload, filtersBy);
  requireTransitions(rule);
  requireNoncurrentTransitions(rule);
}

function requireIntegers(rule: s3.LifecycleRule): void {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  const { Transitions = [], NoncurrentVersionTransitions = [] } = rule;
  const noncurrent = [NoncurrentVersionExpiration ?? {}, ...NoncurrentVersionTransitions];
  const numbers = [
    Expiration?.Days, AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    ...Transitions.map(({ Days }) => Days),
    ...noncurrent.flatMap((action) => [action.NoncurrentDays, action.NewerNoncurrentVersions]),
  ];
  if (numbers.some((number) => number !== undefined && Math.abs(number) > integerMax)) throw malformedXml();
}

type FiltersBy = "Tags" | "Object Size" | undefined;

/** @returns what it filters by beside a prefix */
function requireFilter({ Filter, Prefix }: s3.LifecycleRule): FiltersBy {
  requirePrefix(Prefix);
  if (!Filter) return undefined;
  const given = Object.values(Filter).filter((value) => value !== undefined);
  if (given.length > 1) throw malformedXml();
  const { And } = Filter;
  if (!And) return requirePredicates({ ...Filter, Tags: Filter.Tag ? [Filter.Tag] : [] });
  const { Prefix: prefix, Tags = [], ObjectSizeGreaterThan, ObjectSizeLessThan } = And;
  const others = [prefix, ObjectSizeGreaterThan, ObjectSizeLessThan].filter((value) => value !== undefined);
  if (others.length + Tags.length < 2) throw malformedXml();
  return requirePredicates(And);
}

function requirePrefix(prefix: string | undefined): void {
  if (prefix !== undefined && Buffer.byteLength(prefix) > prefixBytesMax) throw malformedXml();
}

function requirePredicates(filter: s3.LifecycleRuleAndOperator): FiltersBy {
  const { Prefix, Tags = [], ObjectSizeGreaterThan: above, ObjectSizeLessThan: below } = filter;
  requirePrefix(Prefix);
  for (const tag of Tags as readonly Partial<s3.Tag>[]) {
    if (tag.Key === undefined || tag.Value === undefined) throw malformedXml();
  }
  if (new Set(Tags.map(({ Key }) => Key)).size < Tags.length) throw duplicateTagKeys();
  if (above !== undefined && !(above >= 0 && above <= sizeBytesMax)) {
    throw sizeOutOfBounds("ObjectSizeGreaterThan", 0, sizeBytesMax);
  }
  if (below !== undefined && !(below >= 1 && below <= sizeBytesMax)) {
    throw sizeOutOfBounds("ObjectSizeLessThan", 1, sizeBytesMax);
  }
  if (above !== undefined && below !== undefined && below <= above) throw sizesCross();
  if (Tags.length > 0) return "Tags";
  return above === undefined && below === undefined ? undefined : "Object Size";
}

function requireExpiration(expiration: s3.LifecycleExpiration, filtersBy: FiltersBy): void {
  const { Date: date, Days, ExpiredObjectDeleteMarker } = expiration;
  const given = [date, Days, ExpiredObjectDeleteMarker].filter((value) => value !== undefined);
  if (given.length !== 1) throw malformedXml();
  if (ExpiredObjectDeleteMarker !== undefined && filtersBy) {
    throw notWithFilter("ExpiredObjectDeleteMarker", filtersBy);
  }
  if (Days !== undefined && Days < 1) throw notPositive("Days", "Expiration", Days);
  if (date !== undefined && !isMidnight(date)) throw notMidnight(new Date(date).toISOString());
}

function requireNoncurrent(rule: s3.LifecycleRule, expiration: s3.NoncurrentVersionExpiration): void {
  const { NoncurrentDays: days, NewerNoncurrentVersions: newer } = expiration;
  const action = "NoncurrentVersionExpiration";
  if (newer !== undefined && !rule.Filter) throw newerVersionsNeedFilter();
  if (days === undefined) throw malformedXml();
  if (days < 1) throw notPositive("NoncurrentDays", action, days);
  if (newer !== undefined && newer < 1) throw notPositive("NewerNoncurrentVersions", action, newer);
}

function requireAbort(abort: s3.AbortIncompleteMultipartUpload, filtersBy: FiltersBy): void {
  const action = "AbortIncompleteMultipartUpload";
  if (filtersBy) throw notWithFilter(action, filtersBy);
  const { DaysAfterInitiation: days } = abort;
  if (days === undefined) throw malformedXml();
  if (days < 1) throw notPositive("DaysAfterInitiation", action, days);
}

const actions = [
  "Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions",
  "AbortIncompleteMultipartUpload",
] as const;

/** Of the first version of the document: prefixes of one kind of action do not overlap. */
function requireSeparatePrefixes(rules: readonly s3.LifecycleRule[]): void {
  for (const action of actions) {
    const prefixes = rules
      .filter((rule) => rule.Prefix !== undefined && rule[action] !== undefined)
      .map(({ Prefix }) => Prefix ?? "")
      .sort();
    prefixes.forEach((prefix, index) => {
      const before = index === 0 ? undefined : prefixes[index - 1];
      if (before === undefined || !prefix.startsWith(before)) return;
      throw overlappingPrefixes(before, prefix, action.replace(/s$/, ""));
    });
  }
}
