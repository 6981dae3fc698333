/**
 * Checks the rules of style that a machine can check. Prints one line a violation; exits 1 when there is
 * one.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ambient } from "./tidy/ambient.ts";
import { imports, wire } from "./tidy/boundaries.ts";
import { DEBT_FILE, parseDebt, withoutDebt } from "./tidy/debt.ts";
import { fileLength, functionLength, lineLength } from "./tidy/limits.ts";
import { readSources } from "./tidy/source.ts";
import type { Rule, SourceFile, Violation } from "./tidy/source.ts";
import { fileNames, generated, readClaims, testNames, words } from "./tidy/texts.ts";
import { noAny, noIgnore, nonNull } from "./tidy/types.ts";

const RULES: readonly Rule[] = [
  fileLength, functionLength, lineLength, noAny, noIgnore, nonNull, imports, wire, ambient,
  fileNames, words, generated,
];

/** Every violation in these files, debt included, in the order of files and lines. */
export function check(files: readonly SourceFile[], claims: ReadonlySet<string> | undefined): Violation[] {
  const rules = [...RULES, testNames(claims)];
  return files.flatMap((file) => {
    const found: Violation[] = [];
    for (const rule of rules) {
      if (!rule.applies(file)) continue;
      const where = { file: file.path, rule: rule.name };
      for (const violation of rule.check(file)) found.push({ ...where, ...violation });
    }
    return found.sort((left, right) => left.line - right.line);
  });
}

/** What is wrong with the tree at `root`, known debt left out. */
export function tidy(root: string): Violation[] {
  const debt = join(root, DEBT_FILE);
  const violations = check(readSources(root), readClaims(root));
  return withoutDebt(violations, existsSync(debt) ? parseDebt(readFileSync(debt, "utf8")) : {});
}

function main(): void {
  const root = process.argv[2] ?? repositoryRoot();
  const violations = tidy(root);
  for (const { file, line, rule, message } of violations) console.log(`${file}:${line} ${rule} ${message}`);
  if (violations.length > 0) process.exitCode = 1;
}

/** The nearest folder above this file that has both a package.json and sources. */
function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) || !existsSync(join(folder, "src"))) {
    if (dirname(folder) === folder) throw new Error("no package.json above tools/tidy");
    folder = dirname(folder);
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
