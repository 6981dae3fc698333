import type { ScrubReport } from "../local/region-routes.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command } from "./command.ts";

const scrub: Command = {
  name: "scrub",
  summary: "Reads all stored bodies of the running region again, and lists those that are damaged.",
  forms: ["[options]"],
  options: regionOptions,
  async run(invocation) {
    const data = (await RegionClient.of(invocation).post("/_local/v1/scrub")) as ScrubReport;
    const { checked, damaged } = data;
    const lines = damaged.map(({ of, damage }) => `${of} ${damage}`);
    return { data, text: [`${checked} bodies read, ${damaged.length} damaged.`, ...lines].join("\n") };
  },
};
export default scrub;
