import type { LogLine } from "../local/log-buffer.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command } from "./command.ts";
import { usage } from "./failure.ts";

const logs: Command = {
  name: "logs",
  summary: "Shows the log of the running region: requests, init scripts, defects.",
  forms: ["[--follow] [--lines <count>]"],
  options: {
    ...regionOptions,
    follow: { short: "f", description: "go on showing lines as they come" },
    lines: { short: "n", value: "count", description: "begin with this many lines (100)" },
  },
  async run(invocation) {
    const { output, text, has } = invocation;
    const count = text("lines") ?? "100";
    if (!/^\d{1,6}$/.test(count)) throw usage(`--lines is a whole number; ${count} is not.`);
    const client = RegionClient.of(invocation);
    if (has("follow")) {
      const show = (line: string): void =>
        output.write(output.json ? line : lineText(JSON.parse(line) as LogLine));
      await client.lines(`/_local/v1/logs?follow=true&limit=${count}`, show);
      return undefined;
    }
    const data = await client.get<{ lines: LogLine[] }>(`/_local/v1/logs?limit=${count}`);
    return { data, text: data.lines.map(lineText).join("\n") };
  },
};
export default logs;

function lineText({ at, text }: LogLine): string {
  return `${new Date(at).toISOString()}  ${text}`;
}
