import { globalOptions } from "./arguments.ts";
import type { Command, CommandOption } from "./command.ts";
import { columns } from "./text.ts";

export function commandHelp(command: Command): string {
  const forms = command.forms.map((form) => `  us-local-1 ${command.name} ${form}`.trimEnd());
  return [
    `${command.summary}`,
    "",
    "Usage",
    ...forms,
    "",
    "Options",
    columns(Object.entries({ ...command.options, ...globalOptions }).map(optionRow), "  "),
    ...(command.notes ? ["", ...command.notes] : []),
  ].join("\n");
}

function optionRow([name, { value, short, description }]: [string, CommandOption]): string[] {
  const letter = short === undefined ? "    " : `-${short}, `;
  return [`${letter}--${name}${value === undefined ? "" : ` <${value}>`}`, description];
}

export function generalHelp(version: string, summaries: readonly (readonly [string, string])[]): string {
  return [
    `us-local-1 ${version}: an AWS region that runs on your own machine.`,
    "",
    "Usage",
    "  us-local-1 [command] [options]",
    "",
    "Commands",
    columns(summaries, "  "),
    "",
    "us-local-1 <command> --help says more. With --json, every command answers in JSON.",
  ].join("\n");
}
