import { RegionClient } from "./client.ts";
import { regionOptions, type Command } from "./command.ts";

const reset: Command = {
  name: "reset",
  summary: "Removes everything of every account from the running region. Snapshots stay.",
  forms: ["[options]"],
  options: regionOptions,
  async run(invocation) {
    const data = await RegionClient.of(invocation).post("/_local/v1/reset");
    return { data, text: "The region is empty." };
  },
};
export default reset;
