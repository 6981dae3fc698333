/**
 * Search expressions: `{Namespace,Dimension} MetricName="x" a OR NOT b`.
 *
 * @evidence CloudWatch User Guide, "CloudWatch search expression syntax"
 */

import type { ReadContext } from "../../kernel/context.ts";
import { validationError } from "./errors.ts";
import { isVisible } from "./list-metrics.ts";
import { metrics, type MetricRow } from "./metric-rows.ts";

/** @evidence CloudWatch User Guide: a search finds at most 100 time series */
const foundMax = 100;

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
    if (exact !== undefined) found.push({ kind: "exact", text: exact });
    else if (schema !== undefined) found.push({ kind: "schema", text: schema });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else found.push({ kind: "word", text: word ?? "" });
  }
  return found;
}

/** The parts of a name that a search goes by: `HTTPCode_Target` has `httpcode`, `target`, and itself. */
function partsOf(text: string): string[] {
  const words = text.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const humps = words.flatMap((word) => word.split(/(?<=[a-z0-9])(?=[A-Z])/));
  return [text, ...words, ...humps].map((part) => part.toLowerCase());
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
  const wanted = partsOf(text).slice(1);
  const whole = text.toLowerCase();
  return (row) =>
    textsOf(row, property).some((candidate) => {
      const parts = partsOf(candidate);
      return parts.includes(whole) || wanted.every((part) => parts.includes(part));
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

  #isWord(word: string): boolean {
    const next = this.#tokens[this.#at];
    return next?.kind === "word" && next.text.toUpperCase() === word;
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
