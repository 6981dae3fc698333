/** The words after a command's name, told apart by what the command declares. */

import { parseArgs } from "node:util";
import type { Command, CommandOption } from "./command.ts";
import { usage } from "./failure.ts";

export interface ParsedArguments {
  readonly values: ReadonlyMap<string, string | true>;
  readonly positionals: readonly string[];
}

/** Every command has these. */
export const globalOptions: Readonly<Record<string, CommandOption>> = {
  json: { description: "answer in JSON" },
  help: { short: "h", description: "show this" },
};

/** @throws Failure usage */
export function parseArguments(command: Command, words: readonly string[]): ParsedArguments {
  const declared = { ...command.options, ...globalOptions };
  const options = Object.fromEntries(
    Object.entries(declared).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        ...(short !== undefined && { short }),
      },
    ]),
  );
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(declared, token.name) ? declared[token.name] : undefined;
    if (!option) throw unknownOption(command, token.rawName, Object.keys(declared));
    if (option.value === undefined) {
      if (token.value !== undefined) throw usage(`--${token.name} takes no value.`);
      values.set(token.name, true);
    } else {
      if (token.value === undefined || (token.value.startsWith("-") && !token.inlineValue)) {
        throw usage(`--${token.name} needs a value: --${token.name} <${option.value}>.`);
      }
      // A variable of a script that is not set is a mistake, and no name of a folder or a port.
      if (token.value === "") throw usage(`--${token.name} is empty.`);
      values.set(token.name, token.value);
    }
  }
  const surplus = positionals[command.wordsMax ?? 0];
  if (surplus !== undefined && !values.has("help")) throw usage(`${command.name} takes no ${surplus}.`);
  return { values, positionals };
}

function unknownOption(command: Command, given: string, names: readonly string[]) {
  const near = nearest(given.replace(/^-+/, ""), names);
  const advice =
    near === undefined ? `us-local-1 ${command.name} --help lists its options.` : `Did you mean --${near}?`;
  return usage(`us-local-1 ${command.name} has no option ${given}.`, advice);
}

/** The name that is at most two letters away, and fewer than any other. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const name of names) {
    const difference = distance(given, name);
    if (difference < least) {
      least = difference;
      best = name;
    }
  }
  return best;
}

/** Levenshtein's. */
function distance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 3;
}
