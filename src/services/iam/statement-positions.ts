/**
 * Where each statement of a policy stands in its text: lines and columns from 1. A statement begins right
 * behind
 * what comes before it, and ends behind its closing brace.
 *
 * @evidence recorded answers of SimulatePrincipalPolicy for AdministratorAccess: from line 3, column 17,
 * behind
 *   the opening bracket, to line 8, column 6
 */

export interface Position {
  readonly Line: number;
  readonly Column: number;
}

export interface Span {
  readonly start: Position;
  readonly end: Position;
}

/** Walks JSON that is known to be well-formed. */
class Walker {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string {
    while (/\s/.test(this.#text.charAt(this.at))) this.at++;
    return this.#text.charAt(this.at);
  }

  string(): string {
    const start = this.at;
    this.at++;
    while (this.at < this.#text.length && this.#text.charAt(this.at) !== '"') {
      this.at += this.#text.charAt(this.at) === "\\" ? 2 : 1;
    }
    this.at++;
    return JSON.parse(this.#text.slice(start, this.at)) as string;
  }

  /** Past a value of any kind. */
  skip(): void {
    let depth = 0;
    do {
      const character = this.next();
      if (character === '"') this.string();
      else {
        if (character === "{" || character === "[") depth++;
        if (character === "}" || character === "]") depth--;
        this.at++;
        if (depth === 0 && !"}]".includes(character)) {
          while (/[\w.+-]/.test(this.#text.charAt(this.at))) this.at++;
        }
      }
    } while (depth > 0 && this.at < this.#text.length);
  }
}

function positionAt(text: string, at: number): Position {
  const before = text.slice(0, at);
  return { Line: before.split("\n").length, Column: at - before.lastIndexOf("\n") };
}

/** In the order of the statements. */
export function statementSpans(text: string): Span[] {
  const walker = new Walker(text);
  const spans: Span[] = [];
  const add = (): void => {
    const start = walker.at;
    walker.skip();
    spans.push({ start: positionAt(text, start), end: positionAt(text, walker.at) });
  };
  if (walker.next() !== "{") return spans;
  walker.at++;
  while (walker.next() === '"') {
    const member = walker.string();
    if (walker.next() === ":") walker.at++;
    if (member !== "Statement") walker.skip();
    else if (walker.next() === "[") {
      do {
        walker.at++;
        add();
      } while (walker.next() === ",");
      walker.at++;
    } else add();
    if (walker.next() === ",") walker.at++;
  }
  return spans;
}
