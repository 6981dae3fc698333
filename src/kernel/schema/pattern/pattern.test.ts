import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { effort } from "../../../../test/effort.ts";
import { packageRoot } from "../../package-root.ts";
import { compilePattern } from "./pattern.ts";

/** Pattern, texts that match, texts that do not. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["[\\w+=,.@-]+", ["a", "A_9+=,.@-"], ["", "a b", "é", "a\n"]],
  ["^alias/[a-zA-Z0-9/_-]+$", ["alias/a"], ["alias/", "xalias/a", "alias/a\n"]],
  ["\\d{12}", ["123456789012"], ["12345678901", "1234567890123", "１23456789012"]],
  ["arn:aws:iam::\\d{12}:(?:role|user)/[\\w/]{1,64}",
    ["arn:aws:iam::123456789012:role/a"], ["arn:aws:iam::1:role/a"]],
  ["(a+)+", ["aaaa"], ["", "aab"]],
  ["(?!aws:)[a-z:]+", ["tag", "xaws:"], ["aws:tag"]],
  ["[0-9A-Za-z.]*(?<!\\.)", ["a.b", ""], ["a."]],
  ["^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", ["my-alias"], ["my--alias", "-a"]],
  ["(?i)all|[0-9]{12}", ["ALL", "all", "123456789012"], ["any"]],
  ["(?s).*", ["a\nb", ""], []],
  [".*", ["a", ""], ["a\nb"]],
  ["\\p{Print}+", ["a ~"], ["é", "\t"]],
  ["[\\p{Print}&&[^|:/]]+", ["a-b"], ["a|b", "a/b"]],
  ["\\p{L}+", ["aé漢𐐷"], ["a1"]],
  ["[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", ["a\t𐐷"], ["\u0001"]],
  ["[\\w-_.]*", ["a-_."], ["a/"]],
  ["\\A[0-9]{1,3}\\z", ["12"], ["12\n"]],
  [".{3}", ["𐐷𐐷𐐷"], ["𐐷𐐷"]],
];

test("patterns match whole texts, in Java's and in ECMAScript's syntax", () => {
  for (const [source, matching, others] of cases) {
    const pattern = compilePattern(source);
    assert.ok(pattern, source);
    for (const text of matching) assert.equal(pattern(text), true, `${source} ${JSON.stringify(text)}`);
    for (const text of others) assert.equal(pattern(text), false, `${source} ${JSON.stringify(text)}`);
  }
});

test("malformed patterns and patterns that refer to their groups are not run", () => {
  for (const source of ["(", "[z-a]", "a)", "(a)\\1", "\\p{NoSuchProperty}", "*a", "(a{1,999}){999}"]) {
    assert.equal(compilePattern(source), undefined, source);
  }
});

test("a text made to keep a backtracking engine busy is answered at once", () => {
  const hostile = `${"a".repeat(20_000)}!`;
  for (const source of ["(a+)+", "(a|a)*b", "(.*.*)*=", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?!x)(a*)*b"]) {
    const pattern = compilePattern(source);
    assert.ok(pattern, source);
    const before = effort();
    pattern(hostile);
    assert.ok(effort() - before < 2, source);
  }
});

test("nearly every pattern of AWS's models is run, and the same texts match as in ECMAScript", () => {
  const shared = join(packageRoot(), "..", "shared", "models", "aws");
  const folder = existsSync(shared) ? shared : join(packageRoot(), "models", "aws");
  const sources = new Set<string>();
  for (const file of readdirSync(folder)) {
    const { shapes } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      shapes: Record<string, { pattern?: string }>;
    };
    for (const { pattern } of Object.values(shapes)) if (pattern !== undefined) sources.add(pattern);
  }
  const skipped = [...sources].filter((source) => !compilePattern(source));
  assert.ok(skipped.length <= 3, `${skipped.length} of ${sources.size} are skipped: ${skipped.join("\n")}`);

  const texts = ["", "a", "A-1", "arn:aws:x", "x y", "a/b", "1234567890"];
  for (const source of sources) {
    const pattern = compilePattern(source);
    const expression = ecmaScript(source);
    if (!pattern || !expression) continue;
    const letters = source.replace(/\\[pPdwsSDW](\{[^}]*\})?|[\\^$()[\]{}|?*+]/g, "");
    for (const text of [...texts, letters.slice(0, 12), letters]) {
      assert.equal(pattern(text), expression.test(text), `${source} ${JSON.stringify(text)}`);
    }
  }
});

function ecmaScript(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`, "u");
  } catch {
    return undefined;
  }
}
