/**
 * Whether a trail wants an event. The kernel asks, to know which calls become events of EventBridge;
 * CloudTrail asks, to know what it delivers and watches.
 *
 * @evidence CloudTrail API Reference, EventSelector, AdvancedFieldSelector; User Guide, "Logging data
 *   events", "How CloudTrail evaluates multiple conditions for a field"
 */

export interface TrailSelection {
  readonly selectors?: readonly BasicSelector[] | undefined;
  /** Where there are any, `selectors` does not count. */
  readonly advanced?: readonly AdvancedSelector[] | undefined;
}

export interface BasicSelector {
  readonly ReadWriteType?: "All" | "ReadOnly" | "WriteOnly" | undefined;
  readonly IncludeManagementEvents?: boolean | undefined;
  readonly DataResources?:
    readonly { readonly Type?: string | undefined; readonly Values?: readonly string[] | undefined }[]
    | undefined;
  readonly ExcludeManagementEventSources?: readonly string[] | undefined;
}

export interface AdvancedSelector {
  readonly FieldSelectors: readonly FieldSelector[];
}

export interface FieldSelector {
  readonly Field: string;
  readonly Equals?: readonly string[] | undefined;
  readonly StartsWith?: readonly string[] | undefined;
  readonly EndsWith?: readonly string[] | undefined;
  readonly NotEquals?: readonly string[] | undefined;
  readonly NotStartsWith?: readonly string[] | undefined;
  readonly NotEndsWith?: readonly string[] | undefined;
}

/** A record, as far as selectors look at it. */
export interface SelectableRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventType?: string;
  readonly eventCategory: string;
  readonly readOnly: boolean;
  readonly userIdentity: { readonly arn?: string; readonly invokedBy?: string };
  readonly resources?: readonly { readonly ARN: string; readonly type?: string }[];
}

export const defaultSelectors: readonly BasicSelector[] = [{ IncludeManagementEvents: true }];

export function isSelected({ selectors, advanced }: TrailSelection, record: SelectableRecord): boolean {
  if (advanced) return advanced.some((selector) => isSelectedByFields(selector, record));
  return (selectors ?? defaultSelectors).some((selector) => isSelectedBy(selector, record));
}

function isSelectedBy(selector: BasicSelector, record: SelectableRecord): boolean {
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

function isSelectedByFields({ FieldSelectors }: AdvancedSelector, record: SelectableRecord): boolean {
  const types = FieldSelectors.find(({ Field }) => Field === "resources.type")?.Equals;
  return FieldSelectors.every((field) => holds(field, valuesOf(field.Field, record, types)));
}

/** @param types whose ARNs count: an event of an object names the object's bucket, too */
function valuesOf(
  field: string, record: SelectableRecord, types: readonly string[] | undefined,
): readonly string[] {
  switch (field) {
    case "readOnly": return [String(record.readOnly)];
    case "eventCategory": return [record.eventCategory];
    case "eventSource": return [record.eventSource];
    case "eventName": return [record.eventName];
    case "eventType": return [record.eventType ?? ""];
    case "resources.type": return (record.resources ?? []).map(({ type }) => type ?? "");
    case "resources.ARN": return (record.resources ?? [])
      .filter(({ type }) => types === undefined || (type !== undefined && types.includes(type)))
      .map(({ ARN }) => ARN);
    case "userIdentity.arn": return [record.userIdentity.arn ?? ""];
    case "sessionCredentialFromConsole": return ["false"];
    default: return [];
  }
}

type Comparison = (value: string, wanted: string) => boolean;

const same: Comparison = (value, wanted) => value === wanted;
const starts: Comparison = (value, wanted) => value.startsWith(wanted);
const ends: Comparison = (value, wanted) => value.endsWith(wanted);

/** One of the operators that select must hold, where there are any, and none of those that leave out. */
function holds(selector: FieldSelector, found: readonly string[]): boolean {
  const some = (values: readonly string[] | undefined, fits: Comparison): boolean =>
    values?.some((wanted) => found.some((value) => fits(value, wanted))) === true;
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = selector;
  if (some(NotEquals, same) || some(NotStartsWith, starts) || some(NotEndsWith, ends)) return false;
  if (!Equals && !StartsWith && !EndsWith) return true;
  return some(Equals, same) || some(StartsWith, starts) || some(EndsWith, ends);
}
