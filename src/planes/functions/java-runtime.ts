/**
 * Lambda's Java runtime, compiled by the JDK of this machine when a function in Java is first run, and kept.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { CannotRun } from "./contract.ts";
import type { Program } from "./programs.ts";

const compiling = new Map<string, Promise<string>>();

/** The compiler that came with this `java`. A runtime environment alone has none. */
export function compilerOf(program: Program): string | undefined {
  const path = join(dirname(program.path), "javac");
  return existsSync(path) ? path : undefined;
}

/** A folder of classes. @param folder where it may be kept @throws CannotRun */
export async function javaClasses(program: Program, folder: string): Promise<string> {
  const sources = join(packageRoot(), "runtimes", "java", "src");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".java"))
    .sort()
    .map((name) => join(sources, name));
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  const classes = join(folder, "java", hash.digest("hex").slice(0, 16));
  if (existsSync(classes)) return classes;
  let work = compiling.get(classes);
  if (!work) compiling.set(classes, (work = compile(program, files, classes)));
  try {
    return await work;
  } finally {
    compiling.delete(classes);
  }
}

async function compile(program: Program, files: readonly string[], classes: string): Promise<string> {
  const compiler = compilerOf(program);
  if (compiler === undefined) {
    throw new CannotRun("runtime-unavailable", "Functions in Java need a JDK: there is java, but no javac");
  }
  await mkdir(dirname(classes), { recursive: true });
  const draft = await mkdtemp(`${classes}-`);
  const failure = await new Promise<string | undefined>((resolve) => {
    execFile(compiler, ["--release", "11", "-d", draft, ...files], { env: {} }, (error, _out, stderr) =>
      resolve(error ? stderr || error.message : undefined),
    );
  });
  if (failure !== undefined) {
    await rm(draft, { recursive: true, force: true });
    throw new CannotRun("runtime-unavailable", `The Java runtime can't be compiled: ${failure}`);
  }
  // Another region may have been faster.
  await rename(draft, classes).catch(() => rm(draft, { recursive: true, force: true }));
  return classes;
}
