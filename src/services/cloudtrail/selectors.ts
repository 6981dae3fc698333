/**
 * Which events a trail wants.
 *
 * @evidence CloudTrail API Reference, EventSelector, AdvancedFieldSelector; User Guide, "Logging data events"
 */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import { invalidSelectors } from "./errors.ts";
import type { Trail } from "./trail-rows.ts";

type Selected = Pick<Trail, "selectors" | "advanced">;
type Selector = cloudtrail.EventSelector;
type Advanced = cloudtrail.AdvancedEventSelector;
type Field = cloudtrail.AdvancedFieldSelector;

export const defaultSelectors: readonly Selector[] = [
  {
    ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [],
  },
];

/** A record, as far as selectors look at it. */
export interface SelectableRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventType?: string;
  readonly eventCategory: string;
  readonly readOnly: boolean;
  readonly userIdentity: { readonly arn?: string };
  readonly resources?: readonly { readonly ARN: string; readonly type?: string }[];
}

const selectorsMax = 5;
const dataResourcesMax = 250;
const advancedMax = 500;
/** @evidence CloudTrail API Reference, DataResource and ExcludeManagementEventSources */
const basicTypes = new Set(["AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"]);
const excludable = new Set(["kms.amazonaws.com", "rdsdata.amazonaws.com"]);
const fields = new Set([
  "readOnly", "eventCategory", "eventSource", "eventName", "eventType", "resources.type", "resources.ARN",
  "userIdentity.arn", "sessionCredentialFromConsole",
]);

export function requireSelectors(selectors: readonly Selector[]): Selector[] {
  if (selectors.length === 0) throw invalidSelectors("At least one event selector must be specified.");
  if (selectors.length > selectorsMax) throw invalidSelectors("You can configure up to 5 event selectors.");
  let count = 0;
  for (const { DataResources = [], ExcludeManagementEventSources: excluded = [] } of selectors) {
    for (const { Type, Values = [] } of DataResources) {
      if (Type === undefined || !basicTypes.has(Type)) {
        throw invalidSelectors(`${Type ?? "null"} is not a data resource type of basic event selectors.`);
      }
      for (const value of Values) if (
        !value.startsWith("arn:")
      ) throw invalidSelectors(`Invalid ARN: ${value}`);
      count += Values.length;
    }
    for (const source of excluded) {
      if (!excludable.has(source)) throw invalidSelectors(`The event source ${source} can't be excluded.`);
    }
  }
  if (count > dataResourcesMax) throw invalidSelectors("You can specify up to 250 data resources.");
  return selectors.map((selector) => ({
    ReadWriteType: selector.ReadWriteType ?? "All",
    IncludeManagementEvents: selector.IncludeManagementEvents ?? true,
    DataResources: selector.DataResources ?? [],
    ExcludeManagementEventSources: selector.ExcludeManagementEventSources ?? [],
  }));
}

const operators = ["Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"] as const;

export function requireAdvanced(advanced: readonly Advanced[]): void {
  if (advanced.length === 0) throw invalidSelectors(
    "At least one advanced event selector must be specified.",
  );
  let count = 0;
  for (const { FieldSelectors } of advanced) {
    const category = only(FieldSelectors, "eventCategory");
    if (category !== "Management" && category !== "Data") {
      throw invalidSelectors("eventCategory must equal Management or Data.");
    }
    if (category === "Data" && only(FieldSelectors, "resources.type") === undefined) {
      throw invalidSelectors("A selector of data events must name one resources.type.");
    }
    for (const field of FieldSelectors) {
      if (!fields.has(field.Field)) throw invalidSelectors(
        `${field.Field} is not a field of event selectors.`,
      );
      const values = operators.flatMap((operator) => field[operator] ?? []);
      if (values.length === 0) throw invalidSelectors(`${field.Field} has no operator.`);
      count += values.length;
    }
  }
  if (count > advancedMax) throw invalidSelectors("You can specify up to 500 values in all selectors.");
}

/** The value that a field must equal, where it is one. */
function only(selectors: readonly Field[], name: string): string | undefined {
  const [first, ...more] = selectors.filter(
    ({ Field }) => Field === name,
  ).flatMap(({ Equals }) => Equals ?? []);
  return more.length === 0 ? first : undefined;
}

type ReadWrite = "All" | "ReadOnly" | "WriteOnly" | "None";

function both(one: ReadWrite, other: ReadWrite): ReadWrite {
  if (one === "None" || one === other) return other;
  return other === "None" ? one : "All";
}

/** Which management events it wants some of. */
export function managementOf({ selectors, advanced }: Selected): ReadWrite {
  let all: ReadWrite = "None";
  if (advanced) {
    for (const { FieldSelectors } of advanced) {
      if (only(FieldSelectors, "eventCategory") !== "Management") continue;
      const readOnly = only(FieldSelectors, "readOnly");
      all = both(all, readOnly === undefined ? "All" : readOnly === "true" ? "ReadOnly" : "WriteOnly");
    }
    return all;
  }
  for (const { IncludeManagementEvents, ReadWriteType = "All" } of selectors ?? defaultSelectors) {
    if (IncludeManagementEvents) all = both(all, ReadWriteType);
  }
  return all;
}

/** The resource types whose data events it wants some of. */
export function wantedDataTypes({ selectors, advanced }: Selected): string[] {
  const types = advanced
    ? advanced.map(({ FieldSelectors }) => only(FieldSelectors, "resources.type"))
    : (selectors ?? []).flatMap(({ DataResources }) => (DataResources ?? []).map(({ Type }) => Type));
  return [...new Set(types.filter((type) => type !== undefined))];
}

export function isSelected({ selectors, advanced }: Selected, record: SelectableRecord): boolean {
  if (advanced) return advanced.some(
    (selector) => selector.FieldSelectors.every((field) => holds(field, record)),
  );
  return (selectors ?? defaultSelectors).some((selector) => isSelectedBy(selector, record));
}

function isSelectedBy(selector: Selector, record: SelectableRecord): boolean {
  const { ReadWriteType = "All", IncludeManagementEvents, ExcludeManagementEventSources = [] } = selector;
  if (ReadWriteType !== "All" && (ReadWriteType === "ReadOnly") !== record.readOnly) return false;
  if (record.eventCategory === "Management") {
    return IncludeManagementEvents === true && !ExcludeManagementEventSources.includes(record.eventSource);
  }
  return (selector.DataResources ?? []).some(({ Type, Values = [] }) => (record.resources ?? []).some(
    ({ type, ARN }) => type === Type && Values.some((value) => isWithin(ARN, value)),
  ));
}

/** `arn:aws:s3` and `arn:aws:lambda` stand for all; a bucket's with a slash for its objects, by prefix. */
function isWithin(arn: string, value: string): boolean {
  const parts = value.split(":").length;
  return parts <= 3 ? arn.startsWith(`${value}:`) : arn === value || (
    value.includes(":s3:::") && arn.startsWith(value)
  );
}

function valuesOf(field: string, record: SelectableRecord): readonly string[] {
  switch (field) {
    case "readOnly": return [String(record.readOnly)];
    case "eventCategory": return [record.eventCategory];
    case "eventSource": return [record.eventSource];
    case "eventName": return [record.eventName];
    case "eventType": return [record.eventType ?? ""];
    case "resources.type": return (record.resources ?? []).map(({ type }) => type ?? "");
    case "resources.ARN": return (record.resources ?? []).map(({ ARN }) => ARN);
    case "userIdentity.arn": return [record.userIdentity.arn ?? ""];
    default: return ["false"];
  }
}

function holds(selector: Field, record: SelectableRecord): boolean {
  const found = valuesOf(selector.Field, record);
  const some = (values: readonly string[], fits: (value: string, wanted: string) => boolean): boolean =>
    values.some((wanted) => found.some((value) => fits(value, wanted)));
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = selector;
  const starts = (value: string, wanted: string): boolean => value.startsWith(wanted);
  const ends = (value: string, wanted: string): boolean => value.endsWith(wanted);
  const same = (value: string, wanted: string): boolean => value === wanted;
  const positive = Equals ?? StartsWith ?? EndsWith;
  if (
    positive && !(some(Equals ?? [], same) || some(StartsWith ?? [], starts) || some(EndsWith ?? [], ends))
  ) {
    return false;
  }
  return !some(NotEquals ?? [], same) && !some(NotStartsWith ?? [], starts) && !some(NotEndsWith ?? [], ends);
}
