import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../../test/effort.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { Chance, randomItem } from "../values/random-values.ts";
import { parseCondition } from "./condition-parser.ts";
import { matches } from "./conditions.ts";
import { canonicalItem, NaiveEvaluator } from "./naive-evaluator.ts";
import { parseProjection } from "./projection-parser.ts";
import { project } from "./projections.ts";
import { mutated, RandomSyntax, Writer } from "./random-expressions.ts";
import { bindExpressions, SyntaxCache } from "./requests.ts";
import type { ActionSyntax, PathSyntax, ValueSyntax } from "./syntax.ts";
import { applyUpdate } from "./updates.ts";
import { parseUpdate } from "./update-parser.ts";
import { rounds } from "../../../../test/rounds.ts";

/** The request's maps, with only what the text uses. */
function parameters(syntax: RandomSyntax, text: string): Record<string, unknown> {
  const uses = (reference: string): boolean => new RegExp(`${reference}(?![A-Za-z0-9_])`).test(text);
  const names = Object.fromEntries([...syntax.names].filter(([reference]) => uses(reference)));
  const values = Object.fromEntries([...syntax.values].filter(([reference]) => uses(reference)));
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}

test("random conditions hold for random items as a literal reading says", () => {
  const chance = new Chance(11);
  const cache = new SyntaxCache();
  let held = 0;
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const syntax = new RandomSyntax(chance);
    const written = syntax.condition(3);
    const text = new Writer(chance).condition(written);
    try {
      const request = { FilterExpression: text, ...parameters(syntax, text) };
      const { filter } = bindExpressions(request, cache);
      assert.ok(filter);
      for (let items = 0; items < 4; items++) {
        const item = randomItem(chance);
        const expected = new NaiveEvaluator(syntax, item).condition(written);
        assert.equal(matches(filter, item), expected, `${text} ${JSON.stringify(item)}`);
        held += expected ? 1 : 0;
      }
    } catch (error) {
      // What DynamoDB refuses is tested elsewhere; nothing random is ill-formed.
      if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error;
      assert.match(error.message, /distinct from|BETWEEN operator requires|Incorrect operand type/, text);
      refused += 1;
    }
  }
  assert.ok(held > 1500 && refused < 1000, `${held} ${refused}`);
});

interface Written {
  readonly text: string;
  readonly actions: readonly ActionSyntax[];
}

function randomUpdate(chance: Chance, syntax: RandomSyntax): Written {
  const writer = new Writer(chance);
  const sections = new Map<string, string[]>();
  const actions: ActionSyntax[] = [];
  for (let count = 1 + chance.below(4); count > 0; count--) {
    const path = syntax.path();
    const section = chance.pick(["SET", "SET", "REMOVE", "ADD", "DELETE"]);
    const action = randomAction(chance, syntax, section, path);
    const value = action.kind === "set" ? `= ${writer.setValue(action.value)}`
      : action.kind === "remove" ? "" : action.value.reference;
    sections.set(section, [...(sections.get(section) ?? []), `${writer.path(path)} ${value}`]);
    actions.push(action);
  }
  const texts = [...sections].map(([section, written]) => `${section} ${written.join(", ")}`);
  return { text: texts.join(" "), actions };
}

function randomAction(chance: Chance, syntax: RandomSyntax, section: string, path: PathSyntax): ActionSyntax {
  if (section === "SET") return { kind: "set", path, value: syntax.setValue() };
  if (section === "REMOVE") return { kind: "remove", path };
  const set: AttributeValue = chance.once(2) ? { SS: ["a", "é"] } : { NS: ["1", "2"] };
  const kind = section === "ADD" ? "add" : "delete";
  const value: ValueSyntax = syntax.value(kind === "add" && chance.once(2) ? { N: "3" } : set);
  return { kind, path, value };
}

/** One action on a copy, read literally; undefined where it cannot be done. */
type Document = { M?: Map<string, Document>; L?: (Document | null)[]; leaf?: AttributeValue };

function thaw(value: AttributeValue): Document {
  if (value.M) return { M: new Map(Object.keys(value.M).map((name) => [name, thaw(value.M?.[name] ?? {})])) };
  return value.L ? { L: value.L.map(thaw) } : { leaf: value };
}

function freeze(document: Document): AttributeValue {
  if (document.M) {
    const entries = Object.create(null) as Record<string, AttributeValue>;
    for (const [name, child] of document.M) entries[name] = freeze(child);
    return { M: entries };
  }
  if (document.L) return { L: document.L.filter((each) => each !== null).map(freeze) };
  return document.leaf ?? {};
}

function naiveUpdate(actions: readonly ActionSyntax[], syntax: RandomSyntax, item: Item): Item | undefined {
  const evaluator = new NaiveEvaluator(syntax, item);
  const values = actions.map((action) => action.kind === "set" ? evaluator.setValue(action.value) : null);
  if (values.includes(undefined)) return undefined;
  const root = thaw({ M: { ...item } });
  const lengths = new Map<Document, number>();
  const appended = new Map<Document, [number, Document][]>();
  for (const [index, action] of actions.entries()) {
    const path = evaluator.path(action.path);
    const last = path.pop();
    let parent: Document | null | undefined = root;
    for (const part of path) parent = typeof part === "number" ? parent?.L?.[part] : parent?.M?.get(part);
    const list = parent?.L;
    if (!parent || last === undefined || (typeof last === "number" ? !list : !parent.M)) return undefined;
    if (list && !lengths.has(parent)) lengths.set(parent, list.length);
    const before = typeof last === "number" ? list?.[last] : parent.M?.get(last);
    const result = naiveAction(action, before ?? undefined, values[index], syntax);
    if (result === "error") return undefined;
    if (typeof last === "string") {
      if (result) parent.M?.set(last, result);
      else parent.M?.delete(last);
    } else if (list && last < list.length) list[last] = result ?? null;
    else if (result) appended.set(parent, [...(appended.get(parent) ?? []), [last, result]]);
  }
  for (const [parent, added] of appended) {
    for (const [, document] of added.sort(([left], [right]) => left - right)) parent.L?.push(document);
  }
  return freeze(root).M;
}

function naiveAction(
  action: ActionSyntax, before: Document | undefined, value: AttributeValue | null | undefined,
  syntax: RandomSyntax,
): Document | undefined | "error" {
  if (action.kind === "set") return value ? thaw(value) : undefined;
  if (action.kind === "remove") return undefined;
  const operand = syntax.values.get(action.value.reference) ?? {};
  if (!before) return action.kind === "add" ? { leaf: operand } : undefined;
  if (operand.N !== undefined) {
    if (before.leaf?.N === undefined) return "error";
    return { leaf: new NaiveEvaluator(syntax, { b: before.leaf }).setValue({
      kind: "sum", operator: "+", left: { kind: "path", parts: [{ kind: "name", name: "b" }] },
      right: action.value,
    }) ?? {} };
  }
  const type = operand.SS ? "SS" : "NS";
  const [members, others] = [before.leaf?.[type], operand[type]];
  if (!members || !others) return "error";
  const result = action.kind === "add" ? [...members, ...others.filter((each) => !members.includes(each))]
    : members.filter((each) => !others.includes(each));
  return result.length === 0 ? undefined : { leaf: { [type]: result } };
}

test("random updates do to random items what a literal reading does", () => {
  const chance = new Chance(12);
  let done = 0;
  let apart = 0;
  for (let round = 0; round < 4000; round++) {
    const syntax = new RandomSyntax(chance);
    const { text, actions } = randomUpdate(chance, syntax);
    const request = { UpdateExpression: text, ...parameters(syntax, text) };
    let update;
    try {
      update = bindExpressions(request).update;
    } catch (error) {
      assert.match(String(error), /overlap|conflict/, text);
      continue;
    }
    apart += 1;
    const item = randomItem(chance, 3);
    const expected = naiveUpdate(actions, syntax, item);
    let result: Item | undefined;
    try {
      result = update && applyUpdate(update, item, {});
    } catch (error) {
      assert.match(String(error), /incorrect data type|invalid for update|does not exist|overflow/, text);
    }
    if (result !== undefined || !overflows(expected)) {
      const shown = (each: Item | undefined): string => each === undefined ? "refused" : canonicalItem(each);
      assert.equal(shown(result), shown(expected), `${text} ${JSON.stringify(item)}`);
    }
    done += result ? 1 : 0;
  }
  assert.ok(done > 500 && apart > 2000, `${done} ${apart}`);
});

/** Whether a sum of 39 digits or more is in it: those DynamoDB refuses. */
function overflows(item: Item | undefined): boolean {
  return /"N":"-?\d+e-150"/.test(JSON.stringify(item ?? {}));
}

test("random projections give what stands at their paths", () => {
  const chance = new Chance(13);
  let found = 0;
  for (let round = 0; round < 2000; round++) {
    const syntax = new RandomSyntax(chance);
    const paths = Array.from({ length: 1 + chance.below(3) }, () => syntax.path());
    const text = paths.map((path) => new Writer(chance).path(path)).join(", ");
    const item = randomItem(chance, 3);
    let projection;
    try {
      const request = { ProjectionExpression: text, ...parameters(syntax, text) };
      projection = bindExpressions(request).projection;
    } catch (error) {
      assert.match(String(error), /overlap|conflict/);
      continue;
    }
    const projected = projection && project(projection, item);
    const evaluator = new NaiveEvaluator(syntax, item);
    const present = paths.filter((path) => evaluator.operand(path) !== undefined);
    const heads = new Set(present.map((path) => evaluator.path(path)[0]));
    assert.deepEqual(Object.keys(projected ?? {}).sort(), [...heads].sort(), text);
    const [only] = present;
    if (present.length !== 1 || only === undefined) continue;
    found += 1;
    // With a single hit every list on the way has one element.
    const parts = only.parts.map((part) => part.kind === "index" ? { ...part, index: 0 } : part);
    const shown = new NaiveEvaluator(syntax, projected ?? {}).operand({ kind: "path", parts });
    assert.deepEqual(shown, evaluator.operand(only), text);
  }
  assert.ok(found > 250, String(found));
});

const PIECES = [
  "(", ")", "((", "))", "[", "]", ".", ",", "=", "<>", "<", ">=", "+", "-", " ", "a", "b.c", "#n", ":v",
  "a[0]", "AND ", " OR ", "NOT ", "BETWEEN ", " IN (", "SET ", "REMOVE ", "ADD ", "DELETE ", "size(",
  "contains(", "if_not_exists(", "list_append(", "attribute_exists(a)", "\u{1f600}", "\ud800", "\0", "0",
  "_", "\"",
];

test("mutated texts are parsed or refused, none crashes", () => {
  const chance = new Chance(14);
  const seeds = [
    "a = :v AND (b.c[1] <> #n OR NOT size(a) BETWEEN :v AND b) AND c IN (:v, #n)",
    "attribute_type(a, :v) AND begins_with(a, :v) OR contains((a), b)",
    "SET a = if_not_exists(a, :v) + :v, b.c[2] = list_append(b, :v) REMOVE c, d[1] ADD e :v DELETE #n :v",
    "a, b.c[1], #n.d",
  ];
  const parsers = [
    (text: string) => parseCondition(text, "ConditionExpression"), parseUpdate, parseProjection,
  ];
  let parsed = 0;
  for (let round = 0; round < rounds(100_000); round++) {
    const text = mutated(chance, chance.pick(seeds), PIECES);
    try {
      chance.pick(parsers)(text);
      parsed += 1;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "ValidationException", text);
    }
  }
  assert.ok(parsed > rounds(1000), String(parsed));
});

test("texts as deep and as long as may be end at once", () => {
  const before = effort();
  const deep = [
    "(".repeat(4096), `${"(".repeat(2040)}a=b${")".repeat(2040)}`,
    `${"(".repeat(2000)}a${")".repeat(2000)} = b`,
    `${"NOT ".repeat(1000)}a=b`, `${"NOT(".repeat(800)}a=b${")".repeat(800)}`,
    `${"size(".repeat(680)}a${")".repeat(680)} = b`, `${"f(".repeat(2000)}`, `a=b${" AND a=b".repeat(440)}`,
    `a${"[0]".repeat(1300)}`, `a IN (${"(".repeat(2000)}`, `SET a = ${"f(".repeat(2000)}`,
    `SET a = ${"(".repeat(4000)}`, `SET ${"a=b,".repeat(1000)}c=d`, "a.".repeat(2047), "a,".repeat(2047),
    `a${",a".repeat(2000)}`, `REMOVE ${Array.from({ length: 800 }, (_, index) => `a${index}`).join()}`,
  ];
  for (const text of deep) {
    for (const parse of [
      (each: string) => bindExpressions({ ConditionExpression: each }),
      (each: string) => bindExpressions({ UpdateExpression: each }),
      (each: string) => bindExpressions({ ProjectionExpression: each }),
    ]) {
      try {
        parse(text);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "ValidationException", text.slice(0, 50));
      }
    }
  }
  assert.ok(effort() - before < 2);
});
