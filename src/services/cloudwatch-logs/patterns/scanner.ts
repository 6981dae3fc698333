/** Reads a filter pattern from its beginning to its end. */

import type { Comparison, Operand } from "./conditions.ts";
import { invalidPattern } from "./invalid.ts";

export class Scanner {
  readonly text: string;
  at: number;
  /** How many regular expressions were read. */
  regexes = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipSpaces(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  /** Behind spaces. */
  skip(token: string): boolean {
    this.skipSpaces();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  require(token: string): void {
    if (!this.skip(token)) throw invalidPattern();
  }

  sees(token: string): boolean {
    this.skipSpaces();
    return this.text.startsWith(token, this.at);
  }

  /** What a sticky expression finds here. */
  find(form: RegExp): string | undefined {
    form.lastIndex = this.at;
    const found = form.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** What stands in double quotes, where a backslash makes the next character one like others. */
  quoted(): string {
    this.require('"');
    let text = "";
    for (;;) {
      const character = this.text[this.at++];
      if (character === undefined) throw invalidPattern();
      if (character === '"') return text;
      const next = this.text[this.at];
      if (character === "\\" && (next === '"' || next === "\\")) {
        text += next;
        this.at++;
      } else {
        text += character;
      }
    }
  }

  /**
   * @evidence CloudWatch Logs User Guide, filter pattern syntax: at most two regular expressions a pattern
   */
  regex(): string {
    this.require("%");
    const end = this.text.indexOf("%", this.at);
    if (end === -1 || ++this.regexes > 2) throw invalidPattern();
    const source = this.text.slice(this.at, end);
    this.at = end + 1;
    return source;
  }

  comparison(): Comparison | undefined {
    this.skipSpaces();
    return this.find(/!=|<=|>=|=|<|>/y) as Comparison | undefined;
  }

  /** @param plain what an operand without quotes may be of */
  operand(plain: RegExp): Operand {
    this.skipSpaces();
    if (this.sees('"')) return { text: this.quoted(), kind: "quoted" };
    if (this.sees("%")) return { text: this.regex(), kind: "regex" };
    const text = this.find(plain);
    if (text === undefined) throw invalidPattern();
    return { text, kind: "plain" };
  }
}
