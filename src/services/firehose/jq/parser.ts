/**
 * Reads programs of jq 1.6: everything but functions of one's own, assignments, `foreach`, `label`, modules
 * and patterns that take values apart.
 *
 * @evidence jq 1.6 Manual; its grammar for what binds how tightly
 */

import { arities, unbuiltFunctions } from "./functions.ts";
import { formats } from "./formats.ts";
import { SyntaxTrouble, type Filter, type TextPart } from "./syntax.ts";
import { tokensOf, type Token } from "./tokens.ts";

const identity: Filter = { kind: "identity" };
const unbuilt = new Set(["def", "foreach", "label", "break", "import", "include"]);
const assignments = new Set(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "?//"]);
const keywords = new Set([
  "and", "or", "if", "then", "elif", "else", "end", "as", "reduce", "try", "catch", ...unbuilt,
]);

/** From loose to tight; of one rank, what stands left binds first, but for `//`. */
const ranks: readonly (readonly string[])[] = [
  ["//"], ["or"], ["and"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"],
];

class Parser {
  readonly #tokens: readonly Token[];
  readonly #variables: ReadonlySet<string>;
  #at = 0;

  constructor(tokens: readonly Token[], variables: ReadonlySet<string> = new Set()) {
    this.#tokens = tokens;
    this.#variables = new Set(variables);
  }

  whole(): Filter {
    const filter = this.#pipe(this.#variables);
    if (this.#next) throw this.#unexpected();
    return filter;
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #unexpected(): SyntaxTrouble {
    const next = this.#next;
    if (!next) return new SyntaxTrouble("unexpected end");
    const text = "text" in next ? next.text : next.kind;
    return new SyntaxTrouble(`unexpected ${text}`, unbuilt.has(text) || assignments.has(text));
  }

  #is(text: string): boolean {
    const next = this.#next;
    return (next?.kind === "sign" || next?.kind === "word") && next.text === text;
  }

  #accept(text: string): boolean {
    const isIt = this.#is(text);
    if (isIt) this.#at += 1;
    return isIt;
  }

  #take(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected();
  }

  #pipe(variables: ReadonlySet<string>): Filter {
    const left = this.#comma(variables);
    return this.#accept("|") ? { kind: "pipe", left, right: this.#pipe(variables) } : left;
  }

  #comma(variables: ReadonlySet<string>): Filter {
    let left = this.#ranked(0, variables);
    while (this.#accept(",")) left = { kind: "comma", left, right: this.#ranked(0, variables) };
    return left;
  }

  #ranked(rank: number, variables: ReadonlySet<string>): Filter {
    const signs = ranks[rank];
    if (!signs) return this.#negation(variables);
    let left = this.#ranked(rank + 1, variables);
    for (;;) {
      const sign = signs.find((each) => this.#is(each));
      if (sign === undefined) return left;
      this.#at += 1;
      const right = this.#ranked(sign === "//" ? rank : rank + 1, variables);
      if (sign === "//") left = { kind: "otherwise", left, right };
      else if (sign === "and" || sign === "or") left = { kind: sign, left, right };
      else left = { kind: "operation", sign, left, right };
    }
  }

  #negation(variables: ReadonlySet<string>): Filter {
    if (this.#accept("-")) return { kind: "negation", of: this.#negation(variables) };
    if (this.#accept("try")) {
      const of = this.#suffixed(variables);
      return { kind: "try", of, ...(this.#accept("catch") && { handler: this.#suffixed(variables) }) };
    }
    const source = this.#suffixed(variables);
    if (!this.#accept("as")) return source;
    const name = this.#variable();
    this.#take("|");
    return { kind: "as", source, name, body: this.#pipe(new Set([...variables, name])) };
  }

  #variable(): string {
    const next = this.#next;
    if (next?.kind !== "variable") throw new SyntaxTrouble("a pattern", true);
    this.#at += 1;
    return next.text;
  }

  /** A term with what stands behind it: `.a[0]?`. */
  #suffixed(variables: ReadonlySet<string>): Filter {
    let of = this.#term(variables);
    for (;;) {
      const next = this.#next;
      if (next?.kind === "field") {
        this.#at += 1;
        of = { kind: "index", of, by: { kind: "literal", value: next.text } };
      } else if (this.#is(".") && this.#tokens[this.#at + 1]?.kind === "text") {
        this.#at += 1;
        of = { kind: "index", of, by: this.#text(undefined, variables) };
      } else if (this.#is(".") && this.#isSign(1, "[")) this.#at += 1;
      else if (this.#accept("[")) of = this.#bracket(of, variables);
      else if (this.#accept("?")) of = { kind: "try", of };
      else return of;
    }
  }

  #isSign(ahead: number, text: string): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === "sign" && token.text === text;
  }

  #bracket(of: Filter, variables: ReadonlySet<string>): Filter {
    if (this.#accept("]")) return { kind: "each", of };
    const from = this.#is(":") ? undefined : this.#pipe(variables);
    if (!this.#accept(":")) {
      this.#take("]");
      return { kind: "index", of, by: from ?? identity };
    }
    const to = this.#is("]") ? undefined : this.#pipe(variables);
    this.#take("]");
    return { kind: "slice", of, ...(from && { from }), ...(to && { to }) };
  }

  #term(variables: ReadonlySet<string>): Filter {
    const next = this.#next;
    switch (next?.kind) {
      case "number":
        this.#at += 1;
        return { kind: "literal", value: next.value };
      case "text": return this.#text(undefined, variables);
      case "format": return this.#format(next.text, variables);
      case "field":
        this.#at += 1;
        return { kind: "index", of: identity, by: { kind: "literal", value: next.text } };
      case "variable":
        if (!variables.has(next.text)) throw new SyntaxTrouble(`$${next.text} is not defined`);
        this.#at += 1;
        return { kind: "variable", name: next.text };
      case "word": return this.#word(next.text, variables);
      default: return this.#enclosed(variables);
    }
  }

  #enclosed(variables: ReadonlySet<string>): Filter {
    if (this.#accept("..")) return { kind: "everything" };
    if (this.#accept(".")) {
      if (this.#next?.kind !== "text") return identity;
      return { kind: "index", of: identity, by: this.#text(undefined, variables) };
    }
    if (this.#accept("(")) {
      const inner = this.#pipe(variables);
      this.#take(")");
      return inner;
    }
    if (this.#accept("[")) {
      if (this.#accept("]")) return { kind: "literal", value: [] };
      const of = this.#pipe(variables);
      this.#take("]");
      return { kind: "array", of };
    }
    if (this.#accept("{")) return this.#object(variables);
    throw this.#unexpected();
  }

  #format(name: string, variables: ReadonlySet<string>): Filter {
    if (!formats.has(name)) throw new SyntaxTrouble(`${name} is not a valid format`);
    this.#at += 1;
    return this.#next?.kind === "text" ? this.#text(name, variables) : { kind: "format", name };
  }

  #text(format: string | undefined, variables: ReadonlySet<string>): Filter {
    const token = this.#next;
    if (token?.kind !== "text") throw this.#unexpected();
    this.#at += 1;
    const parts = token.parts.map((part): TextPart =>
      (typeof part === "string" ? part : new Parser(part, variables).whole()));
    const [only = ""] = parts;
    if (parts.length <= 1 && typeof only === "string") return { kind: "literal", value: only };
    return { kind: "text", parts, format };
  }

  #word(name: string, variables: ReadonlySet<string>): Filter {
    if (keywords.has(name)) {
      if (name === "if") return this.#if(variables);
      if (name === "reduce") return this.#reduce(variables);
      throw this.#unexpected();
    }
    this.#at += 1;
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    if (name === "null") return { kind: "literal", value: null };
    const inputs: Filter[] = [];
    if (this.#accept("(")) {
      do inputs.push(this.#pipe(variables)); while (this.#accept(";"));
      this.#take(")");
    }
    if (!arities.has(`${name}/${inputs.length}`)) {
      throw new SyntaxTrouble(`${name}/${inputs.length} is not defined`, unbuiltFunctions.has(name));
    }
    return { kind: "call", name, inputs };
  }

  #if(variables: ReadonlySet<string>): Filter {
    this.#at += 1;
    const condition = this.#pipe(variables);
    this.#take("then");
    const then = this.#pipe(variables);
    if (this.#is("elif")) return { kind: "if", condition, then, otherwise: this.#if(variables) };
    this.#take("else");
    const otherwise = this.#pipe(variables);
    this.#take("end");
    return { kind: "if", condition, then, otherwise };
  }

  #reduce(variables: ReadonlySet<string>): Filter {
    this.#at += 1;
    const source = this.#suffixed(variables);
    this.#take("as");
    const name = this.#variable();
    this.#take("(");
    const start = this.#pipe(variables);
    this.#take(";");
    const update = this.#pipe(new Set([...variables, name]));
    this.#take(")");
    return { kind: "reduce", source, name, start, update };
  }

  #object(variables: ReadonlySet<string>): Filter {
    const entries: [Filter, Filter][] = [];
    if (this.#accept("}")) return { kind: "object", entries };
    do entries.push(this.#entry(variables)); while (this.#accept(","));
    this.#take("}");
    return { kind: "object", entries };
  }

  #entry(variables: ReadonlySet<string>): [Filter, Filter] {
    const next = this.#next;
    if (next?.kind === "variable") {
      return [{ kind: "literal", value: next.text }, this.#term(variables)];
    }
    const key = this.#key(variables);
    if (this.#accept(":")) return [key, this.#member(variables)];
    if (next?.kind !== "word" && next?.kind !== "text" && next?.kind !== "format") throw this.#unexpected();
    return [key, { kind: "index", of: identity, by: key }];
  }

  #key(variables: ReadonlySet<string>): Filter {
    const next = this.#next;
    if (next?.kind === "word") {
      this.#at += 1;
      return { kind: "literal", value: next.text };
    }
    if (next?.kind === "text") return this.#text(undefined, variables);
    if (next?.kind === "format") return this.#format(next.text, variables);
    this.#take("(");
    const key = this.#pipe(variables);
    this.#take(")");
    return key;
  }

  /** Anything looser than terms behind one another needs brackets. */
  #member(variables: ReadonlySet<string>): Filter {
    if (this.#accept("-")) return { kind: "negation", of: this.#member(variables) };
    const left = this.#suffixed(variables);
    return this.#accept("|") ? { kind: "pipe", left, right: this.#member(variables) } : left;
  }
}

/** @throws SyntaxTrouble */
export function parseProgram(source: string): Filter {
  return new Parser(tokensOf(source)).whole();
}
