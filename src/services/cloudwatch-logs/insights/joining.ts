/** Commands that bring in what is elsewhere: `join` and `lookup`. */

import { Row } from "./rows.ts";
import type { Scanner } from "./scanner.ts";
import { keptRowsMax, TooManyRows, type Stage } from "./stages.ts";
import type { Subquery } from "./subqueries.ts";
import { textOf } from "./values.ts";

export interface Join {
  readonly isLeft: boolean;
  readonly leftAlias: string;
  readonly rightAlias: string;
  readonly keys: readonly { readonly left: string; readonly right: string }[];
  readonly right: Subquery;
}

/**
 * `type=… left=… right=… where left.a=right.b [and …] (SOURCE …)`
 *
 * @evidence CloudWatch Logs User Guide, "join"
 */
export function readJoin(scanner: Scanner, subquery: () => Subquery): Join {
  const settings: Record<string, string> = { type: "inner" };
  for (;;) {
    const name = scanner.find(/(type|left|right)\s*=\s*/iy)?.[1]?.toLowerCase();
    if (name === undefined) break;
    settings[name] = scanner.requireName();
  }
  const { type = "", left, right } = settings;
  if (left === undefined || right === undefined || !/^(inner|left)$/i.test(type)) throw scanner.unexpected();
  if (!scanner.word("where")) throw scanner.unexpected();
  const keys: { left: string; right: string }[] = [];
  do {
    const first = scanner.requireName();
    scanner.require("=");
    const sides = [first, scanner.requireName()];
    const of = (alias: string): string | undefined =>
      sides.find((side) => side.startsWith(`${alias}.`))?.slice(alias.length + 1);
    const [leftKey, rightKey] = [of(left), of(right)];
    if (leftKey === undefined || rightKey === undefined) throw scanner.unexpected();
    keys.push({ left: leftKey, right: rightKey });
  } while (scanner.word("and"));
  return {
    isLeft: type.toLowerCase() === "left", leftAlias: left, rightAlias: right, keys, right: subquery(),
  };
}

function keyOf(row: Row, names: readonly string[]): string | undefined {
  const values = names.map((name) => textOf(row.get(name)));
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}

export function joined(next: Stage, { isLeft, leftAlias, rightAlias, keys, right }: Join): Stage {
  let byKey: Map<string, Row[]> | undefined;
  let made = 0;
  const index = (): Map<string, Row[]> => {
    const rows = new Map<string, Row[]>();
    for (const row of right.rows) {
      const key = keyOf(row, keys.map((each) => each.right));
      if (key === undefined) continue;
      const alike = rows.get(key);
      if (alike) alike.push(row);
      else rows.set(key, [row]);
    }
    return rows;
  };
  return {
    push: (row) => {
      byKey ??= index();
      const key = keyOf(row, keys.map((each) => each.left));
      const matches = key === undefined ? undefined : byKey.get(key);
      if (!matches && !isLeft) return;
      for (const match of matches ?? [new Row()]) {
        if (++made > keptRowsMax) throw new TooManyRows();
        const both = row.copy();
        both.set(leftAlias, row);
        both.set(rightAlias, match);
        next.push(both);
      }
    },
    end: () => next.end(),
  };
}

interface Renamed {
  readonly column: string;
  readonly field: string;
}

/** What a query needs of a lookup table. */
export class Lookup {
  readonly table: string;
  readonly keys: readonly Renamed[];
  readonly outputs: readonly Renamed[];
  #byKey: ReadonlyMap<string, readonly (string | undefined)[]> = new Map();

  constructor(table: string, keys: readonly Renamed[], outputs: readonly Renamed[]) {
    this.table = table;
    this.keys = keys;
    this.outputs = outputs;
  }

  /** Columns that the table would have to have. */
  get columns(): string[] {
    return [...this.keys, ...this.outputs].map(({ column }) => column);
  }

  /** Of rows that are alike the first counts. */
  give(header: readonly string[], records: readonly (readonly string[])[]): void {
    const places = (names: readonly Renamed[]): number[] =>
      names.map(({ column }) => header.indexOf(column));
    const [keys, outputs] = [places(this.keys), places(this.outputs)];
    const byKey = new Map<string, readonly (string | undefined)[]>();
    for (const record of records) {
      const key = JSON.stringify(keys.map((place) => record[place]));
      if (!byKey.has(key)) byKey.set(key, outputs.map((place) => record[place]));
    }
    this.#byKey = byKey;
  }

  apply(row: Row): void {
    const key = keyOf(row, this.keys.map(({ field }) => field));
    const values = key === undefined ? undefined : this.#byKey.get(key);
    this.outputs.forEach(({ field }, index) => row.set(field, values?.[index]));
  }
}

function renamed(scanner: Scanner): Renamed[] {
  const all: Renamed[] = [];
  do {
    const column = scanner.requireName();
    all.push({ column, field: scanner.word("as") ? scanner.requireName() : column });
  } while (scanner.skip(","));
  return all;
}

/**
 * `table column [as field], … OUTPUT column [as field], …`
 *
 * @evidence CloudWatch Logs User Guide, "lookup": a field is matched against a field of the table, and output
 * fields are appended
 */
export function readLookup(scanner: Scanner): Lookup {
  const table = scanner.requireName();
  const keys = renamed(scanner);
  if (!scanner.word("output")) throw scanner.unexpected();
  return new Lookup(table, keys, renamed(scanner));
}

