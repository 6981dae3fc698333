/**
 * What selectors a trail may have, and what they come to. Whether they fit an event the kernel says.
 *
 * @evidence CloudTrail API Reference, EventSelector, AdvancedFieldSelector; User Guide, "Logging data
 *   events", "Logging network activity events"
 */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import { invalidDataResource, invalidSelectors } from "./errors.ts";
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

const selectorsMax = 5;
const dataResourcesMax = 250;
const advancedMax = 500;
/** @evidence CloudTrail API Reference, DataResource and ExcludeManagementEventSources */
const basicTypes = new Set(["AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"]);
const excludable = new Set(["kms.amazonaws.com", "rdsdata.amazonaws.com"]);
/** @evidence CloudTrail API Reference, AdvancedFieldSelector: what trails may name, by category */
const fields: Readonly<Record<string, ReadonlySet<string>>> = {
  Management: new Set(["eventCategory", "eventSource", "readOnly"]),
  Data: new Set([
    "eventCategory", "eventName", "eventSource", "eventType", "readOnly", "resources.ARN", "resources.type",
    "sessionCredentialFromConsole", "userIdentity.arn",
  ]),
  NetworkActivity: new Set([
    "eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId", "userIdentity.arn",
  ]),
};
const equalOnly = new Set(["eventCategory", "readOnly", "resources.type", "errorCode"]);
/** @evidence CloudTrail API Reference, AdvancedFieldSelector: the only valid values */
const fieldValues: Readonly<Record<string, ReadonlySet<string>>> = {
  readOnly: new Set(["true", "false"]),
  errorCode: new Set(["VpceAccessDenied"]),
  sessionCredentialFromConsole: new Set(["true", "false"]),
};

export function requireSelectors(selectors: readonly Selector[]): Selector[] {
  if (selectors.length === 0) throw invalidSelectors("At least one event selector must be specified.");
  if (selectors.length > selectorsMax) throw invalidSelectors("You can configure up to 5 event selectors.");
  let count = 0;
  for (const { DataResources = [], ExcludeManagementEventSources: excluded = [] } of selectors) {
    for (const { Type, Values = [] } of DataResources) {
      if (Type === undefined || !basicTypes.has(Type)) {
        throw invalidSelectors(`${Type ?? "null"} is not a data resource type of basic event selectors.`);
      }
      for (const value of Values) if (!isDataResource(Type, value)) throw invalidDataResource(value);
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

const services: Readonly<Record<string, string>> = {
  "AWS::S3::Object": "s3", "AWS::Lambda::Function": "lambda", "AWS::DynamoDB::Table": "dynamodb",
};

/** All of a service, or one: a bucket's objects by a prefix, which may be empty. No wildcards. */
function isDataResource(type: string, value: string): boolean {
  const all = `arn:aws:${services[type] ?? ""}`;
  if (value === all) return true;
  if (!value.startsWith(`${all}:`) || value.includes("*")) return false;
  return type !== "AWS::S3::Object" || /^arn:aws:s3:::($|[^/]+\/)/.test(value);
}

const operators = ["Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"] as const;

export function requireAdvanced(advanced: readonly Advanced[]): void {
  if (advanced.length === 0) throw invalidSelectors(
    "At least one advanced event selector must be specified.",
  );
  let count = 0;
  for (const { FieldSelectors } of advanced) {
    const category = only(FieldSelectors, "eventCategory");
    const allowed = category === undefined ? undefined : fields[category];
    if (category === undefined || !allowed) {
      throw invalidSelectors("eventCategory must equal Management, Data or NetworkActivity.");
    }
    const required = category === "Data" ? "resources.type" : "eventSource";
    if (category !== "Management" && only(FieldSelectors, required) === undefined) {
      throw invalidSelectors(`A selector of ${category} events must name one ${required}.`);
    }
    const names = new Set<string>();
    for (const field of FieldSelectors) {
      if (!allowed.has(field.Field)) {
        throw invalidSelectors(`${field.Field} is not a field of selectors of ${category} events.`);
      }
      if (names.has(field.Field)) throw invalidSelectors(`${field.Field} can be named only once.`);
      names.add(field.Field);
      count += requireOperators(category, field);
    }
  }
  if (count > advancedMax) throw invalidSelectors("You can specify up to 500 values in all selectors.");
}

/** How many values it has. */
function requireOperators(category: string, field: Field): number {
  const { Field: name } = field;
  const used = operators.filter((operator) => field[operator] !== undefined);
  if (used.length === 0) throw invalidSelectors(`${name} has no operator.`);
  const values = used.flatMap((operator) => field[operator] ?? []);
  const isOfManagement = category === "Management" && name === "eventSource";
  const allowed = isOfManagement ? excludable : fieldValues[name];
  if (allowed && !values.every((value) => allowed.has(value))) {
    throw invalidSelectors(`${name} can only be ${[...allowed].join(" or ")}.`);
  }
  const operator = isOfManagement ? "NotEquals" : "Equals";
  if ((isOfManagement || equalOnly.has(name)) && used.some((each) => each !== operator)) {
    throw invalidSelectors(`The only operator of ${name} is ${operator}.`);
  }
  return values.length;
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
