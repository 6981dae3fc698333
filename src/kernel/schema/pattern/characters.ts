/**
 * Sets of characters as the patterns of AWS's models write them: a mixture of Java's and ECMAScript's
 * syntax.
 */

/** One position of a pattern: which code points may stand there. */
export interface CharacterSet {
  has(codePoint: number): boolean;
}

/** Java's POSIX classes know ASCII only; properties that are not listed mean the same in ECMAScript. */
const JAVA_PROPERTIES: Readonly<Record<string, string>> = {
  Lower: "[a-z]",
  Upper: "[A-Z]",
  Alpha: "[a-zA-Z]",
  Digit: "[0-9]",
  Alnum: "[0-9a-zA-Z]",
  Punct: "[!-\\/\\:-@\\[-`\\{-~]",
  Graph: "[!-~]",
  Print: "[ -~]",
  Blank: "[ \\t]",
  Cntrl: "[\\x00-\\x1f\\x7f]",
  XDigit: "[0-9a-fA-F]",
  Space: "[ \\t-\\r]",
  IsWhitespace: "[\\p{White_Space}]",
};

/** What `\d`, `\w` and `\s` mean in Java, which is narrower than in ECMAScript for `\s`. */
const CLASS_ESCAPES: Readonly<Record<string, string>> = {
  d: "[0-9]", D: "[^0-9]", w: "[0-9A-Za-z_]", W: "[^0-9A-Za-z_]", s: "[ \\t-\\r]", S: "[^ \\t-\\r]",
};

/** Everything but line terminators. */
export const DOT_SOURCE = "[^\\n\\r\\x85\\u2028\\u2029]";
export const ANY_SOURCE = "[\\p{Any}]";

export function classEscape(letter: string): string | undefined {
  return Object.hasOwn(CLASS_ESCAPES, letter) ? CLASS_ESCAPES[letter] : undefined;
}

export function property(name: string, negated: boolean): string {
  const java = Object.hasOwn(JAVA_PROPERTIES, name) ? JAVA_PROPERTIES[name] : undefined;
  const source = java ?? `[\\p{${name}}]`;
  return negated ? `[^${source}]` : source;
}

export function literal(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`;
}

/**
 * ASCII membership is a table; other code points ask the engine. One position looks at one code point, so
 * that no backtracking can happen here.
 *
 * @throws SyntaxError for a property that ECMAScript does not know
 */
export function characterSet(source: string, ignoreCase: boolean): CharacterSet {
  const expression = new RegExp(`^${source}$`, ignoreCase ? "vi" : "v");
  const ascii = new Uint8Array(128);
  for (let code = 0; code < 128; code++) ascii[code] = expression.test(String.fromCharCode(code)) ? 1 : 0;
  return {
    has: (codePoint) =>
      codePoint < 128 ? ascii[codePoint] === 1 : expression.test(String.fromCodePoint(codePoint)),
  };
}
