/**
 * Which keys a table and its indexes may have. The checks stand in the order in which they fire on AWS.
 *
 * @evidence recorded refusals of CreateTable and UpdateTable; Developer Guide, "Multi-attribute keys"
 */

import type { AttributeDefinition, KeySchemaElement, Projection } from "../../../generated/dynamodb.ts";
import { constraintMissed, invalidParameters, validation } from "../errors.ts";
import { keyNames, type KeyAttribute, type KeySchema } from "./table-rows.ts";

/** A table's key is one attribute or two; a global index may have up to four of each kind. */
const tableKeyMax = 2;
const attributesOfKindMax = 4;
const nonKeyAttributesMax = 20;
/** Of all indexes of a table together. */
export const projectedAttributesMax = 100;

function namesOf(elements: readonly { readonly AttributeName: string }[]): string[] {
  return elements.map(({ AttributeName }) => AttributeName);
}

export function requireDistinct(definitions: readonly AttributeDefinition[]): void {
  const seen = new Set<string>();
  for (const { AttributeName: name } of definitions) {
    if (seen.has(name)) throw validation(`Attribute Name is duplicated: ${name}`);
    seen.add(name);
  }
}

function requireDefined(
  elements: readonly KeySchemaElement[], definitions: readonly AttributeDefinition[],
): void {
  const defined = new Set(namesOf(definitions));
  if (namesOf(elements).every((name) => defined.has(name))) return;
  throw invalidParameters(
    "Some index key attributes are not defined in AttributeDefinitions. " +
      `Keys: [${namesOf(elements).join(", ")}], AttributeDefinitions: [${namesOf(definitions).join(", ")}]`,
  );
}

/** HASH, or HASH and RANGE, of different attributes. */
function requireSimple(elements: readonly KeySchemaElement[]): void {
  const [first, second] = elements;
  if (second && first?.AttributeName === second.AttributeName) {
    throw validation("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (first?.KeyType !== "HASH") {
    throw validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (second && second.KeyType !== "RANGE") {
    throw validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
}

export function requireTableKey(
  elements: readonly KeySchemaElement[], definitions: readonly AttributeDefinition[],
): void {
  if (elements.length > tableKeyMax) {
    const shown = elements.map(
      ({ AttributeName, KeyType }) => `KeySchemaElement(attributeName=${AttributeName}, keyType=${KeyType})`,
    );
    throw constraintMissed(
      `[${shown.join(", ")}]`, "keySchema",
      [`Member must have length less than or equal to ${tableKeyMax}`],
    );
  }
  const defined = new Set(namesOf(definitions));
  const names = namesOf(elements);
  const isTwice = names[0] === names[1] && definitions.length === 1;
  if (names.length === tableKeyMax && (isTwice || !names.every((name) => defined.has(name)))) {
    throw validation("Invalid KeySchema: Some index key attribute have no definition");
  }
  requireDefined(elements, definitions);
  requireSimple(elements);
}

/** Every attribute that is defined must be part of some key. */
export function requireAllUsed(
  elements: readonly KeySchemaElement[], definitions: readonly AttributeDefinition[],
  indexes: readonly { readonly KeySchema: readonly KeySchemaElement[] }[],
): void {
  const used = new Set([...namesOf(elements), ...indexes.flatMap(({ KeySchema }) => namesOf(KeySchema))]);
  if (namesOf(definitions).every((name) => used.has(name))) return;
  if (indexes.length === 0) {
    throw invalidParameters(
      "Number of attributes in KeySchema does not exactly match " +
        "number of attributes defined in AttributeDefinitions",
    );
  }
  throw invalidParameters(
    "Some AttributeDefinitions are not used. " +
      `AttributeDefinitions: [${namesOf(definitions).join(", ")}], keys used: [${[...used].join(", ")}]`,
  );
}

export function requireGlobalKey(
  elements: readonly KeySchemaElement[], definitions: readonly AttributeDefinition[],
): void {
  requireDefined(elements, definitions);
  if (elements.length <= tableKeyMax && elements.filter(({ KeyType }) => KeyType === "HASH").length < 2) {
    requireSimple(elements);
    return;
  }
  if (new Set(namesOf(elements)).size < elements.length) {
    throw validation("The KeySchema contains multiple key attributes with the same name");
  }
  if (elements[0]?.KeyType !== "HASH") {
    throw validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  const firstRange = elements.findIndex(({ KeyType }) => KeyType === "RANGE");
  if (firstRange >= 0 && elements.slice(firstRange).some(({ KeyType }) => KeyType === "HASH")) {
    throw invalidParameters("All HASH key attributes must precede RANGE key attributes in the KeySchema");
  }
  for (const kind of ["HASH", "RANGE"] as const) {
    if (elements.filter(({ KeyType }) => KeyType === kind).length <= attributesOfKindMax) continue;
    throw invalidParameters(`The KeySchema exceeds the maximum allowed number of ${kind} key attributes`);
  }
}

export function requireLocalKey(
  index: string, elements: readonly KeySchemaElement[], definitions: readonly AttributeDefinition[],
  tablePartition: string,
): void {
  requireDefined(elements, definitions);
  requireSimple(elements);
  if (elements.length !== tableKeyMax) {
    throw invalidParameters(`Index KeySchema does not have a range key for index: ${index}`);
  }
  const partition = elements[0]?.AttributeName ?? "";
  if (partition !== tablePartition) {
    throw invalidParameters(
      "Index KeySchema does not have the same leading hash key as table KeySchema for index: " +
        `${index}. index hash key: ${partition}, table hash key: ${tablePartition}`,
    );
  }
}

export function requireProjection({ ProjectionType: type, NonKeyAttributes: included }: Projection): void {
  if (type === undefined) throw invalidParameters("Unknown ProjectionType: null");
  if (type !== "INCLUDE") {
    if (included) throw invalidParameters(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
    return;
  }
  if (!included) {
    throw invalidParameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  }
  const twice = included.find((name, index) => included.indexOf(name) !== index);
  if (twice !== undefined) throw invalidParameters(`Duplicate element in NonKeyAttributes: ${twice}`);
  if (included.length > nonKeyAttributesMax) {
    throw invalidParameters(
      `NonKeyAttributes exceeds the limit of ${nonKeyAttributesMax} attributes for an index`,
    );
  }
}

/** As the rows have it. The definitions have been checked. */
export function keySchemaOf(
  elements: readonly KeySchemaElement[], definitions: readonly KeyAttribute[],
): KeySchema {
  const ofKind = (kind: "HASH" | "RANGE"): KeyAttribute[] =>
    elements.filter(({ KeyType }) => KeyType === kind).flatMap(({ AttributeName }) =>
      definitions.find(({ name }) => name === AttributeName) ?? []);
  return { partition: ofKind("HASH"), sort: ofKind("RANGE") };
}

/** In the order of names, as DescribeTable shows them. */
export function attributesOf(definitions: readonly AttributeDefinition[]): KeyAttribute[] {
  return definitions
    .map(({ AttributeName: name, AttributeType: type }) => ({ name, type }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Which attributes an entry of an index holds; undefined for all. */
export function projectedNames(
  projection: Projection, indexKey: KeySchema, tableKey: KeySchema,
): readonly string[] | undefined {
  if (projection.ProjectionType === "ALL") return undefined;
  return [...new Set([...keyNames(tableKey, indexKey), ...(projection.NonKeyAttributes ?? [])])];
}
