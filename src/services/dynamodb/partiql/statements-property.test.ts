import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../../test/effort.ts";
import { matches } from "../expressions/conditions.ts";
import { NaiveEvaluator } from "../expressions/naive-evaluator.ts";
import { mutated, RandomSyntax } from "../expressions/random-expressions.ts";
import type { ConditionSyntax, OperandSyntax, PathSyntax } from "../expressions/syntax.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { Chance, randomItem } from "../values/random-values.ts";
import { bindStatement, StatementCache } from "./statements.ts";
import { rounds } from "../../../../test/rounds.ts";

/** Conditions as PartiQL: the values as literals, where there are such, or as parameters. */
class StatementWriter {
  readonly parameters: AttributeValue[] = [];
  readonly #chance: Chance;
  readonly #syntax: RandomSyntax;

  constructor(chance: Chance, syntax: RandomSyntax) {
    this.#chance = chance;
    this.#syntax = syntax;
  }

  #path({ parts }: PathSyntax): string {
    return parts.map((part, index) => {
      if (part.kind === "index") return `[${part.index}]`;
      const name = part.kind === "name" ? part.name : this.#syntax.names.get(part.reference) ?? "";
      const written = this.#chance.once(2) ? name : `"${name}"`;
      return index === 0 ? written : `.${written}`;
    }).join("");
  }

  operand(operand: OperandSyntax): string {
    switch (operand.kind) {
      case "path": return this.#path(operand);
      case "call": {
        const operands = operand.operands.map((each) => this.operand(each));
        return `${operand.name}(${operands.join(", ")})`;
      }
      case "value": {
        const value = this.#syntax.values.get(operand.reference) ?? { S: "" };
        const literal = this.#chance.once(2) ? literalOf(value) : undefined;
        if (literal !== undefined) return literal;
        this.parameters.push(value);
        return "?";
      }
    }
  }

  condition(condition: ConditionSyntax): string {
    switch (condition.kind) {
      case "and": case "or": {
        const written = condition.conditions.map((each) => `(${this.condition(each)})`);
        return written.join(condition.kind === "and" ? " AND " : " or ");
      }
      case "not": return `NOT (${this.condition(condition.condition)})`;
      case "comparison": {
        const left = this.operand(condition.left);
        const operator = condition.operator === "<>" && this.#chance.once(2) ? "!=" : condition.operator;
        return `${left} ${operator} ${this.operand(condition.right)}`;
      }
      case "between": {
        const [operand, low] = [this.operand(condition.operand), this.operand(condition.low)];
        return `${operand} BETWEEN ${low} AND ${this.operand(condition.high)}`;
      }
      case "in": {
        const operand = this.operand(condition.operand);
        const candidates = condition.candidates.map((each) => this.operand(each)).join(", ");
        return this.#chance.once(2) ? `${operand} IN [${candidates}]` : `${operand} in (${candidates})`;
      }
      case "call": return this.operand(condition);
    }
  }
}

/** Binary values have no literals. */
function literalOf(value: AttributeValue): string | undefined {
  if (value.S !== undefined) return `'${value.S.replaceAll("'", "''")}'`;
  if (value.N !== undefined) return value.N;
  if (value.BOOL !== undefined) return String(value.BOOL);
  if (value.NULL !== undefined) return "null";
  const members = value.SS?.map((text) => `'${text}'`) ?? value.NS;
  if (members) return `<<${members.join(", ")}>>`;
  if (value.L) {
    const written = value.L.map(literalOf);
    return written.every((each) => each !== undefined) ? `[${written.join(",")}]` : undefined;
  }
  if (!value.M) return undefined;
  const fields = Object.entries(value.M).map(([name, each]) => [name, literalOf(each)] as const);
  if (!fields.every(([, each]) => each !== undefined)) return undefined;
  return `{${fields.map(([name, each]) => `'${name}': ${each}`).join()}}`;
}

test("random WHEREs hold for random items as a literal reading says", () => {
  const chance = new Chance(31);
  const cache = new StatementCache();
  let held = 0;
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const syntax = new RandomSyntax(chance);
    const written = syntax.condition(3);
    const writer = new StatementWriter(chance, syntax);
    const text = `SELECT * FROM tab WHERE ${writer.condition(written)}`;
    try {
      const statement = bindStatement(text, writer.parameters, cache);
      assert.ok(statement.kind === "select" && statement.where);
      for (let items = 0; items < 3; items++) {
        const item = randomItem(chance);
        const expected = new NaiveEvaluator(syntax, item).condition(written);
        assert.equal(matches(statement.where, item), expected, `${text} ${JSON.stringify(item)}`);
        held += expected ? 1 : 0;
      }
    } catch (error) {
      if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error;
      assert.match(error.message, /distinct from|BETWEEN operator requires|Incorrect operand type/, text);
      refused += 1;
    }
  }
  assert.ok(held > 700 && refused < 700, `${held} ${refused}`);
});

const PIECES = [
  " ", "(", ")", "[", "]", "{", "}", "<<", ">>", "<", ">", "=", "<>", "!=", ".", ",", ":", ";", "?", "*", "-",
  "--", "/*", "*/", "'", '"', "`", "a", "pk", "size(", "EXISTS(", "1", "1e5", ".5", "'s'", " AND ", " OR ",
  " NOT ", " IN ", " IS ", " BETWEEN ", " NULL", " MISSING", "SELECT ", " FROM ", " WHERE ", " SET ",
  " REMOVE ",
  "INSERT INTO ", " VALUE ", "UPDATE ", "DELETE ", " RETURNING ALL OLD *", " ORDER BY ", " DESC", " LIMIT 1",
  " GROUP BY a", "\u{1f600}", "\ud800", "\0", "\r\n", "true", "+", "|", "@", "__proto__", '"__proto__"',
];

test("mutated statements are bound or refused, none crashes", () => {
  const chance = new Chance(32);
  const seeds = [
    `SELECT a, m.k[0] FROM "tab"."idx" WHERE pk = ? AND NOT (sk BETWEEN 1 AND 2 OR b IN [1, 's']) ` +
      "ORDER BY sk",
    "INSERT INTO tab VALUE {'pk': 'x', 'l': [1, -.5e3, {'a': <<1, 2>>}], 'p': ?}",
    "UPDATE tab SET a = a + 1, b = list_append(b, [?]) REMOVE c[1] SET s = set_add(s, <<'x'>>) " +
      "WHERE pk = 'a' RETURNING MODIFIED NEW *",
    "DELETE FROM tab WHERE pk = 'x' AND sk = 2 AND attribute_exists(a.b) RETURNING ALL OLD *",
    "EXISTS(SELECT * FROM tab WHERE pk = 'x' AND a IS NOT MISSING)", "FROM tab WHERE pk = 'a' SET x = y",
  ];
  const parameters: AttributeValue[] = [{ S: "x" }];
  let bound = 0;
  for (let round = 0; round < rounds(100_000); round++) {
    const text = mutated(chance, chance.pick(seeds), PIECES);
    try {
      bindStatement(text, parameters);
      bound += 1;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ValidationException", text);
    }
  }
  assert.ok(bound > rounds(1000), String(bound));
});

test("statements as deep and as long as may be end at once", () => {
  const before = effort();
  const where = "SELECT a FROM tab WHERE ";
  const ends = [
    "(".repeat(8000), `${"NOT ".repeat(2000)}a = 1`, `a=1${" AND a=1".repeat(1000)}`,
    `a=1${" OR a=1 AND b=1".repeat(500)}`, `a${"=1".repeat(4000)}`, `a${"+1".repeat(4000)}`,
    `a = ${"- ".repeat(4000)}1`, `a = ${"[".repeat(8000)}`, `${"size(".repeat(1600)}a${")".repeat(1600)}`,
    `a${".b".repeat(4000)} = 1`, `a${"[0]".repeat(2600)} = 1`, `a[${"a[".repeat(4000)}`,
    `a IN (${"1,".repeat(4000)}1)`, `a = ${"{'a':".repeat(1600)}1`, `a = ${"<<".repeat(4000)}`,
    `'${"a".repeat(8000)}`, `a = ${"1".repeat(8000)}e`, `a = ${"1".repeat(8000)}`,
    "EXISTS(SELECT a FROM b WHERE ".repeat(280), "/*".repeat(4000), "--\n".repeat(2600),
    `a${" IS NULL".repeat(1000)}`, `a${" UNION a".repeat(1000)}`,
  ];
  for (const text of [
    ...ends.map((end) => where + end), `SELECT ${"a,".repeat(4000)}a FROM tab`,
    `UPDATE tab ${"SET a = 1 ".repeat(800)}`, `UPDATE tab SET a = ${"if_not_exists(a, ".repeat(480)}`,
    `SELECT a FROM ${"(".repeat(8000)}`, "`".repeat(8000),
  ]) {
    try {
      bindStatement(text, []);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ValidationException", text.slice(0, 60));
    }
  }
  assert.ok(effort() - before < 2);
});
