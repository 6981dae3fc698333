/** A command is data and a handler. */

import type { Config } from "../config.ts";

export interface CommandOption {
  /** What the value is called in the help; absent for switches. */
  readonly value?: string;
  readonly description: string;
  readonly short?: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name: `advance <span>`. One line a form. */
  readonly forms: readonly string[];
  /** How many words may follow its name at most; default: none. */
  readonly wordsMax?: number;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Further lines of the help. */
  readonly notes?: readonly string[];
  run(invocation: Invocation): Promise<Result | undefined> | Result | undefined;
}

export interface Invocation {
  readonly config: Config;
  readonly positionals: readonly string[];
  /** The option's value; undefined when it was not given. */
  text(name: string): string | undefined;
  has(name: string): boolean;
  readonly output: Output;
}

export interface Output {
  readonly json: boolean;
  readonly style: Style;
  /** To standard output, at once: for what goes on. */
  write(line: string): void;
}

/** What a command found out: for programs, and for people. */
export interface Result {
  readonly data: unknown;
  readonly text: string | ((style: Style) => string);
  /** Default 0. */
  readonly exitCode?: number;
}

export interface Style {
  strong(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

/** Options that lead to a running region, of the commands that need one. */
export const regionOptions: Readonly<Record<string, CommandOption>> = {
  port: { value: "port", short: "p", description: "the region's port" },
  host: { value: "address", description: "the address that it listens on, with --port" },
  "data-dir": { value: "folder", description: "the region's data folder" },
};
