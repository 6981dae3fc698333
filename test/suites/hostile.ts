/** What nobody should send: inputs of the model, broken in one place. */

import type { Chance } from "../../src/kernel/schema/sample.ts";
import { rounds } from "../rounds.ts";
import { restRequest, type Sent } from "./rest.ts";
import { bodyOf, isRest, type Input } from "./wire.ts";
import type { BuiltOperation } from "./services.ts";

const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
const deepObject = `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`;

/** JSON texts that take a value's place. */
const jsonValues = [
  "null",
  "true",
  "-1",
  "0",
  "9007199254740993",
  "1e309",
  "-1e400",
  "0.5",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  "[]",
  "{}",
  "[null]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '"__proto__"',
  '"arn:aws:::::"',
  '"https://"',
  '"%"',
  '"*"',
  '"/"',
  '"../../etc"',
  "[[[]]]",
  "[{}]",
  '{"a":null}',
  deep,
  deepObject,
];

/** Values of a Query parameter. */
const queryValues = [
  "",
  "true",
  "-1",
  "99999999999999999999",
  "NaN",
  "1e309",
  "\u0000",
  "\ud7ff\uffff",
  "__proto__",
  "constructor",
  "*",
  "/",
  "arn:aws:::::",
  "{",
  "{}",
  "[]",
  "null",
  '{"Statement":null}',
  '{"__proto__":1}',
  `{"Statement":${deep}}`,
  "<!DOCTYPE a>",
  "%",
];

/** What may stand behind a Query parameter's name. */
const queryTails = [
  ".member.0",
  ".member.-1",
  ".member.999999999",
  ".member.1.__proto__",
  ".__proto__.polluted",
  ".constructor.prototype.polluted",
  ".entry.1.key",
  ".entry.99999.value",
  ".member.1.member.1.member.1",
  ".",
  "..",
  ".member.",
  ".member.x",
];

/** Most of what these tests cost is making, signing and reading it. */
const long = "A".repeat(rounds(1024 * 1024));

/** Requests for one operation, made from an input that fits its model. */
export function* hostileRequests(
  each: BuiltOperation,
  input: Input,
  random: Chance,
  count: number,
): Iterable<string | Sent> {
  if (isRest(each)) yield* brokenRest(each, input, random, count);
  else yield* hostileBodies(each, input, random, count);
}

function* hostileBodies(
  each: BuiltOperation,
  input: Input,
  random: Chance,
  count: number,
): Iterable<string> {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const isJson = each.model.protocols[0] === "json";
  const shape = each.operationModel.input && each.model.shapes[each.operationModel.input.shape];
  const members = Object.keys(shape?.members ?? {});
  if (members.length === 0) return;
  const text = bodyOf(each, input);
  for (let made = 0; made < count; made += 1) {
    const member = pick(members);
    yield isJson
      ? brokenJson(text, member, pick(jsonValues), random)
      : brokenQuery(text, member, pick(queryValues), pick(queryTails), random);
  }
  const member = pick(members);
  yield isJson
    ? brokenJson(text, member, JSON.stringify(long), () => 0)
    : `${text}&${encodeURIComponent(member)}=${long}`;
  yield isJson
    ? `{"__proto__":{"${member}":1},${text.slice(1)}`
    : `${text}&__proto__.${member}=1&Action=${each.name}`;
}

const mark = "the place of the broken value";

/** Replaces the member, or something within it. */
function brokenJson(text: string, member: string, broken: string, random: Chance): string {
  const whole = JSON.parse(text) as Record<string, unknown>;
  let holder: Record<string, unknown> = whole;
  let name = member;
  while (random() < 0.6) {
    const inner = holder[name];
    if (typeof inner !== "object" || inner === null) break;
    const keys = Object.keys(inner);
    const key = keys[Math.floor(random() * keys.length)];
    if (key === undefined) break;
    holder = inner as Record<string, unknown>;
    name = key;
  }
  holder[name] = mark;
  return JSON.stringify(whole).replace(JSON.stringify(mark), () => broken);
}

function brokenQuery(text: string, member: string, value: string, tail: string, random: Chance): string {
  const kept = text
    .split("&")
    .filter(
      (parameter) =>
        parameter.startsWith("Action=") ||
        (parameter.split("=", 1)[0] ?? "").split(".", 1)[0] !== member ||
        random() < 0.3,
    );
  return [...kept, `${member}${random() < 0.5 ? tail : ""}=${encodeURIComponent(value)}`].join("&");
}

/** XML documents that take a body's place. */
const documents = [
  "<",
  "<a>",
  "<a/>",
  "<a><b></a></b>",
  "text",
  "{}",
  "\u0000",
  "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
  "<a>&#0;</a>",
  `<a>${"<b>".repeat(5_000)}${"</b>".repeat(5_000)}</a>`,
  "<__proto__><polluted>1</polluted></__proto__>",
];

/** One place of a REST request is broken: its path, its query, a header, or its body. */
function* brokenRest(each: BuiltOperation, input: Input, random: Chance, count: number): Iterable<Sent> {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const shape = each.operationModel.input && each.model.shapes[each.operationModel.input.shape];
  const members = Object.entries(shape?.members ?? {});
  const sent = restRequest(each, input);
  for (let made = 0; made < count; made += 1) {
    const [name, ref] = members.length > 0 ? pick(members) : ["", undefined];
    const value = pick(queryValues);
    if (ref?.location !== undefined) yield restRequest(each, { ...input, [name]: value });
    else if (sent.body.includes("</") && random() < 0.6) {
      const elements = [...sent.body.matchAll(/<([\w:]+)>[^<]*<\/\1>/g)];
      const [whole = "", element = "a"] = elements.length > 0 ? pick(elements) : [];
      const broken = `<${element}>${value.replace(/[<&]/g, "&lt;")}</${element}>`;
      yield { ...sent, body: sent.body.replace(whole, () => (random() < 0.3 ? pick(documents) : broken)) };
    } else yield { ...sent, body: pick(documents) };
  }
  yield { ...sent, query: `${sent.query}&__proto__=1&constructor=${long.slice(0, 9_000)}` };
  yield { ...sent, body: `${sent.body}${long}` };
  yield { ...sent, path: `${sent.path}%00%ff` };
}
