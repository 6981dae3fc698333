import { formatDuration } from "../local/duration.ts";
import type { RegionStatus } from "../local/region-routes.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Style } from "./command.ts";
import { columns, size } from "./text.ts";

const status: Command = {
  name: "status",
  summary: "Shows the running region.",
  forms: ["[options]"],
  options: regionOptions,
  async run(invocation) {
    const data = await RegionClient.of(invocation).get<RegionStatus>("/_local/v1/status");
    return { data, text: (style) => statusText(data, style) };
  },
};
export default status;

function statusText(status: RegionStatus, style: Style): string {
  const { data, clock, services } = status;
  const scripts = status.initScripts.map(({ stage, name, state, reason }) => {
    const outcome = state === "ERROR" ? style.bad(`failed: ${reason ?? ""}`) : state.toLowerCase();
    return ["", `${stage.toLowerCase()} ${name}: ${outcome}`];
  });
  return columns([
    ["endpoint", style.strong(status.endpoint)],
    ["version", status.version],
    [
      "process",
      `${status.pid}, for ${formatDuration(status.uptimeSeconds * 1_000)}, ${size(status.memoryBytes)}`,
    ],
    ["data", `${data.folder} (${data.ephemeral ? "deleted at the end" : data.durability})`],
    ["clock", `${clock.now}, ${clock.mode}${clock.mode === "scaled" ? ` ${clock.factor}x` : ""}`],
    ["services", `${services.built}; in use: ${services.loaded.join(", ") || "none"}`],
    ...(scripts.length > 0 ? [["init", ""], ...scripts] : []),
    ...(status.defects > 0 ? [["defects", style.bad(`${status.defects}: see us-local-1 logs`)]] : []),
  ]);
}
