/**
 * A reader of XML documents for requests, and escaping for answers. Strict, and without anything that
 * expands.
 */

export interface XmlElement {
  /** The local name: AWS's services do not tell namespaces apart. */
  readonly name: string;
  /** By name as written, prefix included. */
  readonly attributes: ReadonlyMap<string, string> | undefined;
  readonly children: XmlElement[];
  text: string;
}

/**
 * The document is not well-formed, or uses what is refused: document types, foreign entities, deep nesting.
 */
export class XmlError extends Error {}

const depthMax = 100;
const attributesMax = 64;

/** @throws XmlError */
export function parseXml(text: string): XmlElement {
  return new XmlReader(text).document();
}

class XmlReader {
  readonly #text: string;
  readonly #name = /[A-Za-z_:\u0080-\uffff][\w:.\-\u0080-\uffff]*/y;
  readonly #space = /[ \t\r\n]*/y;
  #at = 0;

  constructor(text: string) {
    this.#text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  document(): XmlElement {
    const open: { readonly element: XmlElement; readonly tag: string }[] = [];
    let root: XmlElement | undefined;
    while (this.#at < this.#text.length) {
      const current = open.at(-1)?.element;
      const next = this.#text.indexOf("<", this.#at);
      this.#characters(current, next < 0 ? this.#text.length : next);
      if (next < 0) break;
      const second = this.#text.charCodeAt(next + 1);
      if (second === 0x2f) {
        this.#close(open.pop()?.tag);
      } else if (second === 0x3f) {
        this.#skip("?>");
      } else if (second === 0x21) {
        this.#declaration(current);
      } else {
        if (root && !current) throw new XmlError("A document has one root element.");
        const { element, tag, empty } = this.#open();
        current?.children.push(element);
        root ??= element;
        if (!empty) open.push({ element, tag });
        if (open.length > depthMax) throw new XmlError("The document is nested too deeply.");
      }
    }
    if (!root || open.length > 0) throw new XmlError("The document ends early.");
    return root;
  }

  #characters(current: XmlElement | undefined, end: number): void {
    if (end === this.#at) return;
    const raw = this.#text.slice(this.#at, end);
    this.#at = end;
    if (current) current.text += decodeText(raw);
    else if (/[^ \t\r\n]/.test(raw)) throw new XmlError("There is text outside of the root element.");
  }

  #open(): { readonly element: XmlElement; readonly tag: string; readonly empty: boolean } {
    this.#at += 1;
    const tag = this.#readName();
    let attributes: Map<string, string> | undefined;
    for (;;) {
      const spaced = this.#skipSpace();
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x3e || code === 0x2f) break;
      if (!spaced) throw new XmlError("A tag is malformed.");
      attributes ??= new Map();
      this.#attribute(attributes);
    }
    const empty = this.#text[this.#at] === "/";
    if (empty) this.#at += 1;
    if (this.#text[this.#at] !== ">") throw new XmlError("A tag is malformed.");
    this.#at += 1;
    const name = tag.slice(tag.indexOf(":") + 1);
    return { element: { name, attributes, children: [], text: "" }, tag, empty };
  }

  #attribute(attributes: Map<string, string>): void {
    const name = this.#readName();
    this.#skipSpace();
    if (this.#text[this.#at] !== "=") throw new XmlError("An attribute has no value.");
    this.#at += 1;
    this.#skipSpace();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw new XmlError("An attribute's value has no quotes.");
    const end = this.#text.indexOf(quote, this.#at + 1);
    const raw = end < 0 ? "<" : this.#text.slice(this.#at + 1, end);
    if (raw.includes("<")) throw new XmlError("An attribute's value is malformed.");
    if (attributes.has(name) || attributes.size >= attributesMax) {
      throw new XmlError("An attribute is repeated.");
    }
    attributes.set(name, decodeText(raw));
    this.#at = end + 1;
  }

  #close(tag: string | undefined): void {
    this.#at += 2;
    if (tag === undefined || this.#readName() !== tag) throw new XmlError("An end tag has no start tag.");
    this.#skipSpace();
    if (this.#text[this.#at] !== ">") throw new XmlError("An end tag is malformed.");
    this.#at += 1;
  }

  /**
   * A comment or a section of plain characters. Document types are refused: they are what entities come from.
   */
  #declaration(current: XmlElement | undefined): void {
    if (this.#text.startsWith("<!--", this.#at)) {
      this.#at += 4;
      this.#skip("-->");
    } else if (current && this.#text.startsWith("<![CDATA[", this.#at)) {
      const start = this.#at + 9;
      this.#skip("]]>");
      current.text += this.#text.slice(start, this.#at - 3);
    } else throw new XmlError("Document types are not accepted.");
  }

  #skip(end: string): void {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) throw new XmlError("The document ends early.");
    this.#at = found + end.length;
  }

  #readName(): string {
    this.#name.lastIndex = this.#at;
    const found = this.#name.exec(this.#text)?.[0];
    if (found === undefined) throw new XmlError("A name is malformed.");
    this.#at += found.length;
    return found;
  }

  #skipSpace(): boolean {
    this.#space.lastIndex = this.#at;
    const length = this.#space.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }
}

const entities: ReadonlyMap<string, string> = new Map([
  ["lt", "<"], ["gt", ">"], ["amp", "&"], ["quot", '"'], ["apos", "'"],
]);

function decodeText(raw: string): string {
  const lines = raw.includes("\r") ? raw.replace(/\r\n?/g, "\n") : raw;
  if (!lines.includes("&")) return lines;
  return lines.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const known = whole.endsWith(";") ? (entities.get(name) ?? characterOf(name)) : undefined;
    if (known === undefined) throw new XmlError("An entity is not known.");
    return known;
  });
}

function characterOf(name: string): string | undefined {
  const found = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
  if (!found) return undefined;
  const code = found[1] !== undefined ? parseInt(found[1], 16) : Number(found[2]);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code === 0 || code > 0x10ffff || surrogate ? undefined : String.fromCodePoint(code);
}

const special = /[&<>"\r\u0085\u2028\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const specials = new RegExp(special.source, "g");

/** Text fit for an element or a quoted attribute; what XML cannot carry at all is written as a reference. */
export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(specials, escapeCharacter) : text;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "&": return "&amp;";
    case "<": return "&lt;";
    case ">": return "&gt;";
    case '"': return "&quot;";
    default: return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  }
}

export const xmlProlog = '<?xml version="1.0" encoding="UTF-8"?>\n';
