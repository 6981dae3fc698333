/**
 * Reads JSON token by token and says where it is as Jackson does, which reads EventBridge's patterns: its
 * positions are part of the texts that people get to see.
 *
 * After a token the position is behind what had to be read to know it: of a string that is its opening
 * quote, until its text is asked for; of a name, the first character of its value.
 */

/** What is wrong with a pattern, in AWS's words, with its position. */
export class PatternError extends Error {}

export type JsonToken =
  | "{" | "}" | "[" | "]" | "name" | "string" | "number" | "true" | "false" | "null" | "end";

/** A token; the text of a string is undefined until it has been asked for. */
interface Held {
  readonly kind: JsonToken;
  text: string | undefined;
}

const snippetMax = 500;
const whitespace = /[ \t\r\n]/;
const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordForm = /[\p{L}\p{N}_$]*/uy;

export class JsonReader {
  readonly #source: string;
  #at = 0;
  /** What is open, and where it began. */
  readonly #open: { kind: "{" | "["; start: number }[] = [];
  #current: Held = { kind: "end", text: "" };
  /** The value behind a name, whose beginning has been read with it. */
  #ahead: Held | undefined;
  /** Nothing has been read yet in the innermost object or array. */
  #isFirst = true;

  constructor(source: string) {
    this.#source = source;
  }

  next(): JsonToken {
    this.text();
    this.#current = this.#ahead ?? this.#read();
    if (this.#current.kind !== "name") this.#ahead = undefined;
    return this.#current.kind;
  }

  /** The text of a name or a string, or of a number as it is written. */
  text(): string {
    return (this.#current.text ??= this.#string());
  }

  get isNumber(): boolean {
    return this.#current.kind === "number";
  }

  get isString(): boolean {
    return this.#current.kind === "string";
  }

  fail(message: string): never {
    throw new PatternError(`${message}\n at ${this.#location(this.#at)}`);
  }

  #read(): Held {
    const open = this.#open.at(-1);
    this.#skip();
    if (open === undefined) return this.#isFirst ? this.#value() : { kind: "end", text: "" };
    const character = this.#source[this.#at];
    if (character === undefined) return this.#endTooEarly();
    if (character === (open.kind === "{" ? "}" : "]")) {
      this.#at += 1;
      this.#open.pop();
      this.#isFirst = false;
      return { kind: character, text: character };
    }
    if (!this.#isFirst) this.#comma(open.kind);
    this.#isFirst = false;
    return open.kind === "{" ? this.#name() : this.#value();
  }

  #comma(open: "{" | "["): void {
    if (this.#source[this.#at] !== ",") {
      this.#unexpected(`was expecting comma to separate ${open === "{" ? "Object" : "Array"} entries`);
    }
    this.#at += 1;
    this.#skip();
  }

  #name(): Held {
    if (this.#source[this.#at] !== '"') this.#unexpected("was expecting double-quote to start field name");
    this.#at += 1;
    const text = this.#string();
    this.#skip();
    if (this.#source[this.#at] !== ":") {
      this.#unexpected("was expecting a colon to separate field name and value");
    }
    this.#at += 1;
    this.#skip();
    this.#ahead = this.#value();
    return { kind: "name", text };
  }

  #value(): Held {
    const character = this.#source[this.#at];
    if (character === undefined) {
      return this.#open.length > 0 ? this.#endTooEarly() : { kind: "end", text: "" };
    }
    if (character === "{" || character === "[") {
      this.#open.push({ kind: character, start: this.#at });
      this.#at += 1;
      this.#isFirst = true;
      return { kind: character, text: character };
    }
    this.#isFirst = false;
    if (character === '"') {
      this.#at += 1;
      return { kind: "string", text: undefined };
    }
    numberForm.lastIndex = this.#at;
    const text = numberForm.exec(this.#source)?.[0];
    if (text === undefined) return this.#word();
    this.#at += text.length;
    return { kind: "number", text };
  }

  #word(): Held {
    wordForm.lastIndex = this.#at;
    const text = wordForm.exec(this.#source)?.[0] ?? "";
    if (text === "") {
      this.#unexpected(
        "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
      );
    }
    this.#at += text.length;
    if (text === "true" || text === "false" || text === "null") return { kind: text, text };
    return this.fail(
      `Unrecognized token '${text}': was expecting (JSON String, Number, Array, Object or token ` +
        "'null', 'true' or 'false')",
    );
  }

  /** From behind the opening quote to behind the closing one. */
  #string(): string {
    const start = this.#at;
    while (this.#source[this.#at] !== '"') {
      const code = this.#source.charCodeAt(this.#at);
      if (Number.isNaN(code)) {
        this.fail("Unexpected end-of-input: was expecting closing quote for a string value");
      }
      if (code < 32) {
        this.#at += 1;
        this.fail(
          `Illegal unquoted character ((CTRL-CHAR, code ${String(code)})): has to be escaped using ` +
            "backslash to be included in string value",
        );
      }
      this.#at += code === 92 ? 2 : 1;
    }
    this.#at += 1;
    try {
      return JSON.parse(this.#source.slice(start - 1, this.#at)) as string;
    } catch {
      return this.fail("Unrecognized character escape");
    }
  }

  #skip(): void {
    while (whitespace.test(this.#source[this.#at] ?? "")) this.#at += 1;
  }

  #unexpected(expected: string): never {
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) return this.#endTooEarly();
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return this.fail(`Unexpected character ('${character}' (code ${String(code)})): ${expected}`);
  }

  #endTooEarly(): never {
    const open = this.#open.at(-1) ?? { kind: "{", start: 0 };
    return this.fail(
      `Unexpected end-of-input: expected close marker for ${open.kind === "{" ? "Object" : "Array"} ` +
        `(start marker at ${this.#location(open.start)})`,
    );
  }

  #location(at: number): string {
    const before = this.#source.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const shown = this.#source.slice(0, snippetMax);
    const rest = this.#source.length - shown.length;
    const truncated = rest > 0 ? `[truncated ${String(rest)} chars]` : "";
    return `[Source: (String)"${shown}"${truncated}; line: ${String(line)}, column: ${String(column)}]`;
  }
}
