import assert from "node:assert/strict";
import { test } from "node:test";
import { matches } from "../expressions/conditions.ts";
import { inSortRange } from "../expressions/key-ranges.ts";
import type { KeySchema } from "../expressions/key-ranges.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { valuesEqual } from "../values/comparison.ts";
import { Chance } from "../values/random-values.ts";
import { readPlan, requireColumnsProjected, requireFiltersProjected } from "./read-plans.ts";
import type { ReadPlan } from "./read-plans.ts";
import { bindStatement } from "./statements.ts";

const SCHEMA: KeySchema = { partition: [{ name: "pk", type: "S" }], sort: [{ name: "sk", type: "S" }] };

function planOf(rest: string, schema = SCHEMA): ReadPlan {
  const statement = bindStatement(`SELECT * FROM tab ${rest}`, []);
  assert.ok(statement.kind === "select");
  return readPlan(statement, schema);
}

const OVERLAPPING = "Overlapping conditions with range keys are not supported in where clause";

function values(count: number): string {
  return Array.from({ length: count }, (_, index) => `'v${index}'`).join();
}

test("what names a partition in each of its alternatives is read by keys", () => {
  const rows: readonly (readonly [string, number | "scan"])[] = [
    ["", "scan"], ["WHERE flag = 'x'", "scan"], ["WHERE pk > 'a'", "scan"], ["WHERE pk > 1", "scan"],
    ["WHERE pk='r' OR sk='1'", "scan"], ["WHERE NOT pk='r'", "scan"], ["WHERE pk <> 'r'", "scan"],
    ["WHERE pk='r' AND (pk='z' OR flag='1')", "scan"], ["WHERE (pk='y' AND a='1') OR b='1'", "scan"],
    [`WHERE pk IN [${values(51)}] OR flag='one'`, "scan"], ["WHERE pk = flag", "scan"],
    ["WHERE size(pk) = 1", "scan"], ["WHERE pk.a = 'x'", "scan"],
    ["WHERE pk='a' AND NOT sk='1' OR pk='a' AND sk='2'", "scan"],
    ["WHERE pk='a' AND sk <> '1' OR pk='a' AND sk='2'", "scan"],
    ["WHERE pk='a' OR pk='a' AND NOT sk='1'", "scan"],
    ["WHERE pk='r'", 1], ["WHERE 'r' = pk AND '1' < sk", 1], ["WHERE pk='r' AND sk='1' AND sk > '0'", 1],
    ["WHERE pk='r' AND NOT sk='1'", 1], ["WHERE pk='r' AND sk > '0' AND sk <> '1'", 1],
    ["WHERE pk='r' AND attribute_exists(pk)", 1], ["WHERE pk='r' AND (flag='a' OR flag='b')", 1],
    ["WHERE pk='r' AND pk='r'", 1], ["WHERE pk='r' AND (sk='1' OR sk='2')", 2],
    ["WHERE pk='r' AND sk IN ['1','2']", 2], ["WHERE pk='r' AND (sk < '1' OR sk > '1' OR sk='1')", 3],
    ["WHERE pk IN ('a', 'b') AND sk IN ('1', '2')", 4], ["WHERE pk='a' AND x='1' OR pk='b'", 2],
    ["WHERE pk='a' AND begins_with(sk, 'a') OR pk='a' AND begins_with(sk, 'b')", 2],
    ["WHERE pk='a' AND sk BETWEEN '1' AND '2' OR pk='a' AND sk > '2'", 2],
    [`WHERE pk IN [${values(50)}] AND flag IN [${values(100)}]`, 50],
  ];
  for (const [where, expected] of rows) {
    const plan = planOf(where);
    assert.equal(plan.kind === "scan" ? "scan" : plan.reads.length, expected, where);
  }
});

test("reads that overlap, that are too many, or that no key fits are refused in AWS's words", () => {
  const tooMany = "Too many decomposed read operations for a given query.";
  const mismatch = "Key attribute's data type should match its data type in table's schema: Key ";
  const deep = Array.from({ length: 12 }, () => `(sk='1' OR sk='2' OR sk = '3')`).join(" AND ");
  const rows: readonly (readonly [string, string])[] = [
    ["pk IN ['r','r']", OVERLAPPING], ["pk='r' OR pk='r'", OVERLAPPING],
    ["pk='r' AND (sk > '0' OR sk < '5')", OVERLAPPING], ["pk='r' AND (sk='1' OR flag='two')", OVERLAPPING],
    ["(pk='r' AND flag='one') OR (pk='r' AND flag='two')", OVERLAPPING],
    ["pk = 'a' AND x = '1' OR pk = 'a' AND sk = '2'", OVERLAPPING],
    ["pk = 'a' AND x <> '1' OR pk = 'a' AND sk = '2'", OVERLAPPING],
    ["pk='a' AND begins_with(sk, 'a') OR pk='a' AND sk='ab'", OVERLAPPING],
    ["pk='a' AND sk BETWEEN '1' AND '2' OR pk='a' AND sk >= '2'", OVERLAPPING],
    [`pk IN [${values(51)}]`, tooMany], [`pk='r' AND sk IN [${values(51)}]`, tooMany],
    [`pk IN [${values(26)}] AND sk IN ['1','2']`, tooMany], [`pk = 'r' AND ${deep}`, tooMany],
    ["pk = 1 OR pk = 'r'", `${mismatch}pk`], ["pk = 'r' AND sk IN ['1', 2]", `${mismatch}sk`],
    ["pk = 'r' AND sk < ['a']", "Incorrect operand type for operator or function; " +
      "operator or function: <, operand type: L"],
    ["pk = ['a']", "Key value must be of type S, N, or B. Key name: pk, Key type: L"],
  ];
  for (const [where, message] of rows) {
    assert.throws(() => planOf(`WHERE ${where}`), { code: "ValidationException", message }, where);
  }
  assert.equal(planOf(`WHERE ${deep}`).kind, "scan");
  assert.throws(() => planOf("WHERE a = 1", { ...SCHEMA, sort: [...SCHEMA.sort, ...SCHEMA.partition] }), {
    message: "PartiQL statements cannot be executed on tables with multi-attribute HASH keys " +
      "or multi-attribute RANGE keys.",
  });
});

test("orders are those of keys", () => {
  const order = (rest: string): string[] => {
    const plan = planOf(rest);
    assert.ok(plan.kind === "reads");
    return [
      ...plan.reads.map(({ range }) => (range.partition[0]?.S ?? "") + (range.sort[0]?.S ?? "")),
      plan.reverse ? "descending" : "ascending",
    ];
  };
  const both = "WHERE pk IN ['p', 'o'] ORDER BY";
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["WHERE pk = 'o' ORDER BY sk DESC", ["o", "descending"]],
    ["WHERE pk = 'o' ORDER BY sk", ["o", "ascending"]],
    ["WHERE pk = 'o' ORDER BY pk ASC", ["o", "descending"]], [`${both} pk DESC`, ["p", "o", "descending"]],
    [`${both} pk DESC, sk ASC`, ["p", "o", "ascending"]], [`${both} pk`, ["o", "p", "descending"]],
    ["WHERE pk = 'o' AND sk IN ['1', '3', '2'] ORDER BY sk DESC", ["o3", "o2", "o1", "descending"]],
    ["WHERE pk IN ['p', 'o']", ["p", "o", "ascending"]],
  ];
  for (const [rest, expected] of rows) assert.deepEqual(order(rest), expected, rest);
  const refused: readonly (readonly [string, string])[] = [
    ["ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."],
    ["WHERE pk = 'o' ORDER BY Total DESC",
      "Attribute Total in ORDER BY clause must be part of the primary key"],
    ["WHERE pk > 'a' ORDER BY sk", "Must have at least one non-optional hash key condition in WHERE clause " +
      "when using ORDER BY clause."],
    ["WHERE pk IN ['o', 'p'] ORDER BY sk DESC", "Must have hash key in ORDER BY clause when more than one " +
      "hash key condition specified in WHERE clause."],
    ["WHERE pk = 'o' ORDER BY sk.a", "Argument to ORDER BY must be of type VariableReference. Type: Path"],
  ];
  for (const [rest, message] of refused) {
    assert.throws(() => planOf(rest), { code: "ValidationException", message }, rest);
  }
});

test("reads of an index by its keys filter by what it projects", () => {
  const schema: KeySchema = { partition: [{ name: "gsiPk", type: "S" }], sort: [] };
  const projected = new Set(["gsiPk", "pk", "projattr"]);
  const require = (where: string): void =>
    requireFiltersProjected(planOf(`WHERE ${where}`, schema), "gsi-inc", projected);
  const refused: readonly (readonly [string, string])[] = [
    ["gsiPk='y' AND NOT (nonproj='np1' OR projattr='x')", "[nonproj]"],
    ["gsiPk='y' AND b='1' AND (a='2' OR projattr='3')", "[a, b]"],
    ["gsiPk='y' AND (zz='1' OR aa='2' OR mm='3')", "[zz, aa, mm]"],
    ["(gsiPk='y' OR gsiPk='z') AND zz='1'", "[zz]"],
    ["(gsiPk='b' AND u1='1') OR (gsiPk='q' AND u2='1')", "[u2]"],
    ["(gsiPk='q' AND u1='1') OR (gsiPk='b' AND u2='1')", "[u1]"],
    ["gsiPk='y' AND nonproj IS MISSING", "[nonproj]"], ["gsiPk IN ['y', 'z'] AND nonproj='np1'", "[nonproj]"],
  ];
  for (const [where, names] of refused) {
    const message = "One or more parameter values were invalid: Secondary index gsi-inc " +
      `does not project one or more filter attributes: ${names}`;
    assert.throws(() => require(where), { code: "ValidationException", message }, where);
  }
  for (const where of [
    "gsiPk='y' AND (projattr='proj1' OR projattr='proj2')", "nonproj='np1'", "gsiPk > 'a' AND zz='1'",
    "(gsiPk='y' AND projattr='1') OR (gsiPk='z' AND aa='1')", "gsiPk='y' AND (gsiPk='z' OR zz='1')",
    "(gsiPk='y' AND zz='1') OR aa='1'", "gsiPk='y'",
  ]) assert.doesNotThrow(() => require(where), where);
  assert.throws(() => requireColumnsProjected(
    ["alternate", "pk", "mymap"].map((name) => ({ path: [name], name })), "gsi2", projected,
  ), {
    message: "One or more parameter values were invalid: " +
      "Global secondary index gsi2 does not project [alternate, mymap]",
  });
});

function randomWhere(chance: Chance, depth: number): string {
  if (depth > 0 && chance.once(2)) {
    const word = chance.pick(["AND", "AND", "OR", "NOT"]);
    if (word === "NOT") return `NOT (${randomWhere(chance, depth - 1)})`;
    return `(${randomWhere(chance, depth - 1)} ${word} ${randomWhere(chance, depth - 1)})`;
  }
  const [low, high] = [chance.below(5), chance.below(5)].sort((left, right) => left - right);
  switch (chance.below(7)) {
    case 0: case 1: return `pk = '${chance.pick(["x", "y"])}'`;
    case 2: return `pk IN ['x', '${chance.pick(["y", "z"])}']`;
    case 3: return `sk ${chance.pick(["=", "<", "<=", ">", ">=", "<>"])} '${low}'`;
    case 4: return `'${low}' ${chance.pick(["=", "<", ">="])} sk`;
    case 5: return chance.once(2) ? `sk BETWEEN '${low}' AND '${high}'` : `begins_with(sk, '${low}')`;
    default: return `flag = ${chance.below(2)}`;
  }
}

test("random SELECTs read just what a scan would find, and nothing twice", () => {
  const chance = new Chance(21);
  const text = (value: AttributeValue | undefined): string => value?.S ?? value?.N ?? "";
  const items: Item[] = [];
  for (const pk of ["x", "y", "z"]) {
    for (const sk of ["0", "05", "1", "2", "20", "205", "3", "4"]) {
      items.push({ pk: { S: pk }, sk: { S: sk }, flag: { N: sk.endsWith("5") ? "1" : "0" } });
    }
  }
  const names = (found: readonly Item[]): string[] =>
    found.map((item) => `${text(item["pk"])}${text(item["sk"])}`).sort();
  const outcomes = { scan: 0, reads: 0, refused: 0 };
  for (let round = 0; round < 4000; round++) {
    const where = randomWhere(chance, 3);
    const statement = bindStatement(`SELECT * FROM tab WHERE ${where}`, []);
    assert.ok(statement.kind === "select" && statement.where);
    const { where: condition } = statement;
    let plan: ReadPlan;
    try {
      plan = readPlan(statement, SCHEMA);
    } catch (error) {
      assert.equal(error instanceof Error && error.message, OVERLAPPING, where);
      outcomes.refused += 1;
      continue;
    }
    outcomes[plan.kind] += 1;
    const found = plan.kind === "scan"
      ? items.filter((item) => !plan.filter || matches(plan.filter, item))
      : plan.reads.flatMap(({ range, filter }) => items.filter((item) =>
        valuesEqual(item["pk"] ?? {}, range.partition[0] ?? {}) && inSortRange(range, [item["sk"] ?? {}]) &&
        (!filter || matches(filter, item))));
    assert.deepEqual(names(found), names(items.filter((item) => matches(condition, item))), where);
  }
  assert.ok(Object.values(outcomes).every((count) => count > 50), JSON.stringify(outcomes));
});
