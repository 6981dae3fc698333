/** The commands, by name. */

import { nearest } from "./arguments.ts";
import type { Command } from "./command.ts";
import { usage } from "./failure.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Command }>;
}

export const commands: ReadonlyMap<string, Entry> = new Map(
  Object.entries({
    start: { summary: "run a region (what happens without a command)", load: () => import("./start.ts") },
    stop: { summary: "stop the running region", load: () => import("./stop.ts") },
    status: { summary: "show the running region", load: () => import("./status.ts") },
    env: { summary: "point this shell, or an aws profile, at the region", load: () => import("./env.ts") },
    scrub: { summary: "read all stored bodies again and compare them", load: () => import("./scrub.ts") },
    reset: { summary: "remove everything in the region", load: () => import("./reset.ts") },
    logs: { summary: "show the region's log", load: () => import("./logs.ts") },
    clock: { summary: "show, stop, set or advance the region's time", load: () => import("./clock.ts") },
    snapshot: {
      summary: "save, list, restore, delete or compare snapshots",
      load: () => import("./snapshot.ts"),
    },
    explain: { summary: "say why a request was denied", load: () => import("./explain.ts") },
    fault: {
      summary: "make requests fail, to prove that a program retries",
      load: () => import("./fault.ts"),
    },
    doctor: {
      summary: "say what this machine can run, and what to install for more",
      load: () => import("./doctor.ts"),
    },
    coverage: {
      summary: "list the services and operations that are built",
      load: () => import("./coverage.ts"),
    },
  }),
);

/** @throws Failure usage for a name that is none */
export async function findCommand(name: string): Promise<Command> {
  const entry = commands.get(name);
  if (entry) return (await entry.load()).default;
  const near = nearest(name, [...commands.keys()]);
  throw usage(
    `There is no command ${name}.`,
    near === undefined ? "us-local-1 --help lists the commands." : `Did you mean ${near}?`,
  );
}
