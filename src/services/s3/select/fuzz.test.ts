import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../../../kernel/errors.ts";
import { openEngine } from "./engine.ts";
import { evaluationOf } from "./evaluation.ts";
import { recordWriter } from "./output.ts";
import { parseQuery } from "./parser.ts";
import { jsonRecords } from "./records.ts";
import { planQuery } from "./translation.ts";
import { rounds } from "../../../../test/rounds.ts";

const seeds = [
  "SELECT s.a, s.b.c[0] AS x FROM S3Object[*].r[*] s WHERE a LIKE 'x%' ESCAPE '!' AND s.b IS NOT MISSING",
  "SELECT COUNT(*), SUM(a) / MAX(b), AVG(CAST(c AS INT)) FROM s3object WHERE a BETWEEN 1 AND 2.5e3 LIMIT 5",
  "SELECT CASE a WHEN 1 THEN UPPER(b) ELSE SUBSTRING(b FROM 2) END, TRIM(BOTH 'x' FROM b) FROM s3object",
  "SELECT NOT (a IN (1, '2', NULL)) OR \"__proto__\".constructor = -a || 'x' FROM s3object WHERE 'a' = \"b\"",
];
const pieces = [
  "(", ")", "[", "]", "'", '"', ",", ".", "*", "-", "||", "%", "?1", ";", "--", "\u0000", "NULL", " AND ",
  " NOT ", "9e999", "1", "sqlite_master", "json_each", " LIKE ", "COUNT(", "CAST(", "MISSING", "é", "\ud800",
];

/** A sequence that is the same every time. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(below: (limit: number) => number): string {
  let text = seeds[below(seeds.length)] ?? "";
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(text.length);
    const cut = below(3) === 0 ? below(8) : 0;
    text = text.slice(0, at) + (below(4) === 0 ? "" : pieces[below(pieces.length)]) + text.slice(at + cut);
  }
  return text;
}

const record = { a: 1, b: "xyz", c: "7", r: [{ a: "x" }] };

test("mutated expressions are evaluated, or refused in S3's words", async () => {
  const engine = await openEngine(0);
  const below = sequence(7);
  let evaluated = 0;
  for (let count = 0; count < rounds(20_000); count++) {
    const expression = mutated(below);
    try {
      const query = parseQuery(expression);
      const plan = planQuery(query);
      const means = { engine, reader: jsonRecords(query.source), write: recordWriter({ JSON: {} }) };
      const evaluation = evaluationOf(plan, means);
      evaluation.add([record]);
      evaluation.end();
      evaluated += 1;
    } catch (error) {
      assert.ok(error instanceof AwsError, `${JSON.stringify(expression)}: ${String(error)}`);
    }
  }
  engine.close();
  assert.ok(evaluated > rounds(1_000), `${evaluated}`);
});
