/** Walks the text of a JSON document that is known to be well-formed, for those who need its places. */
export class JsonWalker {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first character of what comes next. */
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

  /** Past an object, giving each member's value to `take`, which must go past it; past anything else. */
  object(take: (member: string) => void): void {
    if (this.next() !== "{") return this.skip();
    this.at++;
    while (this.next() === '"') {
      const member = this.string();
      if (this.next() === ":") this.at++;
      take(member);
      if (this.next() === ",") this.at++;
    }
    this.at++;
  }

  /** Past an array or a single value: policies write lists of one as they like. */
  each(take: () => void): void {
    if (this.next() !== "[") return take();
    this.at++;
    // Items begin right behind what comes before them.
    const begin = this.at;
    if (this.next() !== "]") {
      this.at = begin;
      do take();
      while (this.next() === "," && ++this.at);
    }
    this.at++;
  }
}
