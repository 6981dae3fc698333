import assert from "node:assert/strict";
import { test } from "node:test";
import { matches } from "../expressions/conditions.ts";
import { inSortRange } from "../expressions/key-ranges.ts";
import type { KeySchema } from "../expressions/key-ranges.ts";
import { applyUpdate } from "../expressions/updates.ts";
import { normalizeItem } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { compareValues, itemsEqual, valuesEqual } from "../values/comparison.ts";
import { conditionCheck, singleRead, writeTarget } from "./item-targets.ts";
import { readPlan } from "./read-plans.ts";
import { rowOf } from "./statement-paths.ts";
import { bindStatement, normalizeParameters, StatementCache } from "./statements.ts";
import type { SelectStatement } from "./statements.ts";

const SCHEMA: KeySchema = { partition: [{ name: "pk", type: "S" }], sort: [{ name: "sk", type: "S" }] };

/** A table as small as can be, to run statements on. */
class SmallTable {
  items: Item[] = [];
  readonly #cache = new StatementCache();

  put(pk: string, sk: string, attributes: Record<string, AttributeValue> = {}): void {
    this.items.push(normalizeItem({ ...attributes, pk: { S: pk }, sk: { S: sk } }));
  }

  /** Rows of a SELECT; `undefined` where a write failed its condition. */
  run(text: string, ...parameters: AttributeValue[]): Item[] | undefined {
    const statement = bindStatement(text, normalizeParameters(parameters), this.#cache);
    switch (statement.kind) {
      case "select": return this.#select(statement);
      case "insert":
        this.items.push(statement.item);
        return [];
      case "exists": throw new Error("Only transactions check.");
      case "update":
      case "delete": {
        const { key, condition } = writeTarget(statement.where, SCHEMA);
        const index = this.items.findIndex((item) => valuesEqual(item["pk"] ?? {}, key["pk"] ?? {}) &&
          valuesEqual(item["sk"] ?? {}, key["sk"] ?? {}));
        const item = this.items[index];
        if (!item && statement.kind === "delete") return [];
        if (!item || (condition && !matches(condition, item))) return undefined;
        const after = statement.kind === "update" ? [applyUpdate(statement.update, item, key)] : [];
        this.items.splice(index, 1, ...after);
        return [];
      }
    }
  }

  #select(statement: SelectStatement): Item[] {
    const plan = readPlan(statement, SCHEMA);
    const ascending = [...this.items].sort((left, right) =>
      compareValues(left["pk"] ?? {}, right["pk"] ?? {}) ||
      compareValues(left["sk"] ?? {}, right["sk"] ?? {}) || 0);
    if (plan.kind === "scan") {
      return ascending.filter((item) => !plan.filter || matches(plan.filter, item))
        .map((item) => rowOf(statement.columns, item));
    }
    const items = plan.reverse ? ascending.reverse() : ascending;
    return plan.reads.flatMap(({ range, filter }) => items.filter((item) =>
      valuesEqual(item["pk"] ?? {}, range.partition[0] ?? {}) && inSortRange(range, [item["sk"] ?? {}]) &&
      (!filter || matches(filter, item)))).map((item) => rowOf(statement.columns, item));
  }

  only(): Item {
    const [item, ...others] = this.items;
    assert.ok(item && others.length === 0);
    return item;
  }
}

test("the forms of the Developer Guide run", () => {
  const table = new SmallTable();
  table.run(`INSERT INTO "tab" value {'pk':'dt', 'sk':'1', 'NumberType':1,
    'MapType' : {'entryname1': 'value', 'entryname2': 4}, 'ListType': [1,'stringval'],
    'NumberSetType':<<1,34,32,4.5>>, 'StringSetType':<<'stringval','stringval2'>>}`);
  table.run(`UPDATE "tab" SET NumberType=NumberType + 100 SET MapType.NewMapEntry=[2020, 'stringvalue', 2.4]
    SET ListType = LIST_APPEND(ListType, [4, <<'string1', 'string2'>>])
    SET NumberSetType= SET_ADD(NumberSetType, <<345, 48.4>>)
    SET StringSetType = SET_ADD(StringSetType, <<'stringsetvalue1', 'stringsetvalue2'>>)
    WHERE pk='dt' AND sk='1'`);
  table.run(`UPDATE "tab" SET NumberType=NumberType - 1 REMOVE ListType[1] REMOVE MapType.NewMapEntry
    SET NumberSetType = SET_DELETE( NumberSetType, <<345>>)
    SET StringSetType = SET_DELETE( StringSetType, <<'stringsetvalue1'>>) WHERE pk='dt' AND sk='1'`);
  const expected: Item = {
    pk: { S: "dt" }, sk: { S: "1" }, NumberType: { N: "100" },
    MapType: { M: { entryname1: { S: "value" }, entryname2: { N: "4" } } },
    ListType: { L: [{ N: "1" }, { N: "4" }, { SS: ["string1", "string2"] }] },
    NumberSetType: { NS: ["1", "4.5", "32", "34", "48.4"] },
    StringSetType: { SS: ["stringsetvalue2", "stringval", "stringval2"] },
  };
  assert.ok(itemsEqual(table.only(), expected), JSON.stringify(table.only()));
});

test("literals are values of their types", () => {
  const table = new SmallTable();
  table.run(`INSERT INTO tab VALUE {'pk':'a', 'sk':'b', 'a':1E3, 'b':-1.5e-3, 'c':2.50, 'd':-0,
    'q':'it''s here', 'e': - - 1, 'f': +.5, 't': true, 'n': null, 'l': [], 'm': {'__proto__': 'x'}, 'p': ?}`,
  { B: Buffer.of(1) });
  assert.ok(itemsEqual(table.only(), normalizeItem({
    pk: { S: "a" }, sk: { S: "b" }, a: { N: "1000" }, b: { N: "-0.0015" }, c: { N: "2.5" }, d: { N: "0" },
    q: { S: "it's here" }, e: { N: "1" }, f: { N: "0.5" }, t: { BOOL: true }, n: { NULL: true }, l: { L: [] },
    m: { M: JSON.parse('{"__proto__": {"S": "x"}}') as Item }, p: { B: Buffer.of(1) },
  })));
});

test("comments, cases, quotes and a semicolon make no difference", () => {
  const table = new SmallTable();
  table.put("c", "1", { note: { S: "a--b /*c*/" }, n: { N: "1" } });
  for (const text of [
    `SELECT/**/* FROM "tab" -- the table\nWHERE pk/* key */='c' AND sk='1' --`,
    `-- first\nselect * from tab where "pk" = 'c' and note = 'a--b /*c*/'; -- done`,
    "SELECT * FROM tab WHERE pk='c' AND n>-5;", "SELECT * FROM tab WHERE n != 2 AND n <> 3 AND pk = 'c'",
  ]) assert.equal(table.run(text)?.length, 1, text);
  table.run("UPDATE tab SET n=n-1 WHERE pk='c' AND sk='1'");
  assert.deepEqual(table.only()["n"], { N: "0" });
});

test("tables are given by name or by ARN, indexes behind a dot", () => {
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ["tab", "tab", undefined], ['"t-b"."i.1"', "t-b", "i.1"], ["tab.idx", "tab", "idx"],
    ['"arn:aws:dynamodb:us-east-1:123456789012:table/tab"',
      "arn:aws:dynamodb:us-east-1:123456789012:table/tab", undefined],
  ];
  for (const [source, table, index] of rows) {
    const statement = bindStatement(`SELECT * FROM ${source}`, []);
    assert.ok(statement.kind === "select");
    assert.deepEqual([statement.table, statement.index], [table, index]);
  }
});

test("RETURNING says which attributes and which version", () => {
  const returning = (rest: string): unknown => {
    const statement = bindStatement(rest, []);
    return "returning" in statement && statement.returning;
  };
  const update = "UPDATE tab SET a = 1 WHERE pk = 'x'";
  assert.deepEqual(returning(`${update} RETURNING ALL OLD *`), { which: "ALL", version: "OLD" });
  assert.deepEqual(returning(`${update} returning modified new *`), { which: "MODIFIED", version: "NEW" });
  assert.deepEqual(returning("DELETE FROM tab RETURNING ALL OLD *;"), { which: "ALL", version: "OLD" });
  assert.equal(returning(update), undefined);
});

test("columns have the last name of their path", () => {
  const table = new SmallTable();
  table.put("c", "1", { m: { M: { k: { L: [{ S: "v" }] }, z: { N: "1" } } }, l: { L: [{ S: "a" }] } });
  const rows = table.run(`SELECT m.k[0], l[-0], m."z", nope FROM tab WHERE pk='c' AND sk='1'`) ?? [];
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { "k[0]": { S: "v" }, "l[0]": { S: "a" }, z: { N: "1" } },
  ]);
});

test("functions, IS and conditions as booleans filter", () => {
  const table = new SmallTable();
  table.put("x", "1", {
    ss: { SS: ["a", "b"] }, s: { S: "str" }, m: { M: { sub: { S: "x" } } }, nul: { NULL: true },
    flag: { BOOL: true }, n: { N: "1" }, b: { B: Buffer.of(1, 2) },
  });
  const holding = [
    "attribute_exists(ss)", "attribute_not_exists(nope)", "NOT attribute_exists(nope)",
    'ATTRIBUTE_EXISTS("ss")', "(attribute_exists(nope) OR attribute_exists(ss))",
    "attribute_exists(ss) = true",
    "attribute_exists(m.sub)", "size(s) = 3", "size(b) < 3", "attribute_type(ss, 'SS')", "nul IS NULL",
    "s IS NOT NULL", "nope IS NOT NULL", "nope IS MISSING", "s IS NOT MISSING", "flag IS BOOL", "s IS STRING",
    "m IS STRUCT", "m IS TUPLE", "b IS BLOB", "n IS NUMERIC", "contains(ss, 'a')", "begins_with(s, 'st')",
    "attribute_exists(nope) = false", "true = attribute_exists(n)", "attribute_exists(n) <> 1",
    "contains(nope, 'z') = false", "(n BETWEEN 0 AND 5) = true", "(n = 5 OR s = 'x') = false",
    "attribute_exists(nope) IN [true, false]", "attribute_exists(n) = attribute_exists(s)",
    "attribute_exists(n) = flag", "n = - - 1", "n BETWEEN - 2 AND +5 AND n IN [- 1, 1]", "n NOT IN (2, 3)",
    "s NOT BETWEEN 'a' AND 'b'", "ss = <<'b', 'a'>>", "m = {'sub': 'x'}", "n IN (1)",
  ];
  const failing = [
    "attribute_exists(nope)", "attribute_not_exists(ss)", "size(s) = 4", "attribute_type(ss, 'S')",
    "s IS NULL", "nul IS NOT NULL", "nope IS NULL", "s IS BOOL", "attribute_exists(n) = 1",
    "NOT attribute_exists(n) = true", "(attribute_exists(n) = true) = false", "attribute_exists(n) = s",
    "n > 1", "n = '1'", "s < 5",
  ];
  const rows = (condition: string): Item[] | undefined =>
    table.run(`SELECT pk FROM tab WHERE pk = 'x' AND ${condition}`);
  for (const condition of holding) assert.equal(rows(condition)?.length, 1, condition);
  for (const condition of failing) assert.equal(rows(condition)?.length, 0, condition);
});

test("writes are of one item, whose WHERE may say more", () => {
  const table = new SmallTable();
  table.put("w", "1", { a: { N: "1" } });
  assert.ok(table.run("UPDATE tab SET a=2 WHERE (pk='w' AND sk='1') AND a = 1"));
  assert.ok(table.run("FROM tab WHERE ? = pk AND sk = ? SET c = 2 REMOVE a", { S: "w" }, { S: "1" }));
  assert.deepEqual({ ...table.only() }, { pk: { S: "w" }, sk: { S: "1" }, c: { N: "2" } });
  assert.equal(table.run("UPDATE tab SET z=1 WHERE pk='w' AND sk='1' AND attribute_exists(nope)"), undefined);
  assert.equal(table.run("UPDATE tab SET z=1 WHERE pk='v' AND sk='1'"), undefined);
  assert.equal(table.run("DELETE FROM tab WHERE pk='w' AND sk='1' AND c = 3"), undefined);
  assert.deepEqual(table.run("DELETE FROM tab WHERE pk='v' AND sk='1' AND c = 3"), []);
  assert.deepEqual(table.run("DELETE FROM tab WHERE pk='w' AND sk='1' AND pk='w' AND c = 2"), []);
  assert.deepEqual(table.items, []);
});

test("the keys of writes are refused in AWS's words", () => {
  const target = (where: string, inTransaction = false): unknown => {
    const statement = bindStatement(`DELETE FROM tab${where}`, []);
    return statement.kind === "delete" && writeTarget(statement.where, SCHEMA, { inTransaction });
  };
  const incomplete = "Where clause does not contain a mandatory equality on all key attributes";
  const rows: readonly (readonly [string, string])[] = [
    ["", incomplete], [" WHERE a = 1", incomplete], [" WHERE pk = 'x'", incomplete],
    [" WHERE pk = 'x' AND sk > '1'", incomplete], [" WHERE pk IN ['x'] AND sk = '1'", incomplete],
    [" WHERE pk = 'x' OR sk = '1'", incomplete], [" WHERE NOT (pk = 'x' AND sk = '1')", incomplete],
    [" WHERE pk = 'x' AND sk = '1' AND pk = 'y'",
      "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported"],
    [" WHERE pk = 'x' AND sk = 1",
      "Key attribute's data type should match its data type in table's schema: Key sk"],
    [" WHERE pk = true AND sk = 1", "Key value must be of type S, N, or B. Key name: pk, Key type: BOOL"],
    [" WHERE pk = '' AND sk = '1'", "One or more parameter values are not valid. " +
      "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
  ];
  for (const [where, message] of rows) {
    assert.throws(() => target(where), { code: "ValidationException", message }, where);
  }
  for (const where of ["", " WHERE pk = 'x' AND sk = 1", " WHERE pk = 'x' AND sk = '1' AND pk = 'y'"]) {
    assert.throws(() => target(where, true), {
      message: "The provided key element does not match the schema",
    });
  }
});

function selectOf(text: string): SelectStatement {
  const statement = bindStatement(text, []);
  if (statement.kind === "exists") return statement.select;
  assert.ok(statement.kind === "select");
  return statement;
}

test("reads in batches and transactions are by the whole key and nothing else", () => {
  const read = (where: string): Item =>
    ({ ...singleRead(selectOf(`SELECT * FROM tab WHERE ${where}`), SCHEMA, "ExecuteTransaction") });
  const key = { pk: { S: "k" }, sk: { S: "1" } };
  for (const where of [
    "pk='k' AND sk='1'", "(sk='1') AND pk='k' AND pk='k'", "pk IN ['k'] AND sk IN ['1']",
    "(pk IN ['k']) AND pk='k' AND sk='1'",
  ]) assert.deepEqual(read(where), key, where);
  const refused = "Select statements within ExecuteTransaction must specify the primary key in the " +
    "where clause.";
  const rows: readonly (readonly [string, string])[] = [
    ["pk='k' AND sk='1' AND flag='x'", refused], ["pk='k' AND sk='1' AND pk='o'", refused],
    ["pk='k'", refused], ["attribute_exists(ss)", refused], ["pk IN ['o'] AND pk='k' AND sk='1'", refused],
    ["pk='k' AND sk > '1'", refused],
    ["pk='k' AND sk=1", "The provided key element does not match the schema"],
    ["pk IN ['k','k'] AND sk='1'",
      "Overlapping conditions with range keys are not supported in where clause"],
  ];
  for (const [where, message] of rows) {
    assert.throws(() => read(where), { code: "ValidationException", message }, where);
  }
});

test("EXISTS checks one item by its key and by more than that", () => {
  const check = (where: string): ReturnType<typeof conditionCheck> =>
    conditionCheck(selectOf(`EXISTS(SELECT * FROM tab WHERE ${where})`), SCHEMA);
  const { key, condition } = check("(pk='k' AND sk='1') AND nope IS MISSING");
  assert.deepEqual({ ...key }, { pk: { S: "k" }, sk: { S: "1" } });
  assert.ok(matches(condition, key));
  // The first value is the key, and no item has the second.
  const conflicting = check("pk='k' AND sk='1' AND pk='o' AND flag='x'");
  assert.deepEqual(conflicting.key["pk"], { S: "k" });
  assert.ok(!matches(conflicting.condition, { ...key, flag: { S: "x" } }));
  for (const where of ["pk='k' AND sk='1'", "pk IN ['k'] AND sk='1' AND flag='x'", "pk='k' AND flag='x'"]) {
    assert.throws(() => check(where), {
      message: "EXISTS() must contain a single item read with additional condition",
    });
  }
});
