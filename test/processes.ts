/** What runs on this machine, for tests that nothing is left. */

import { readdirSync, readFileSync } from "node:fs";

/** How many processes have this in their command lines. */
export function running(mark: string): number {
  let count = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (readFileSync(`/proc/${name}/cmdline`, "latin1").includes(mark)) count += 1;
    } catch {
      // It has just ended.
    }
  }
  return count;
}

/** Until it is so, for a minute at most: a busy machine takes a moment to start and to end processes. */
export async function settled(
  isSo: () => boolean | Promise<boolean>, everyMilliseconds = 10, secondsMax = 60,
): Promise<void> {
  const end = performance.now() + secondsMax * 1_000;
  while (!await isSo() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
  }
}
