/** The files that tidy reads, and what its rules say of them. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly isCode: boolean;
  readonly isTest: boolean;
  readonly isGenerated: boolean;
  /** Code without comments. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Token[];
}

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  applies(file: SourceFile): boolean;
  check(file: SourceFile): Iterable<{ readonly line: number; readonly message: string }>;
}

/** Built, installed, or other people's: not ours to keep tidy. */
const SKIPPED_FOLDERS = /^(node_modules|dist.*|models|\..*|fixtures|__pycache__)$/;
const READ = /\.(ts|tsx|mts|mjs|js|css|html|md|json|yaml|yml|sh|py|tf)$/;
const CODE = /\.(ts|tsx|mts|mjs)$/;

export function readSources(root: string): SourceFile[] {
  const paths: string[] = [];
  collect(root, "", paths);
  return paths.sort().map((path) => sourceFile(path, readFileSync(join(root, path), "utf8")));
}

function collect(root: string, folder: string, paths: string[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED_FOLDERS.test(entry.name)) collect(root, path, paths);
    else if (entry.isFile() && READ.test(entry.name) && entry.name !== "package-lock.json") paths.push(path);
  }
}

export function sourceFile(path: string, text: string): SourceFile {
  const isCode = CODE.test(path);
  const isGenerated = path.startsWith("src/generated/");
  const tokens = isCode && !isGenerated ? tokenize(text) : [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return {
    path,
    text,
    lines,
    isCode,
    isTest: /(\.test|[-.]suite)\.m?ts$/.test(path) || path.startsWith("test/"),
    isGenerated,
    tokens: tokens.filter(({ kind }) => kind !== "comment"),
    comments: tokens.filter(({ kind }) => kind === "comment"),
  };
}

/** The text of a string token without its quotes. */
export function unquoted(token: Token): string {
  return token.text.slice(1, -1);
}
