/** The records of a file: its lines, and what items they say. */

import type { AttributeDefinition } from "../../../generated/dynamodb.ts";
import { validation } from "../errors.ts";
import { emptyItem, type AttributeValue, type Item } from "../values/attribute-values.ts";

/** What a line may have where nothing else is said. */
const anyLineBytesMax = 8 * 1_048_576;

const newLine = 10;
const quote = 34;

/** What is wrong with the whole file from here on. */
export class BrokenFile extends Error {}

export interface LineRules {
  /** Within the quotes of a CSV file a line does not end. */
  readonly isQuoted: boolean;
  /** What follows a longer line is not looked at. */
  readonly bytesMax?: number | undefined;
}

/**
 * The lines of a file, without what ends them.
 *
 * @throws BrokenFile when a line is too long
 */
export async function* linesOf(
  content: AsyncIterable<Buffer>, { isQuoted, bytesMax = anyLineBytesMax }: LineRules,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let isInQuotes = false;
  for await (const chunk of content) {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (isQuoted && byte === quote) isInQuotes = !isInQuotes;
      if (byte !== newLine || isInQuotes) continue;
      parts.push(chunk.subarray(start, index));
      if (bytes + index - start > bytesMax) throw new BrokenFile("a line is too long");
      yield withoutReturn(Buffer.concat(parts));
      parts = [];
      bytes = 0;
      start = index + 1;
    }
    const rest = chunk.subarray(start);
    parts.push(rest);
    bytes += rest.length;
    if (bytes > bytesMax) throw new BrokenFile("a line is too long");
  }
  const last = withoutReturn(Buffer.concat(parts));
  if (last.length > 0) yield last;
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}

/**
 * The fields of a CSV line.
 *
 * @throws ValidationException for quotes that are not doubled
 * @evidence Developer Guide, "Amazon S3 import formats for DynamoDB", Escaping double quotes
 */
export function fieldsOf(line: string, delimiter: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const [field, end] = line[at] === '"' ? quotedField(line, at) : plainField(line, at, delimiter);
    fields.push(field);
    if (end >= line.length) return fields;
    if (line[end] !== delimiter) throw validation("Invalid CSV: a quote is not escaped");
    at = end + 1;
  }
}

function plainField(line: string, start: number, delimiter: string): [field: string, end: number] {
  const found = line.indexOf(delimiter, start);
  const end = found < 0 ? line.length : found;
  const field = line.slice(start, end);
  if (field.includes('"')) throw validation("Invalid CSV: a quote is not escaped");
  return [field, end];
}

function quotedField(line: string, start: number): [field: string, end: number] {
  const parts: string[] = [];
  let from = start + 1;
  for (;;) {
    const end = line.indexOf('"', from);
    if (end < 0) throw validation("Invalid CSV: a quote is not closed");
    parts.push(line.slice(from, end));
    if (line[end + 1] !== '"') return [parts.join('"'), end + 1];
    from = end + 2;
  }
}

/** Attributes of keys have their types, all others are strings; empty fields are no attributes. */
export function itemOfFields(
  fields: readonly string[], header: readonly string[], definitions: readonly AttributeDefinition[],
): Item {
  if (fields.length !== header.length) throw validation("Invalid CSV: columns do not match the header");
  const item = emptyItem();
  header.forEach((name, index) => {
    const text = fields[index] ?? "";
    if (text === "") return;
    item[name] = typed(text, definitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType);
  });
  return item;
}

function typed(text: string, type: AttributeDefinition["AttributeType"] | undefined): AttributeValue {
  if (type === "N") return { N: text };
  return type === "B" ? { B: bytesOf(text) } : { S: text };
}

function bytesOf(text: unknown): Buffer {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw validation("Base64 encoded value is not valid");
  }
  return Buffer.from(text, "base64");
}

/**
 * `{"Item": {…}}`, as exports write it.
 *
 * @throws BrokenFile for what is no JSON
 * @evidence recorded: both texts; what follows a line that is no JSON is not looked at
 */
export function itemOfJson(line: string): Item {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    throw new BrokenFile("Unexpected token");
  }
  if (!isMap(record) || !Object.hasOwn(record, "Item")) {
    throw validation("Expected 'Item' top level container");
  }
  return attributesOf(record.Item, 0);
}

type Plain = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deeper values are refused anyhow. */
const levelsMax = 64;

function attributesOf(given: unknown, level: number): Item {
  if (!isMap(given) || level > levelsMax) throw validation("Invalid item");
  const item = emptyItem();
  for (const name of Object.keys(given)) item[name] = valueOf(given[name], level);
  return item;
}

function valueOf(given: unknown, level: number): AttributeValue {
  if (!isMap(given)) throw validation("Supplied AttributeValue is not valid");
  const [type, ...others] = Object.keys(given);
  if (type === undefined || others.length > 0) throw validation("Supplied AttributeValue is not valid");
  const value = given[type];
  switch (type) {
    case "S": case "N": return { [type]: stringOf(value) };
    case "B": return { B: bytesOf(value) };
    case "BOOL": case "NULL":
      if (typeof value !== "boolean") break;
      return { [type]: value };
    case "SS": case "NS": return { [type]: listOf(value).map(stringOf) };
    case "BS": return { BS: listOf(value).map(bytesOf) };
    case "L": return { L: listOf(value).map((each) => valueOf(each, requireLevel(level + 1))) };
    case "M": return { M: attributesOf(value, level + 1) as Record<string, AttributeValue> };
    default:
  }
  throw validation("Supplied AttributeValue is not valid");
}

function requireLevel(level: number): number {
  if (level > levelsMax) throw validation("Invalid item");
  return level;
}

function stringOf(value: unknown): string {
  if (typeof value !== "string") throw validation("Supplied AttributeValue is not valid");
  return value;
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw validation("Supplied AttributeValue is not valid");
  return value as unknown[];
}
