import { setTimeout as pause } from "node:timers/promises";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command } from "./command.ts";
import { Failure } from "./failure.ts";
import { isAlive } from "./running.ts";

const waitMillisecondsMax = 30_000;
const lookAgainMilliseconds = 20;

const stop: Command = {
  name: "stop",
  summary: "Stops the running region, and waits until everything is written.",
  forms: ["[options]"],
  options: regionOptions,
  async run(invocation) {
    const client = RegionClient.of(invocation);
    const { pid } = await client.post<{ pid: number }>("/_local/v1/stop");
    for (let waited = 0; isAlive(pid); waited += lookAgainMilliseconds) {
      if (waited >= waitMillisecondsMax) {
        throw new Failure(
          "failure",
          `Process ${pid} is still running after 30 seconds.`,
          `End it with: kill -9 ${pid}`,
        );
      }
      await pause(lookAgainMilliseconds);
    }
    return { data: { stopped: true, pid }, text: `Stopped (process ${pid}).` };
  },
};
export default stop;
