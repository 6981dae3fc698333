/** What a server's work costs, whoever else is busy on the machine. */

import { readdirSync, readFileSync } from "node:fs";

/** CPU time of a process with all its threads, in microseconds; undefined where the system does not tell. */
export function cpuMicroseconds(pid: number | undefined): number | undefined {
  let nanoseconds = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
    }
  } catch {
    return undefined;
  }
  return nanoseconds / 1_000;
}
