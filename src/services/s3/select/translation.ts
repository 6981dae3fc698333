/**
 * From a query that was understood to statements of the engine. Nothing of the expression's text gets there:
 * strings are bound, names are columns by number, and all else is written here.
 */

import { selectError, type Place } from "./errors.ts";
import {
  childrenOf, holdsAggregate, type Aggregate, type Expression, type Path, type Query, type Step,
} from "./tree.ts";

/** What the engine is given of a record: a value, or whether it is there at all. */
export interface Column {
  readonly steps: readonly Step[];
  readonly asks: "value" | "isMissing";
  readonly place: Place;
}

export interface Statement {
  readonly sql: string;
  /** Bound from the third parameter on. */
  readonly constants: readonly string[];
}

/** What is shown of a record: its own value at a path, or what the engine makes of it. */
export type Output =
  | { readonly kind: "path"; readonly name: string; readonly path: Path }
  | {
      readonly kind: "computed";
      readonly name: string;
      readonly position: number;
      readonly isBoolean: boolean;
    };

interface Plan {
  readonly columns: readonly Column[];
  readonly limit: number;
}

export interface RowPlan extends Plan {
  readonly kind: "rows";
  /** Undefined for `*`. */
  readonly outputs: readonly Output[] | undefined;
  /** Undefined where nothing is to be decided or computed. */
  readonly select: Statement | undefined;
}

export interface AggregatePlan extends Plan {
  readonly kind: "aggregate";
  readonly outputs: readonly Output[];
  /** Of a batch, of two of those, and of all. */
  readonly partial: Statement;
  readonly combine: Statement;
  readonly finish: Statement;
}

const columnsMax = 1_000;
const constantsMax = 30_000;

type Type = "number" | "text" | "boolean" | "timestamp" | "unknown";
interface Emitted {
  readonly sql: string;
  readonly type: Type;
}

/** @throws UnsupportedSqlStructure for aggregates beside what is none, or within conditions */
export function planQuery(query: Query): RowPlan | AggregatePlan {
  const { items, where, limit = Number.MAX_SAFE_INTEGER } = query;
  if (where && holdsAggregate(where)) throw selectError("UnsupportedSqlStructure");
  const isAggregate = items?.some(({ expression }) => holdsAggregate(expression)) ?? false;
  return isAggregate ? planAggregate(query, limit) : planRows(query, limit);
}

function planRows({ items, where }: Query, limit: number): RowPlan {
  const columns = columnList();
  const emitter = emitterOver(columns);
  const computed: string[] = [];
  const outputs = items?.map(({ name, expression }): Output => {
    if (expression.kind === "path") return { kind: "path", name, path: expression };
    const { sql, type } = emitter.emit(expression);
    computed.push(sql);
    return { kind: "computed", name, position: computed.length, isBoolean: type === "boolean" };
  });
  const condition = where ? ` WHERE ${emitter.emit(where).sql}` : "";
  const source = columns.source();
  const sql =
    "SELECT json_group_array(json(shown)) FROM " +
    `(SELECT json_array(${["at", ...computed].join(", ")}) AS shown FROM ${source}${condition} LIMIT ?2)`;
  const isNeeded = where !== undefined || computed.length > 0;
  const select = isNeeded ? { sql, constants: emitter.constants } : undefined;
  return { kind: "rows", columns: columns.list, limit, outputs, select };
}

function planAggregate({ items = [], where }: Query, limit: number): AggregatePlan {
  const columns = columnList();
  const emitter = emitterOver(columns);
  const partials: string[] = [];
  const combined: string[] = [];
  const add = (sql: string, by: "SUM" | "MIN" | "MAX"): string => {
    combined.push(`${by}(value ->> ${partials.length})`);
    partials.push(sql);
    return `(?1 ->> ${partials.length - 1})`;
  };
  const aggregate = (name: Aggregate, operand: Expression | undefined): Emitted => {
    if (operand && holdsAggregate(operand)) throw selectError("UnsupportedSqlStructure");
    const of = operand ? emitter.emit(operand).sql : "*";
    if (name === "COUNT") return { sql: add(`COUNT(${of})`, "SUM"), type: "number" };
    const value = `strict_number(${of})`;
    if (name !== "AVG") return { sql: add(`${name}(${value})`, name), type: "number" };
    const total = add(`SUM(${value})`, "SUM");
    return { sql: `(${total} * 1.0 / NULLIF(${add(`COUNT(${value})`, "SUM")}, 0))`, type: "number" };
  };
  const finisher = emitterOver(undefined, aggregate);
  const finals = items.map(({ expression }) => finisher.emit(expression));
  const condition = where ? ` WHERE ${emitter.emit(where).sql}` : "";
  if (partials.length > columnsMax) throw selectError("OverMaxColumn");
  return {
    kind: "aggregate",
    columns: columns.list,
    limit,
    outputs: items.map(({ name }, index): Output => ({
      kind: "computed", name, position: index, isBoolean: finals[index]?.type === "boolean",
    })),
    partial: {
      sql: `SELECT json_array(${partials.join(", ")}) FROM ${columns.source()}${condition}`,
      constants: emitter.constants,
    },
    combine: { sql: `SELECT json_array(${combined.join(", ")}) FROM json_each(?1)`, constants: [] },
    finish: {
      sql: `SELECT json_array(${finals.map(({ sql }) => sql).join(", ")})`, constants: finisher.constants,
    },
  };
}

interface Columns {
  readonly list: readonly Column[];
  readonly add: (path: Path, asks: Column["asks"]) => string;
  readonly source: () => string;
}

function columnList(): Columns {
  const list: Column[] = [];
  const positions = new Map<string, number>();
  const add = ({ steps, place }: Path, asks: Column["asks"]): string => {
    const name = JSON.stringify([asks, steps]);
    const position = positions.get(name) ?? list.length;
    if (position === list.length) {
      if (position >= columnsMax) throw selectError("OverMaxColumn");
      positions.set(name, position);
      list.push({ steps, asks, place });
    }
    return `c${position}`;
  };
  const source = (): string => {
    const values = list.map((_, index) => `, value ->> ${index} AS c${index}`).join("");
    return `(SELECT key AS at${values} FROM json_each(?1))`;
  };
  return { list, add, source };
}

interface Emitter {
  readonly constants: readonly string[];
  emit(expression: Expression): Emitted;
}

/** @param columns of records; without them no path means anything, as beside aggregates */
function emitterOver(
  columns: Columns | undefined,
  aggregate?: (name: Aggregate, operand: Expression | undefined) => Emitted,
): Emitter {
  const constants: string[] = [];
  const bound = (text: string): string => {
    if (constants.length >= constantsMax) throw selectError("UnsupportedSqlStructure");
    constants.push(text);
    return `?${constants.length + 2}`;
  };
  const column = (path: Path, asks: Column["asks"]): string => {
    if (!columns) throw selectError("UnsupportedSqlStructure");
    return columns.add(path, asks);
  };
  const emit = (expression: Expression): Emitted => {
    switch (expression.kind) {
      case "literal": return emitLiteral(expression.value, bound);
      case "path": return { sql: column(expression, "value"), type: "unknown" };
      case "isMissing":
        return expression.operand.kind === "path"
          ? { sql: `(${column(expression.operand, "isMissing")} = 1)`, type: "boolean" }
          : { sql: "FALSE", type: "boolean" };
      case "aggregate":
        if (!aggregate) throw selectError("UnsupportedSqlStructure");
        return aggregate(expression.name, expression.operand);
      default: return emitOver(expression, childrenOf(expression).map(emit));
    }
  };
  return { constants, emit };
}

function emitLiteral(value: string | number | boolean | null, bound: (text: string) => string): Emitted {
  if (value === null) return { sql: "NULL", type: "unknown" };
  if (typeof value === "boolean") return { sql: value ? "TRUE" : "FALSE", type: "boolean" };
  if (typeof value === "string") return { sql: bound(value), type: "text" };
  return { sql: Number.isFinite(value) ? String(value) : "9e999", type: "number" };
}

const casts = { bool: "boolean", int: "number", float: "number", text: "text" } as const;
const inText: Readonly<Record<string, string>> = {
  CHAR_LENGTH: "length", CHARACTER_LENGTH: "length", LOWER: "lower_case", UPPER: "upper_case",
  SUBSTRING: "part_of", "TRIM BOTH": "trim", "TRIM LEADING": "ltrim", "TRIM TRAILING": "rtrim",
};

/** Functions of the engine with the same names. */
const ofTime: Readonly<Record<string, Type>> = {
  TO_TIMESTAMP: "timestamp", DATE_ADD: "timestamp", UTCNOW: "timestamp", DATE_DIFF: "number",
  EXTRACT: "number", TO_STRING: "text",
};

/** @param parts the operands, emitted */
function emitOver(expression: Expression, parts: readonly Emitted[]): Emitted {
  const sqls = parts.map(({ sql }) => sql);
  const [first = "NULL", second = "NULL", third = "NULL"] = sqls;
  switch (expression.kind) {
    case "not": return { sql: `(NOT ${first})`, type: "boolean" };
    case "negative": return { sql: `(- strict_number(${first}))`, type: "number" };
    case "logical": return { sql: balanced(sqls, expression.operator), type: "boolean" };
    case "isNull": return { sql: `(${first} IS NULL)`, type: "boolean" };
    case "comparison": {
      const [left, right] = comparable(parts);
      return { sql: `(${left} ${expression.operator} ${right})`, type: "boolean" };
    }
    case "between": {
      const [value, low, high] = comparable(parts);
      return { sql: `(${value} BETWEEN ${low} AND ${high})`, type: "boolean" };
    }
    case "in": {
      const [value, ...options] = comparable(parts);
      return { sql: `(${value} IN (${options.join(", ")}))`, type: "boolean" };
    }
    case "like":
      if (sqls.length === 2) return { sql: `(${first} LIKE ${second})`, type: "boolean" };
      return { sql: `(${first} LIKE ${second} ESCAPE ${third})`, type: "boolean" };
    case "arithmetic": {
      if (expression.operator === "||") return { sql: `(${first} || ${second})`, type: "text" };
      return { sql: `calculate('${expression.operator}', ${first}, ${second})`, type: "number" };
    }
    case "cast": return { sql: `cast_${expression.type}(${first})`, type: casts[expression.type] };
    case "case": return { sql: emitCase(sqls), type: "unknown" };
    case "call": return emitCall(expression.name, sqls);
    default: throw selectError("UnsupportedSqlOperation");
  }
}

/**
 * Cells of CSV are text: beside a number they count as numbers, and as nothing where they are none. What is
 * compared with a timestamp is one.
 */
function comparable(parts: readonly Emitted[]): string[] {
  if (parts.some(({ type }) => type === "timestamp")) return parts.map(({ sql }) => `instant(${sql})`);
  const isNumeric = parts.some(({ type }) => type === "number");
  return parts.map(({ sql, type }) => (isNumeric && type === "unknown" ? `as_number(${sql})` : sql));
}

/** A thousand conditions in a row would be a thousand levels deep. */
function balanced(sqls: readonly string[], operator: string): string {
  if (sqls.length === 1) return sqls[0] ?? "NULL";
  const middle = Math.ceil(sqls.length / 2);
  const [left, right] = [sqls.slice(0, middle), sqls.slice(middle)];
  return `(${balanced(left, operator)} ${operator} ${balanced(right, operator)})`;
}

function emitCase(sqls: readonly string[]): string {
  const branches: string[] = [];
  for (let at = 0; at + 1 < sqls.length; at += 2) branches.push(`WHEN ${sqls[at]} THEN ${sqls[at + 1]}`);
  return `(CASE ${branches.join(" ")} ELSE ${sqls.at(-1)} END)`;
}

function emitCall(name: string, sqls: readonly string[]): Emitted {
  const list = sqls.join(", ");
  if (name === "COALESCE") return { sql: sqls.length === 1 ? list : `COALESCE(${list})`, type: "unknown" };
  if (name === "NULLIF") return { sql: `NULLIF(${list})`, type: "unknown" };
  if (name === "SUBSTRING" && sqls.length === 2) return { sql: `part_from(${list})`, type: "text" };
  const type = Object.hasOwn(ofTime, name) ? ofTime[name] : undefined;
  if (type) return { sql: `${name.toLowerCase()}(${list})`, type };
  const isLength = name.endsWith("LENGTH");
  return { sql: `${inText[name] ?? "NULL"}(${list})`, type: isLength ? "number" : "text" };
}
