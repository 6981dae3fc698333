import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../test/effort.ts";
import { Backtracking } from "./backtracking-fixture.ts";
import { nativeLength, stepsOf } from "./cost.ts";
import { Expression, TooCostly } from "./expression.ts";
import { readExpression, type Node } from "./syntax.ts";

/** A small generator of numbers, the same ones every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const atoms = ["a", "b", "c", "[ab]", "[^a]", ".", "[bc]", "\\w", " ", "ab", "ca"];
const quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,20}", "{2,}"];

function randomSource(roll: (below: number) => number, depth: number): string {
  const pick = (list: readonly string[]): string => list[roll(list.length)] ?? "";
  return Array.from({ length: 1 + roll(4) }, () => {
    if (depth > 0 && roll(3) === 0) {
      const inner = randomSource(roll, depth - 1);
      return `(${roll(2) === 0 ? inner : `${inner}|${randomSource(roll, depth - 1)}`})${pick(quantifiers)}`;
    }
    const atom = pick(atoms);
    return `${atom.length > 1 && /^[a-z]/.test(atom) ? `(?:${atom})` : atom}${pick(quantifiers)}`;
  }).join("");
}

function randomText(roll: (below: number) => number, length: number): string {
  const kind = roll(3);
  const unit = ["a", "b", "ab", "ca", "a b", "cab"][roll(6)] ?? "a";
  const text = kind === 0 ? Array.from({ length }, () => "abc "[roll(4)]).join("")
    : unit.repeat(length).slice(0, length);
  return roll(2) === 0 ? text : `${text.slice(0, -1)}!`;
}

test("no search takes a backtracking engine more steps than are foretold", () => {
  const roll = dice(7);
  let [bounded, most] = [0, 0];
  for (let round = 0; round < 1_500; round++) {
    const source = `${roll(6) === 0 ? "^" : ""}${randomSource(roll, 2)}${["", "$", "!"][roll(3)] ?? ""}`;
    const syntax = readExpression(source);
    const text = randomText(roll, 10 + roll(60));
    const foretold = stepsOf(syntax, false)(text.length);
    if (!Number.isFinite(foretold)) continue;
    bounded++;
    const engine = new Backtracking(syntax, text, 300_000);
    try {
      engine.search();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    most = Math.max(most, engine.steps / foretold);
    // The engine here counts going in and out of groups, repeats and sequences too.
    assert.ok(engine.steps <= 8 * foretold, `${source} ${text} ${engine.steps} > ${foretold}`);
  }
  assert.ok(bounded > 500 && most > 0.1, `${bounded} ${most}`);
});

test("both engines find the same", () => {
  const roll = dice(11);
  let compared = 0;
  for (let round = 0; round < 1_500; round++) {
    const source = randomSource(roll, 1);
    const expression = new Expression(source);
    const reference = new RegExp(source, "u");
    const text = randomText(roll, 1 + roll(30));
    if (expression.nativeLengthMax < text.length || repeatsNothing(readExpression(source).node)) continue;
    compared++;
    const [quick, slow] = [expression.find(text), linearFound(source, text)];
    const wanted = reference.exec(text);
    assert.deepEqual(quick && [quick.at, quick.text], wanted ? [wanted.index, wanted[0]] : undefined, source);
    assert.deepEqual(slow && [slow.at, slow.text], quick && [quick.at, quick.text], `${source} on ${text}`);
  }
  assert.ok(compared > 700, String(compared));
});

/** What may be nothing, repeated, is where engines differ: JavaScript's tries for more. */
function repeatsNothing(node: Node): boolean {
  if (node.kind === "repeat") return isEmptyAble(node.node) || repeatsNothing(node.node);
  if (node.kind === "group") return repeatsNothing(node.node);
  return (node.kind === "sequence" || node.kind === "choice") && node.nodes.some(repeatsNothing);
}

function isEmptyAble(node: Node): boolean {
  if (node.kind === "repeat") return node.least === 0 || isEmptyAble(node.node);
  if (node.kind === "group") return isEmptyAble(node.node);
  if (node.kind === "choice") return node.nodes.some(isEmptyAble);
  return node.kind === "sequence" && node.nodes.every(isEmptyAble);
}

/** Texts this long go to the other engine: what does not match is put behind. */
function linearFound(source: string, text: string): { at: number; text: string } | undefined {
  const expression = new Expression(source);
  Object.defineProperty(expression, "nativeLengthMax", { value: -1 });
  return expression.find(text);
}

test("classes, escapes, groups, flags and properties are what they are in JavaScript", () => {
  const cases: readonly (readonly [source: string, text: string, found: unknown])[] = [
    ["user=(?<user>\\w+) .*status=(?P<status>\\d+)", "x user=ann y status=200", ["ann", "200"]],
    ["(?i)ERROR|fail", "an Error", []],
    ["(?s)a.b", "a\nb", []],
    ["a.b", "a\nb", undefined],
    ["(?m)^b$", "a\nb", []],
    ["\\A\\d{3}\\z", "123", []],
    ["[\\w.-]+@[^\\s@]+", "to me.a-b@c.d now", []],
    ["\\u0041\\x42\\x{43}", "ABC", []],
    ["\\p{Lu}\\P{L}", "aÉ1", []],
    ["[^\\p{L}\\s]+", "ab 12", []],
    ["(a)|(b)", "b", [undefined, "b"]],
    [".", "😀", []],
    ["{a}]", "{a}]", []],
    ["x{,2}", "x{,2}", []],
    ["[^]a[]?", "\na", []],
    ["(?<a>x)(?<a>y)", "", SyntaxError],
    ["(?<=a)b", "ab", []],
    ["(a)\\1", "aa", ["a"]],
    ["\\2(a)", "", SyntaxError],
    ["a**", "", SyntaxError],
    ["(", "", SyntaxError],
    ["a)", "", SyntaxError],
    ["[b-a]", "", SyntaxError],
    ["a{3,2}", "", SyntaxError],
    ["\\p{Nothing}", "", SyntaxError],
    ["(?:a{1000}){1000}", "", SyntaxError],
  ];
  for (const [source, text, wanted] of cases) {
    if (wanted === SyntaxError) {
      assert.throws(() => new Expression(source), SyntaxError, source);
      continue;
    }
    assert.deepEqual(new Expression(source).find(text)?.groups, wanted, source);
    if (/\(\?<=|\\1/.test(source)) continue;
    const slow = linearFound(source, text) as { groups?: unknown } | undefined;
    assert.deepEqual(slow?.groups, wanted, `${source}, the other engine`);
  }
});

test("everything found is told one behind the other, by both engines", () => {
  const expression = new Expression("\\d+");
  const text = "a1b22";
  const wanted = [[1, "1"], [3, "22"]];
  assert.deepEqual([...expression.all(text)].map(({ at, text: found }) => [at, found]), wanted);
  const long = `${text}${"x".repeat(10_000)}7`;
  assert.deepEqual([...expression.all(long)].map(({ at, text: found }) => [at, found]),
    [...wanted, [10_005, "7"]]);
  assert.deepEqual([...new Expression("a*").all("baac")].map(({ at, text: found }) => [at, found]),
    [[0, ""], [1, "aa"], [3, ""], [4, ""]]);
});

const hostile = [
  "(a+)+$", "(a|a)*b", "(a*)*b", "([a-z]+)*!x", "(.*)(.*)(.*)(.*)x$", "a{0,50}a{0,50}a{0,50}b", "(a|aa)+$",
  "(?:a+b?)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(\\w+\\s?)*$x", "(?:.|a)*x", "(?:(?:a?){0,12}){0,12}b",
];

test("a text made to keep a backtracking engine busy is answered at once", () => {
  for (const source of hostile) {
    for (const length of [28, 5_000, 100_000]) {
      const text = `${"a".repeat(length)}!`;
      const expression = new Expression(source);
      const before = effort();
      try {
        expression.find(text);
        expression.test(text);
        for (const found of expression.all(text)) assert.ok(found);
      } catch (error) {
        assert.ok(error instanceof TooCostly, source);
      }
      assert.ok(effort() - before < 1.5, `${source} ${length}`);
    }
  }
});

test("what no engine can do in time is refused, and short texts are not", () => {
  const looking = new Expression("(?=(a+)+$)a+b");
  assert.throws(() => looking.test("a".repeat(40)), TooCostly);
  const referring = new Expression("(\\w+) .*\\1");
  assert.equal(referring.test("ab x ab"), true);
  assert.throws(() => referring.test("a ".repeat(100_000)), TooCostly);
});

test("ordinary expressions are JavaScript's own engine's to search", () => {
  const length = (source: string): number => nativeLength(readExpression(source), false);
  for (const source of [
    "ERROR", "(?i)error|exception|fail(?:ed|ure)", "status=5\\d\\d", "^\\S+ \\S+ \\S+$", "\"path\":\"/items/",
    "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "^(?<a>[^,]*),(?<b>[^,]*),(?<c>[^,]*)$",
  ]) {
    assert.equal(length(source), Infinity, source);
  }
  for (const source of [
    "duration=(?<ms>\\d+)", "user=(?<u>\\w+) action=(?<a>\\w+) .*status=(?<s>\\d+)", "ERROR.*timeout",
    "\\[(?<level>\\w+)\\] (?<text>.*)", "(?<ip>\\d+\\.\\d+\\.\\d+\\.\\d+) - (?<user>\\S+)",
  ]) {
    assert.ok(length(source) >= 900, `${source} ${length(source)}`);
  }
});
