/** From the words of an expression to the query that it is: clauses here, what stands in them elsewhere. */

import { expressionAt, type Words } from "./expressions.ts";
import { selectError, unexpectedToken } from "./errors.ts";
import { describeToken, isReserved, tokensOf, type Token } from "./tokens.ts";
import type { Item, Path, Query, Step } from "./tree.ts";

const expressionBytesMax = 256 * 1024;
const itemsMax = 500;

interface Source {
  readonly steps: readonly Step[];
  readonly alias: string | undefined;
}

/** @throws ParseUnexpectedToken and its like, UnsupportedSqlStructure */
export function parseQuery(expression: string): Query {
  if (Buffer.byteLength(expression) > expressionBytesMax) throw selectError("ExpressionTooLong");
  const words = wordsOf(tokensOf(expression));
  if (!words.accept("SELECT")) throw selectError("ParseExpectedKeyword");
  const items = selectList(words);
  if (!words.accept("FROM")) throw selectError("ParseSelectMissingFrom");
  const source = sourceAt(words);
  const where = words.accept("WHERE") ? expressionAt(words) : undefined;
  if (words.peek().keyword === "GROUP") throw selectError("ParseUnsupportedLiteralsGroupBy");
  if (["ORDER", "HAVING", "JOIN", "UNION"].includes(words.peek().keyword)) {
    throw selectError("UnsupportedSqlStructure");
  }
  const limit = words.accept("LIMIT") ? limitAt(words) : undefined;
  if (words.peek().kind !== "end") throw words.unexpected();
  const name = itemNames(source);
  const named = items?.map((item, index): Item => ({ ...item, name: item.name || name(item, index) }));
  return resolveAlias({ items: named, source: source.steps, where, limit }, source.alias);
}

function wordsOf(tokens: readonly Token[]): Words {
  let at = 0;
  // The last token is the end, and is never passed.
  const peek = (ahead = 0): Token => tokens[Math.min(at + ahead, tokens.length - 1)] as Token;
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const unexpected = (): Error => unexpectedToken(describeToken(peek()), peek().place);
  const accept = (keyword: string): boolean => {
    if (peek().keyword !== keyword) return false;
    at += 1;
    return true;
  };
  const require = (keyword: string): void => {
    if (!accept(keyword)) throw unexpected();
  };
  return { peek, next, accept, require, unexpected };
}

function selectList(words: Words): Item[] | undefined {
  if (words.peek().keyword === "FROM") throw selectError("ParseEmptySelect");
  if (words.peek().keyword === "DISTINCT") throw selectError("UnsupportedSqlStructure");
  if (words.accept("*")) {
    if (words.peek().keyword === ",") throw selectError("ParseAsteriskIsNotAloneInSelectList");
    return undefined;
  }
  if (words.peek(1).keyword === "." && words.peek(2).keyword === "*") {
    words.next();
    words.next();
    words.next();
    return undefined;
  }
  const items: Item[] = [];
  do {
    if (words.peek().keyword === "*") throw selectError("ParseAsteriskIsNotAloneInSelectList");
    const expression = expressionAt(words);
    items.push({ expression, name: aliasAt(words) ?? "" });
    if (items.length > itemsMax) throw selectError("OverMaxColumn");
  } while (words.accept(","));
  return items;
}

function aliasAt(words: Words): string | undefined {
  const isSaid = words.accept("AS");
  const token = words.peek();
  if (token.kind === "quoted" || (token.kind === "word" && !isReserved(token))) return words.next().text;
  if (isSaid) throw words.unexpected();
  return undefined;
}

function sourceAt(words: Words): Source {
  if (!words.accept("S3OBJECT")) throw selectError("EvaluatorBindingDoesNotExist");
  const steps: Step[] = [];
  for (;;) {
    if (words.accept(".")) {
      const token = words.next();
      if (token.kind !== "word" && token.kind !== "quoted") {
        throw unexpectedToken(describeToken(token), token.place);
      }
      steps.push({ kind: "name", name: token.text, isQuoted: token.kind === "quoted" });
    } else if (words.accept("[")) {
      if (words.accept("*")) steps.push({ kind: "every" });
      else if (words.peek().kind !== "number") throw words.unexpected();
      else steps.push({ kind: "index", index: Number(words.next().text) });
      words.require("]");
    } else break;
  }
  // `S3Object` and `S3Object[*]` are the same: all values of the object, one after the other.
  if (steps[0]?.kind === "every") steps.shift();
  const alias = aliasAt(words);
  if (words.peek().keyword === ",") throw selectError("UnsupportedSqlStructure");
  return { steps, alias: alias ?? lastName(steps) };
}

function lastName(steps: readonly Step[]): string | undefined {
  const last = steps.at(-1);
  return last?.kind === "name" ? last.name : undefined;
}

function limitAt(words: Words): number {
  const token = words.peek();
  const limit = Number(token.text);
  if (token.kind !== "number" || !Number.isSafeInteger(limit)) throw words.unexpected();
  words.next();
  return limit;
}

function itemNames({ alias }: Source): (item: Item, index: number) => string {
  return ({ expression }, index) => {
    const last = expression.kind === "path" ? expression.steps.at(-1) : undefined;
    if (last?.kind !== "name") return `_${index + 1}`;
    const isWhole = expression.kind === "path" && expression.steps.length === 1;
    return isWhole && isTable(last, alias) && alias === undefined ? `_${index + 1}` : last.name;
  };
}

function isTable(step: Step, alias: string | undefined): boolean {
  if (step.kind !== "name") return false;
  if (step.isQuoted) return step.name === alias;
  const name = step.name.toLowerCase();
  return name === alias?.toLowerCase() || name === "s3object";
}

/** Paths begin at the record from here on: `s.a` and `a` are the same. */
function resolveAlias<Part>(part: Part, alias: string | undefined): Part {
  if (Array.isArray(part)) return part.map((each: unknown) => resolveAlias(each, alias)) as Part;
  if (typeof part !== "object" || part === null) return part;
  if ((part as Partial<Path>).kind === "path") {
    const path = part as unknown as Path;
    const [first, ...steps] = path.steps;
    return first && isTable(first, alias) ? ({ ...path, steps } as Part) : part;
  }
  const entries = Object.entries(part).map(([name, value]) => [name, resolveAlias(value, alias)]);
  return Object.fromEntries(entries) as Part;
}
