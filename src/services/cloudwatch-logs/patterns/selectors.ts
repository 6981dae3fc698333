/** Where in a JSON event a value is: `$.user.roles[0]`, `$.["a b"]`, `$.items[*].id`. */

import { invalidPattern } from "./invalid.ts";
import { Scanner } from "./scanner.ts";

type Part = string | number | "[*]";

export interface Selector {
  readonly text: string;
  readonly parts: readonly { readonly key: Part; readonly isIndex: boolean }[];
}

const nameForm = /[^\s.[\](){}=!<>&|,"']+/y;

function bracketed(scanner: Scanner): Selector["parts"][number] {
  if (scanner.skip("*")) {
    scanner.require("]");
    return { key: "[*]", isIndex: true };
  }
  const index = scanner.find(/\d+(?=\s*\])/y);
  if (index !== undefined) {
    scanner.require("]");
    return { key: Number(index), isIndex: true };
  }
  const name = scanner.sees('"') ? scanner.quoted()
    : (scanner.find(/'[^']*'/y)?.slice(1, -1) ?? scanner.find(/[^\]]+/y));
  if (name === undefined) throw invalidPattern();
  scanner.require("]");
  return { key: name, isIndex: false };
}

export function parseSelector(scanner: Scanner): Selector {
  scanner.skipSpaces();
  const start = scanner.at;
  if (scanner.find(/\$/y) === undefined) throw invalidPattern();
  const parts: Selector["parts"][number][] = [];
  for (;;) {
    if (scanner.find(/\[/y) !== undefined) {
      parts.push(bracketed(scanner));
    } else if (scanner.find(/\./y) !== undefined) {
      if (scanner.text[scanner.at] === "[") continue;
      const name = scanner.text[scanner.at] === '"' ? scanner.quoted() : scanner.find(nameForm);
      if (name === undefined) throw invalidPattern();
      parts.push({ key: name, isIndex: false });
    } else {
      break;
    }
  }
  if (parts.length === 0) throw invalidPattern();
  return { text: scanner.text.slice(start, scanner.at), parts };
}

function memberOf(value: unknown, key: Part, isIndex: boolean): unknown {
  if (Array.isArray(value)) return isIndex ? (value as unknown[])[key as number] : undefined;
  if (typeof value !== "object" || value === null || isIndex || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** Every value that a selector finds; `[*]` finds several. */
export function select(root: unknown, { parts }: Selector): unknown[] {
  if (!parts.some(({ key, isIndex }) => isIndex && key === "[*]")) {
    let value = root;
    for (const { key, isIndex } of parts) value = memberOf(value, key, isIndex);
    return value === undefined ? [] : [value];
  }
  let found: unknown[] = [root];
  for (const { key, isIndex } of parts) {
    found = found.flatMap((value) => {
      if (key === "[*]" && isIndex) return Array.isArray(value) ? (value as unknown[]) : [];
      const member = memberOf(value, key, isIndex);
      return member === undefined ? [] : [member];
    });
  }
  return found;
}

/** A selector that stands by itself: `$.size`, `$bytes`. Undefined when it is none. */
export function readSelector(text: string): Selector | undefined {
  if (/^\$[A-Za-z_0-9][\w.-]*$/.test(text)) return { text, parts: [] };
  try {
    const scanner = new Scanner(text);
    const selector = parseSelector(scanner);
    return scanner.isAtEnd ? selector : undefined;
  } catch {
    return undefined;
  }
}
