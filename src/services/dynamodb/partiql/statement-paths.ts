/** The paths of statements: attributes, the columns of a SELECT, and the table and index of a FROM. */

import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { emptyItem } from "../values/attribute-values.ts";
import { valueAt } from "../expressions/paths.ts";
import type { Path } from "../expressions/paths.ts";
import { isLiteral } from "./literals.ts";
import {
  aliased, columnTwice, emptyPathComponent, listInSource, severalTables, sourceTooLong, starInSource,
  unpivotPath, wildcardPath, wrongIndex, wrongPathComponent, wrongSource, wrongTableName,
} from "./statement-errors.ts";
import type { Expression, PathExpression, PathPart, Source } from "./statement-syntax.ts";

const INDEX_MAX = 2_147_483_647;

/** @throws ValidationException for a path that DynamoDB cannot follow */
export function pathOf({ root, parts, at }: PathExpression): Path {
  if (root === undefined) throw wrongPathComponent(at);
  if (root === "") throw emptyPathComponent();
  return [root, ...parts.map(partOf)];
}

function partOf(part: PathPart): string | number {
  switch (part.kind) {
    case "name":
      if (part.name === "") throw emptyPathComponent();
      return part.name;
    case "unpivot": throw unpivotPath();
    case "wildcard": throw wildcardPath();
    case "index": return indexOf(part.index);
  }
}

/** A minus before the number is not part of where it is. */
function indexOf(index: Expression): string | number {
  if (index.kind === "string") return index.text;
  if (index.kind !== "number") throw wrongPathComponent(index.at);
  if (!/^-?[0-9]+$/.test(index.text)) throw wrongPathComponent(index.at);
  const value = Number(index.text);
  if (value < 0 || value > INDEX_MAX) {
    const length = index.text.startsWith("-") ? index.text.length - 1 : index.text.length;
    throw wrongIndex(index.text, { ...index.at, length });
  }
  return value === 0 ? 0 : value;
}

/** A column of a SELECT, which a row has under the last name of its path: `m.k[0]` is `k[0]`. */
export interface Column {
  readonly path: Path;
  readonly name: string;
}

/** @throws ValidationException for what is no path, and for columns of one name */
export function columnsOf(
  columns: readonly { readonly expression: Expression; readonly alias: boolean }[],
): Column[] {
  const found = columns.map(({ expression, alias }) => {
    if (expression.kind !== "path") throw wrongPathComponent(expression.at);
    if (alias) throw aliased();
    const path = pathOf(expression);
    return { path, name: columnName(path) };
  });
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) throw columnTwice(name);
    names.add(name);
  }
  return found;
}

function columnName(path: Path): string {
  const last = path.findLastIndex((part) => typeof part === "string");
  const [name, ...indexes] = path.slice(last);
  return `${name}${indexes.map((index) => `[${index}]`).join("")}`;
}

/** The row that a SELECT makes of an item: of all of it, or of some columns, where the item has them. */
export function rowOf(columns: readonly Column[] | undefined, item: Item): Item {
  if (columns === undefined) return item;
  const row: Record<string, AttributeValue> = emptyItem();
  for (const { path, name } of columns) {
    const value = valueAt(item, path);
    if (value !== undefined) row[name] = value;
  }
  return row;
}

export interface TableName {
  readonly table: string;
  readonly index: string | undefined;
}

/** @throws ValidationException for a source that is not one table or one index */
export function sourceOf({ expression, alias, several }: Source): TableName {
  if (several) throw severalTables();
  if (alias) throw aliased();
  if (expression.kind === "list" || expression.kind === "bag") throw listInSource();
  if (expression.kind !== "path" || isLiteral(expression)) throw wrongSource(expression.at);
  const { root, parts, at } = expression;
  if (root === undefined) throw wrongSource(at);
  if (parts.length > 1) throw sourceTooLong();
  const [part] = parts;
  if (part && part.kind !== "name") throw part.kind === "index" ? listInSource() : starInSource();
  if (root === "" || part?.name === "") throw emptyPathComponent();
  requireTableName(root);
  return { table: root, index: part?.name };
}

/**
 * A table may also be given by its ARN, as everywhere; whether it is one is for the operation to see.
 *
 * @throws ValidationException for a name that no table may have
 */
export function requireTableName(name: string): void {
  if (!name.startsWith("arn:") && !/^[A-Za-z0-9_.-]{3,255}$/.test(name)) throw wrongTableName();
}
