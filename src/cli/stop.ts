import { setTimeout as pause } from "node:timers/promises";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command } from "./command.ts";
import { Failure } from "./failure.ts";
import { portOwner } from "./port-owner.ts";
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
    const owner = portOwner(client.port);
    const { pid } = await client.post<{ pid: number }>("/_local/v1/stop");
    // In a container its process has another number here, or a stranger has that number.
    const isHere = owner === undefined ? process.platform !== "linux" : owner.pid === pid;
    const isOver = isHere ? () => !isAlive(pid) : () => isSilent(client);
    for (let waited = 0; !(await isOver()); waited += lookAgainMilliseconds) {
      if (waited >= waitMillisecondsMax) {
        throw new Failure(
          "failure",
          `Process ${pid} is still running after 30 seconds.`,
          isHere ? `End it with: kill -9 ${pid}` : undefined,
        );
      }
      await pause(lookAgainMilliseconds);
    }
    return { data: { stopped: true, pid }, text: `Stopped (process ${pid}).` };
  },
};
export default stop;

/** Nobody answers any more. */
async function isSilent(client: RegionClient): Promise<boolean> {
  try {
    await client.get("/_local/v1/clock");
    return false;
  } catch (cause) {
    return cause instanceof Failure && cause.exit === "notRunning";
  }
}
