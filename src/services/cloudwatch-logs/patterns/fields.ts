/**
 * Patterns of events whose fields stand between spaces: `[ip, user, ..., status = 4*, bytes > 1000]`. What
 * stands in brackets or quotes is one field.
 *
 * @evidence CloudWatch Logs User Guide, "Using filter patterns to match terms in space-delimited log events"
 */

import { testOf, type Test } from "./conditions.ts";
import type { Matcher } from "./filter-pattern.ts";
import { invalidPattern } from "./invalid.ts";
import type { Scanner } from "./scanner.ts";

interface Field {
  /** Undefined for the fields that `...` stands for. */
  readonly name: string | undefined;
  readonly holds: Test;
}

const always: Test = () => true;
const nameForm = /[A-Za-z_][\w.-]*/y;
const operandForm = /(?:(?!&&|\|\|)[^\s,()\]"])+/y;

class FieldsPattern {
  readonly #scanner: Scanner;
  /** A condition of the next field follows, joined by `&&`. */
  #goesOn = false;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  parse(): (Field | "...")[] {
    const scanner = this.#scanner;
    scanner.require("[");
    const fields: (Field | "...")[] = [];
    do fields.push(this.#field());
    while (this.#isJoined() || scanner.skip(","));
    scanner.require("]");
    scanner.skipSpaces();
    if (!scanner.isAtEnd || fields.filter((field) => field === "...").length > 1) throw invalidPattern();
    return fields;
  }

  /**
   * @evidence CloudWatch Logs User Guide, "Extract values from space-delimited log events": `[ip, user,
   *   username, timestamp, request, status_code = 4* && bytes > 1000]` for lines of seven fields
   */
  #isJoined(): boolean {
    const isJoined = this.#goesOn;
    this.#goesOn = false;
    return isJoined;
  }

  #field(): Field | "..." {
    const scanner = this.#scanner;
    if (scanner.skip("...")) return "...";
    if (scanner.sees(",") || scanner.sees("]")) return { name: undefined, holds: always };
    const start = scanner.at;
    while (scanner.skip("("));
    const name = scanner.find(nameForm);
    if (name === undefined) throw invalidPattern();
    scanner.skipSpaces();
    if (scanner.sees(",") || scanner.sees("]")) return { name, holds: always };
    scanner.at = start;
    return { name, holds: this.#either(name, true) };
  }

  #either(name: string, isOutermost: boolean): Test {
    const parts = [this.#both(name, isOutermost)];
    while (!this.#goesOn && this.#scanner.skip("||")) parts.push(this.#both(name, isOutermost));
    // Only one of several would be of the next field, too.
    if (this.#goesOn && parts.length > 1) throw invalidPattern();
    return (value) => parts.some((holds) => holds(value));
  }

  #both(name: string, isOutermost: boolean): Test {
    const parts = [this.#one(name)];
    while (this.#scanner.skip("&&")) {
      this.#goesOn = isOutermost && this.#seesAnother(name);
      if (this.#goesOn) break;
      parts.push(this.#one(name));
    }
    return (value) => parts.every((holds) => holds(value));
  }

  #seesAnother(name: string): boolean {
    const scanner = this.#scanner;
    scanner.skipSpaces();
    const start = scanner.at;
    const found = scanner.find(nameForm);
    scanner.at = start;
    return found !== undefined && found !== name;
  }

  /** Conditions that are not joined to the next field's are of the same one. */
  #one(name: string): Test {
    const scanner = this.#scanner;
    if (scanner.skip("(")) {
      const holds = this.#either(name, false);
      scanner.require(")");
      return holds;
    }
    scanner.skipSpaces();
    if (scanner.find(nameForm) !== name) throw invalidPattern();
    const comparison = scanner.comparison();
    if (comparison === undefined) throw invalidPattern();
    return testOf(comparison, scanner.operand(operandForm));
  }
}

const closing: Readonly<Record<string, string>> = { '"': '"', "[": "]" };

export function splitFields(text: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    const close = closing[text[at] as string];
    const end = close === undefined ? -1 : text.indexOf(close, at + 1);
    if (end !== -1) {
      fields.push(text.slice(at + 1, end));
      at = end + 1;
    } else {
      const next = /\s/.exec(text.slice(at))?.index;
      const stop = next === undefined ? text.length : at + next;
      fields.push(text.slice(at, stop));
      at = stop;
    }
  }
  return fields;
}

/** The fields that stand for those of an event with so many; undefined when it has too few or too many. */
function aligned(fields: readonly (Field | "...")[], count: number): readonly Field[] | undefined {
  const gap = fields.indexOf("...");
  if (gap === -1) return fields.length === count ? (fields as Field[]) : undefined;
  const left = count - (fields.length - 1);
  if (left < 0) return undefined;
  const unnamed: Field[] = new Array<Field>(left).fill({ name: undefined, holds: always });
  return [...fields.slice(0, gap), ...unnamed, ...fields.slice(gap + 1)] as Field[];
}

export function parseFields(scanner: Scanner): Matcher {
  const fields = new FieldsPattern(scanner).parse();
  return (text) => {
    const values = splitFields(text);
    const row = aligned(fields, values.length);
    if (!row?.every(({ holds }, index) => holds(values[index]))) return undefined;
    const named = new Map(row.map(({ name }, index) => [`$${name ?? index + 1}`, values[index] ?? ""]));
    return { values: () => Object.fromEntries(named), valueOf: ({ text: name }) => named.get(name) };
  };
}
