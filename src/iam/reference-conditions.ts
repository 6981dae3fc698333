/** The reference evaluator's conditions: one branch an operator, read from the documentation's tables. */
import { list, matchesArn, matchesText, plainText, substitute, type Json } from "./reference-text.ts";
import type { ConditionContext } from "./types.ts";

/** What one operator makes of one value of the request and one of the policy. */
type Answer = "matches" | "differs" | "unresolved" | "nonsense";

export function referenceConditionsHold(
  condition: Json, context: ConditionContext, deny: boolean, variables: boolean,
): boolean {
  return Object.entries(condition).every(([operator, block]) => {
    const keys = Object.entries(block as Json);
    if (keys.length === 0) return isKnown(operator) || deny;
    return keys.every(([key, values]) => {
      const wanted = list(values).map(String);
      const answer = clauseHolds(operator, context.get(key.toLowerCase()), wanted, context, deny, variables);
      return answer === "nonsense" ? deny : answer;
    });
  });
}

const known = new RegExp(
  "^(ForAllValues:|ForAnyValue:)?"
    + "(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Arn(Not)?(Equals|Like)"
    + "|(Numeric|Date)((Not)?Equals|(LessThan|GreaterThan)(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress)"
    + "(IfExists)?$",
  "i",
);
const knownNull = /^(ForAllValues:|ForAnyValue:)?Null$/i;

function isKnown(operator: string): boolean {
  return known.test(operator) || knownNull.test(operator);
}

function clauseHolds(
  operator: string, value: string | readonly string[] | undefined, wanted: string[],
    context: ConditionContext,
  deny: boolean, variables: boolean,
): boolean | "nonsense" {
  if (!isKnown(operator)) return "nonsense";
  const items = value === undefined ? [] : (list(value) as string[]);
  if (knownNull.test(operator)) {
    if (wanted.some((text) => !/^(true|false)$/i.test(text))) return "nonsense";
    const absent = value === undefined || (Array.isArray(value) && items.every((item) => item === ""));
    return wanted.some((text) => (text.toLowerCase() === "true") === absent);
  }
  const set = /^ForAllValues:/i.test(operator) ? "all" : /^ForAnyValue:/i.test(operator) ? "any" : "none";
  const ifExists = /IfExists$/i.test(operator);
  const base = operator.replace(/^For\w+:/i, "").replace(/IfExists$/i, "").toLowerCase();
  const negated = base.includes("not");
  const positive = base.replace("not", "");
  const ask = (item: string, text: string) => compare(positive, item, text, context, variables);
  if (wanted.some((text) => ask("", text) === "nonsense")) return "nonsense";

  const holdsFor = (item: string): boolean => {
    const answers = wanted.map((text) => ask(item, text));
    if (!negated) return answers.includes("matches");
    if (answers.includes("matches")) return false;
    return deny || !answers.includes("unresolved");
  };
  if (set === "none") {
    if (items.length === 0) return ifExists || negated;
    return negated ? items.every(holdsFor) : items.some(holdsFor);
  }
  const empty = items.every((item) => item === "");
  if (set === "all") return empty || items.every(holdsFor);
  return !empty && items.some(holdsFor);
}

function compare(
  operator: string, item: string, text: string, context: ConditionContext, variables: boolean,
): Answer {
  const answer = (yes: boolean): Answer => (yes ? "matches" : "differs");
  if (operator.startsWith("string") || operator.startsWith("arn")) {
    const pattern = substitute(text, context, variables);
    if (pattern === undefined) return "unresolved";
    if (operator === "stringequals") return answer(plainText(pattern) === item);
    if (operator === "stringequalsignorecase") {
      return answer(plainText(pattern).toLowerCase() === item.toLowerCase());
    }
    return answer(operator === "stringlike" ? matchesText(pattern, item) : matchesArn(pattern, item));
  }
  if (operator === "bool") {
    return /^(true|false)$/i.test(text) ? answer(text.toLowerCase() === item.toLowerCase()) : "nonsense";
  }
  if (operator === "binaryequals") {
    const digits = (encoded: string) => Buffer.from(encoded, "base64").toString("hex");
    return answer(digits(text) === digits(item));
  }
  if (operator === "ipaddress") return compareAddresses(item, text);
  const numeric = operator.startsWith("numeric");
  const left = numeric ? toNumber(item) : toTime(item);
  const right = numeric ? toNumber(text) : toTime(text);
  if (Number.isNaN(right)) return "nonsense";
  switch (operator.replace(/^(numeric|date)/, "")) {
    case "equals": return answer(left === right);
    case "lessthan": return answer(left < right);
    case "lessthanequals": return answer(left <= right);
    case "greaterthan": return answer(left > right);
    default: return answer(left >= right);
  }
}

function toNumber(text: string): number {
  return /^\s*$/.test(text) || /[^\d.eE+-]/.test(text) ? Number.NaN : Number(text);
}

/** ISO 8601 as JavaScript reads it, or seconds since 1970. */
function toTime(text: string): number {
  if (/^-?\d+$/.test(text) && text.length !== 4) return Number(text) * 1000;
  return Date.parse(/T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(text) ? `${text}Z` : text);
}

function compareAddresses(item: string, range: string): Answer {
  const [network = "", length] = range.split("/");
  const wanted = toBits(network);
  if (wanted === undefined) return "nonsense";
  const prefix = length === undefined ? wanted.length : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > wanted.length) return "nonsense";
  const found = toBits(item);
  const same = found?.length === wanted.length && found.slice(0, prefix) === wanted.slice(0, prefix);
  return same ? "matches" : "differs";
}

/** An address as a string of 32 or 128 binary digits. */
function toBits(text: string): string | undefined {
  const binary = (value: string, radix: number, width: number) =>
    Number.parseInt(value, radix).toString(2).padStart(width, "0");
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const parts = text.split(".");
    if (parts.some((part) => Number(part) > 255)) return undefined;
    return parts.map((part) => binary(part, 10, 8)).join("");
  }
  if (!/^[0-9a-f:]+$/i.test(text) || !text.includes(":")) return undefined;
  const [head = "", tail] = text.split("::");
  const groups = (half: string) => (half === "" ? [] : half.split(":"));
  const missing = 8 - groups(head).length - groups(tail ?? "").length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail ?? "")];
  return all.map((group) => binary(group, 16, 16)).join("");
}
