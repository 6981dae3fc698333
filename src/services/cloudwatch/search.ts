/**
 * Search expressions: `{Namespace,Dimension} MetricName="x" a OR NOT b`.
 *
 * @evidence CloudWatch User Guide, "CloudWatch search expression syntax"
 */

import type { ReadContext } from "../../kernel/context.ts";
import { validationError } from "./errors.ts";
import { isVisible } from "./list-metrics.ts";
import { metrics, type MetricRow } from "./metric-rows.ts";

/** @evidence CloudWatch User Guide: a search finds at most 100 time series, and has 1,024 characters */
const foundMax = 100;
const queryMax = 1_024;

type Test = (row: MetricRow) => boolean;

const tokenForm = /\s*(?:"((?:[^"\\]|\\.)*)"|(\{[^}]*\})|([()=])|([^\s()="]+))/y;

interface Token {
  readonly text: string;
  readonly kind: "exact" | "schema" | "sign" | "word";
}

function tokens(query: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < query.trimEnd().length; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(query);
    if (!match) throw validationError(`Invalid search expression: ${query}`);
    const [, exact, schema, sign, word] = match;
    if (exact !== undefined) found.push({ kind: "exact", text: exact.replaceAll(/\\(.)/g, "$1") });
    else if (schema !== undefined) found.push({ kind: "schema", text: schema });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else found.push({ kind: "word", text: word ?? "" });
  }
  return found;
}

/** A part of a name: `CustomCount1` has three. */
interface Part {
  readonly text: string;
  /** It goes on where the one before it ends, without anything between them. */
  readonly isJoined: boolean;
}

/** @evidence CloudWatch User Guide, "CloudWatch search expressions: Tokenization" */
const partForm = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lt}\p{Lm}\p{Lo}]+|\d+/gu;

function partsOf(text: string): Part[] {
  let end = -1;
  return [...text.matchAll(partForm)].map(({ 0: part, index }) => {
    const isJoined = index === end;
    end = index + part.length;
    return { text: part, isJoined };
  });
}

function isSame(wanted: Part, isComposite: boolean, part: Part | undefined): boolean {
  if (!part) return false;
  return isComposite ? part.text === wanted.text : part.text.toLowerCase() === wanted.text.toLowerCase();
}

/**
 * Parts of names are found in whichever case; several that are joined only in their own. All of a name is
 * found in whichever case, too.
 *
 * @evidence CloudWatch User Guide, "CloudWatch search expressions: Partial matches" and "Non-alphanumeric
 *   characters": `count` and `Count1` find `CustomCount1`, `count1` does not; `network/errors` finds
 *   `NetworkErrors2`
 */
function partial(term: string): (candidate: string) => boolean {
  const wanted = partsOf(term).map((part, index, all) => {
    return { part, isComposite: part.isJoined || all[index + 1]?.isJoined === true };
  });
  const whole = wanted.map(({ part }) => part.text).join("").toLowerCase();
  return (candidate) => {
    const parts = partsOf(candidate);
    const found = parts.some((_, at) =>
      wanted.every(({ part, isComposite }, index) => isSame(part, isComposite, parts[at + index])));
    return found || parts.map(({ text }) => text).join("").toLowerCase() === whole;
  };
}

function textsOf(row: MetricRow, property: string | undefined): string[] {
  if (property === "MetricName") return [row.name];
  if (property === "Namespace") return [row.namespace];
  const dimensions = row.dimensions;
  if (property !== undefined) return dimensions.flatMap(
    ({ Name, Value }) => (Name === property ? [Value] : [])
  );
  return [row.namespace, row.name, ...dimensions.flatMap(({ Name, Value }) => [Name, Value])];
}

function term({ kind, text }: Token, property: string | undefined): Test {
  if (kind === "exact") return (row) => textsOf(row, property).includes(text);
  const isFound = partial(text);
  // Namespaces, and names of metrics and dimensions, are the same of thousands.
  const known = new Map<string, boolean>();
  return (row) => textsOf(row, property).some((candidate) => {
    let found = known.get(candidate);
    if (found === undefined) known.set(candidate, (found = isFound(candidate)));
    return found;
  });
}

function schema(text: string): Test {
  const [namespace = "", ...dimensions] = text.slice(1, -1).split(",").map(
    (part) => part.trim().replaceAll('"', ""),
  );
  const wanted = [...dimensions].sort().join("\0");
  return (row) => {
    return row.namespace === namespace && row.dimensions.map(({ Name }) => Name).sort().join("\0") === wanted;
  };
}

class SearchParser {
  readonly #tokens: readonly Token[];
  readonly #query: string;
  #at = 0;

  constructor(query: string) {
    this.#query = query;
    this.#tokens = tokens(query);
  }

  parse(): Test {
    const test = this.#either(undefined);
    if (this.#at < this.#tokens.length) throw this.#invalid();
    return test;
  }

  #invalid(): Error {
    return validationError(`Invalid search expression: ${this.#query}`);
  }

  /** @evidence CloudWatch User Guide, "Boolean operators": they are case sensitive */
  #isWord(word: "AND" | "OR" | "NOT"): boolean {
    const next = this.#tokens[this.#at];
    return next?.kind === "word" && next.text === word;
  }

  #isSign(sign: string): boolean {
    const next = this.#tokens[this.#at];
    return next?.kind === "sign" && next.text === sign;
  }

  #either(property: string | undefined): Test {
    let test = this.#all(property);
    while (this.#isWord("OR")) {
      this.#at += 1;
      const [left, right] = [test, this.#all(property)];
      test = (row) => left(row) || right(row);
    }
    return test;
  }

  #all(property: string | undefined): Test {
    let test = this.#one(property);
    while (this.#at < this.#tokens.length && !this.#isWord("OR") && !this.#isSign(")")) {
      if (this.#isWord("AND")) this.#at += 1;
      const [left, right] = [test, this.#one(property)];
      test = (row) => left(row) && right(row);
    }
    return test;
  }

  #one(property: string | undefined): Test {
    if (this.#isWord("NOT")) {
      this.#at += 1;
      const test = this.#one(property);
      return (row) => !test(row);
    }
    const token = this.#tokens[this.#at++];
    if (!token) throw this.#invalid();
    if (token.kind === "schema") return schema(token.text);
    if (token.kind === "sign") {
      if (token.text !== "(") throw this.#invalid();
      const test = this.#either(property);
      if (!this.#isSign(")")) throw this.#invalid();
      this.#at += 1;
      return test;
    }
    if (this.#isSign("=")) {
      this.#at += 1;
      return this.#one(token.text);
    }
    return term(token, property);
  }
}

export function search(ctx: ReadContext, query: string): MetricRow[] {
  if (query.length > queryMax) {
    throw validationError(`Search expressions must not be longer than ${queryMax} characters`);
  }
  const now = ctx.clock.now();
  const test: Test = query.trim() === "" ? () => true : new SearchParser(query).parse();
  const found: MetricRow[] = [];
  for (const row of ctx.db(metrics).by("name").list()) {
    if (!isVisible(row, now) || !test(row)) continue;
    found.push(row);
    if (found.length === foundMax) break;
  }
  return found;
}
