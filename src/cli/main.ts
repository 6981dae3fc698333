#!/usr/bin/env node
/** The command line. Loads the one command that is asked for: a region that starts is in a hurry. */

import * as nodeModule from "node:module";
import { InvalidConfig, readConfig, wantsColors } from "../config.ts";
import { parseArguments, type ParsedArguments } from "./arguments.ts";
import type { Invocation, Output, Result } from "./command.ts";
import { commands, findCommand } from "./commands.ts";
import { exitCodes, Failure, usage } from "./failure.ts";
import { styleFor } from "./text.ts";

async function main(words: readonly string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first === "--version" || first === "-v" || first === "version") return showVersion();
  if (first === "--help" || first === "-h" || first === "help") return help(rest[0]);
  // Without a command, options are those of `start`.
  const named = first !== undefined && !first.startsWith("-");
  const command = await findCommand(named ? first : "start");
  const parsed = parseArguments(command, named ? rest : words);
  if (parsed.values.has("help")) return help(command.name);
  const output = outputFor(words);
  const result = await command.run(invocation(parsed, output));
  if (result) show(result, output);
  return result?.exitCode ?? exitCodes.ok;
}

function invocation({ values, positionals }: ParsedArguments, output: Output): Invocation {
  return {
    config: readConfig(),
    positionals,
    output,
    has: (name) => values.has(name),
    text(name) {
      const value = values.get(name);
      return typeof value === "string" ? value : undefined;
    },
  };
}

function outputFor(words: readonly string[]): Output {
  const colors = process.stdout.isTTY && wantsColors();
  return {
    json: words.includes("--json"),
    style: styleFor(colors),
    write: (line) => void process.stdout.write(`${line}\n`),
  };
}

function show({ data, text }: Result, output: Output): void {
  if (output.json) return output.write(JSON.stringify(data, undefined, 2));
  const shown = typeof text === "string" ? text : text(output.style);
  if (shown !== "") output.write(shown);
}

async function showVersion(): Promise<number> {
  const { packageVersion } = await import("../local/version.ts");
  process.stdout.write(`${packageVersion()}\n`);
  return exitCodes.ok;
}

async function help(name: string | undefined): Promise<number> {
  const { commandHelp, generalHelp } = await import("./help.ts");
  if (name !== undefined) {
    process.stdout.write(`${commandHelp(await findCommand(name))}\n`);
    return exitCodes.ok;
  }
  const { packageVersion } = await import("../local/version.ts");
  const summaries = [...commands].map(([known, { summary }]) => [known, summary] as const);
  process.stdout.write(`${generalHelp(packageVersion(), summaries)}\n`);
  return exitCodes.ok;
}

/** Errors go to standard error, in the form that was asked for. */
function fail(cause: unknown, json: boolean): number {
  const failure =
    cause instanceof Failure
      ? cause
      : cause instanceof InvalidConfig
        ? usage(cause.message)
        : new Failure("failure", cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  const { exit, message, advice } = failure;
  const error = { code: exit, message, ...(advice !== undefined && { advice }) };
  const text = json
    ? JSON.stringify({ error }, undefined, 2)
    : `us-local-1: ${message}${advice === undefined ? "" : `\n${advice}`}`;
  process.stderr.write(`${text}\n`);
  return exitCodes[exit];
}

// Where Node.js can keep compiled code, from version 22.8 on, the next start is quicker.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

const words = process.argv.slice(2);
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
});
try {
  process.exitCode = await main(words);
} catch (cause) {
  process.exitCode = fail(cause, words.includes("--json"));
}
