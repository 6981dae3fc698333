/**
 * Cuts TypeScript into tokens: enough grammar to tell code from comments, strings, templates and patterns.
 */

export interface Token {
  readonly kind: "name" | "number" | "string" | "template" | "pattern" | "comment" | "punctuation";
  readonly text: string;
  readonly start: number;
  /** From 1. */
  readonly line: number;
  readonly endLine: number;
}

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const NAME = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/y;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** A piece of a template: up to its end or up to the code inside it. */
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)?/y;
const PUNCTUATION = /=>|\.\.\.|\?\.(?!\d)|[!=]==?|[^\s]/y;

/** After these a slash divides; after other names it begins a pattern. */
const KEYWORDS_BEFORE_PATTERN = new Set([
  "return", "typeof", "case", "in", "of", "do", "else", "void", "delete", "throw", "new", "await", "yield",
  "instanceof",
]);

export function tokenize(text: string): Token[] {
  return new Tokenizer(text).run();
}

class Tokenizer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  /** The token before this one that is not a comment. */
  #previous: Token | undefined;
  /** One entry for each open brace: whether it is a template's. */
  readonly #braces: boolean[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    if (this.#text.startsWith("#!")) this.#position = Math.max(0, this.#text.indexOf("\n"));
    while (this.#position < this.#text.length) {
      const space = this.#match(SPACE);
      if (space !== undefined) this.#advance(space);
      else this.#token();
    }
    return this.#tokens;
  }

  #token(): void {
    const character = this.#text.charAt(this.#position);
    if (character === "/") {
      const comment = this.#match(COMMENT);
      if (comment !== undefined) return this.#push("comment", comment);
      const pattern = this.#mayBeginPattern() ? this.#match(PATTERN) : undefined;
      if (pattern !== undefined) return this.#push("pattern", pattern);
    }
    if (character === "`") return this.#template(1);
    if (character === "}" && this.#braces.at(-1) === true) {
      this.#braces.pop();
      return this.#template(1);
    }
    const name = this.#match(NAME);
    if (name !== undefined) return this.#push("name", name);
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#push("number", number);
    const string = this.#match(STRING);
    if (string !== undefined) return this.#push("string", string);
    if (character === "{") this.#braces.push(false);
    if (character === "}") this.#braces.pop();
    this.#push("punctuation", this.#match(PUNCTUATION) ?? character);
  }

  #template(opening: number): void {
    TEMPLATE.lastIndex = this.#position + opening;
    const rest = TEMPLATE.exec(this.#text)?.[0] ?? "";
    if (rest.endsWith("${")) this.#braces.push(true);
    this.#push("template", this.#text.slice(this.#position, this.#position + opening) + rest);
  }

  #mayBeginPattern(): boolean {
    const previous = this.#previous;
    if (!previous) return true;
    if (previous.kind === "name") return KEYWORDS_BEFORE_PATTERN.has(previous.text);
    if (previous.kind !== "punctuation") return previous.kind === "template" && previous.text.endsWith("${");
    return previous.text !== ")" && previous.text !== "]" && previous.text !== "}";
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#position;
    return expression.exec(this.#text)?.[0];
  }

  #push(kind: Token["kind"], text: string): void {
    const start = this.#position;
    const line = this.#line;
    this.#advance(text);
    const token = { kind, text, start, line, endLine: this.#line };
    this.#tokens.push(token);
    if (kind !== "comment") this.#previous = token;
  }

  #advance(text: string): void {
    this.#position += text.length;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#line++;
  }
}
