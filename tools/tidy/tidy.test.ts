import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { effort } from "../../test/effort.ts";
import { check, tidy } from "../tidy.ts";
import { parseDebt, withoutDebt } from "./debt.ts";
import { functions } from "./limits.ts";
import { sourceFile } from "./source.ts";
import { tokenize } from "./tokens.ts";

/** What is said of one file: `line rule`. */
function said(path: string, text: string, claims?: ReadonlySet<string>): string[] {
  return check([sourceFile(path, text)], claims).map(({ line, rule }) => `${line} ${rule}`);
}

const src = "src/kernel/thing.ts";

test("strings, templates, comments and patterns are not code", () => {
  const text = [
    "// any Math.random() x!",
    "/* setTimeout */ const a = 'Date.now()';",
    "const b = `any ${c.d} process.env`;",
    "const e = /any|Math.random(\\/[/]x!)/u.test(f);",
    "const g = h / 2 + any2 / i;",
  ].join("\n");
  assert.deepEqual(said(src, text), []);
});

test("code inside a template is code", () => {
  assert.deepEqual(said(src, "const a = `x ${Math.random()} ${`${Date.now()}`}`;\nlet b: any;"), [
    "1 ambient", "1 ambient", "2 no-any",
  ]);
});

test("an unterminated comment, string or template ends with the file", () => {
  for (const text of ["/* never", "'never", "`never ${", "`", "/[never"]) {
    assert.ok(tokenize(text).length > 0);
  }
});

test("files, functions and lines have limits", () => {
  assert.deepEqual(said(src, "a();\n".repeat(400)), []);
  assert.deepEqual(said(src, "a();\n".repeat(401)), ["401 file-length"]);
  assert.deepEqual(said(src, `// ${"x".repeat(107)}\n// ${"é".repeat(108)}`), ["2 line-length"]);
  const body = "  a();\n".repeat(69);
  for (const [open, close] of [
    ["function f(): { a: string } {", "}"],
    ["const f = async (x: number): Promise<void> => {", "};"],
    ["class A { m<T>(x: T): x is T & { y: 1 } {", "} }"],
    ["const o = { run(input, ctx) {", "} };"],
  ]) {
    assert.deepEqual(said(src, `${open ?? ""}\n${body}${close ?? ""}`), ["1 function-length"], open);
    assert.deepEqual(said(src, `${open ?? ""}\n${body.slice(7)}${close ?? ""}`), [], open);
    assert.deepEqual(said("src/kernel/thing.test.ts", `${open ?? ""}\n${body}${close ?? ""}`), [], open);
  }
});

test("blocks, classes and calls are not functions", () => {
  const text =
    "if (a(b)) { c(); }\nfor (const d of e()) {}\nclass F extends G(H) {}\n" +
    "switch (i()) { case j(): { k(); } }";
  assert.equal(functions(sourceFile(src, text)).length, 0);
});

test("ways around the type checker are refused", () => {
  assert.deepEqual(said(src, "const a: any = b as any;"), ["1 no-any", "1 no-any"]);
  assert.deepEqual(said(src, "a.any(b); const c = { any: 1 };"), []);
  const ignored = "// @ts-ignore\n// @ts-expect-error\n// @ts-expect-error the type is wrong on purpose";
  assert.deepEqual(said(src, ignored), ["1 no-ts-ignore", "2 no-ts-ignore"]);
  assert.deepEqual(said(src, "a!.b; c()![0]; if (!d && e !== f) {}"), ["1 non-null", "1 non-null"]);
  assert.deepEqual(said(src, "// The key was put above.\na!.b;\nc!.d; // It is never empty."), []);
});

test("a service imports the kernel and its own folder only", () => {
  const text = [
    'import { a } from "../../kernel/arn.ts";',
    'import type { b } from "../../store/types.ts";',
    'import { c } from "./queues.ts";',
    'import { d } from "node:crypto";',
    'import { e } from "../sns/topics.ts";',
    'import type { f } from "../../kernel/protocol/protocol.ts";',
    'import { g } from "../../store/engine.ts";',
    'const h = await import("../../gateway.ts");',
  ].join("\n");
  const expected = ["5 imports", "6 imports", "7 imports", "8 imports"];
  assert.deepEqual(said("src/services/sqs/queues.ts", text), expected);
  assert.deepEqual(said("src/services/sqs/queues.test.ts", text), []);
});

test("the kernel imports no service, and iam nothing that acts", () => {
  assert.deepEqual(said(src, 'import { a } from "../services/sqs/queues.ts";'), ["1 imports"]);
  const text = 'import { a } from "node:fs";\nimport { b } from "./parse.ts";';
  assert.deepEqual(said("src/iam/decide.ts", text), ["1 imports"]);
});

test("a service other than S3 knows no wire", () => {
  const text = 'const a = { statusCode: 1 };\nconst b = "x-amz-id-2";\nconst c = `<Name>${d}</Name>`;';
  assert.deepEqual(said("src/services/sqs/queues.ts", text), ["1 wire", "2 wire", "3 wire"]);
  assert.deepEqual(said("src/services/s3/objects.ts", text), []);
});

test("time, chance and the environment are reached for only where the design puts them", () => {
  const text =
    'Date.now();\nnew Date();\nnew Date(0);\nsetTimeout(a);\nprocess.env["A"];\n' +
    "globalThis.setInterval(a);";
  const expected = ["1 ambient", "2 ambient", "4 ambient", "5 ambient", "6 ambient"];
  assert.deepEqual(said(src, text), expected);
  assert.deepEqual(said("src/kernel/clock.ts", text), ["5 ambient"]);
  assert.deepEqual(said("src/config.ts", 'process.env["A"];'), []);
  const random =
    'import { createHash, randomBytes } from "node:crypto";\nrandomBytes(1);\ncrypto.randomUUID();';
  assert.deepEqual(said(src, random), ["1 ambient", "3 ambient"]);
  assert.deepEqual(said(src, "function seal(randomBytes: Chance): void { randomBytes(1); }"), []);
});

test("files are not called utils, and folders of one machine stay out", () => {
  assert.deepEqual(said("src/kernel/utils.ts", ""), ["1 file-name"]);
  assert.deepEqual(said("src/common/a.ts", ""), ["1 file-name"]);
  assert.deepEqual(said("src/kernel/utilization.ts", ""), []);
  assert.deepEqual(said("docs/a.md", `one\nsee ${["", "home", "ana", "src"].join("/")}`), ["2 words"]);
});

test("a test named after a claim names one that exists", () => {
  const text =
    'test("s3-a-b: holds", () => {});\ntest("s3-c: holds", () => {});\n' +
    'test("a sentence: holds", () => {});';
  assert.deepEqual(said("src/kernel/thing.test.ts", text, new Set(["s3-a-b"])), ["2 test-name"]);
  assert.deepEqual(said("src/kernel/thing.test.ts", text), []);
});

test("a generated file that was edited shows", () => {
  const content = "export const a = 1;\n";
  const hash = createHash("sha256").update(content).digest("hex");
  const header = `// @generated by tools/compile-models from sha256:${"0".repeat(64)}\n`;
  const text = `${header}// content sha256:${hash}\n`;
  assert.deepEqual(said("src/generated/a.ts", text + content), []);
  assert.deepEqual(said("src/generated/a.ts", `${text}${content}let b: any;\n`), ["2 generated"]);
  assert.deepEqual(said("src/generated/a.ts", header + content), ["2 generated"]);
  assert.deepEqual(said("src/generated/a.ts", content), ["1 generated"]);
});

test("debt may be owed, may not grow, and must be lowered when it shrinks", () => {
  const violations = check([sourceFile(src, "const a: any = b as any;")], undefined);
  const left = (count: number): string[] =>
    withoutDebt(violations, { "no-any": { [src]: count } }).map(({ rule, message }) => `${rule} ${message}`);
  assert.deepEqual(left(2), []);
  assert.equal(left(1).length, 2);
  assert.deepEqual(left(3), [`debt no-any in ${src}: 2 left of 3, lower it`]);
  assert.deepEqual(
    withoutDebt([], { wire: { "src/gone.ts": 1 } }).map(({ message }) => message),
    ["wire in src/gone.ts: 0 left of 1, lower it"],
  );
  assert.throws(() => parseDebt('{"no-any":{"a":0}}'), TypeError);
});

test("a tree is read without what is built or installed, and quickly", () => {
  const root = mkdtempSync(join(tmpdir(), "tidy-"));
  try {
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    put("node_modules/a/utils.ts", "let a: any;");
    put("dist/utils.ts", "let a: any;");
    const text = "export function f(a: string): string {\n  return `${a}!`.replace(/x/g, '');\n}\n"
      .repeat(60);
    for (let index = 0; index < 500; index++) put(`src/kernel/part${index % 20}/file${index}.ts`, text);
    put("src/kernel/bad.ts", "let a: any;");
    const before = effort();
    const found = tidy(root).map(({ file, line, rule }) => `${file}:${line} ${rule}`);
    assert.deepEqual(found, ["src/kernel/bad.ts:1 no-any"]);
    assert.ok(effort() - before < 2);
  } finally {
    rmSync(root, { recursive: true });
  }
});
