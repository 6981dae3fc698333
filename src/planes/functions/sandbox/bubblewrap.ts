/**
 * Functions in namespaces of their own, by bubblewrap: no files but their own, no processes but their own.
 */

import { lstatSync, readlinkSync } from "node:fs";
import { boxLinks, settingsMounts, shellMounts, systemFolders, user, weaknessesOfBoxes } from "./box.ts";
import { insideCommand, startProcess, type Limits } from "./process-sandbox.ts";
import type { Mount, Sandbox, SandboxEngine, SandboxSpec } from "./sandbox.ts";

export class Bubblewrap implements SandboxEngine {
  readonly name = "bubblewrap";
  readonly weaknesses: readonly string[];
  readonly #program: string;
  readonly #limits: Limits;
  readonly #system: readonly string[];

  /** @param folder where files for `/etc` are written */
  constructor(program: string, folder: string, limits: Limits) {
    this.#program = program;
    this.#limits = limits;
    const mounts = [...shellMounts(), ...settingsMounts(folder)];
    this.#system = [...boxOptions, ...systemOptions(), ...mounts.flatMap(bindOptions)];
    this.weaknesses = weaknessesOfBoxes(limits);
  }

  see({ inside }: Mount): string {
    return inside;
  }

  temporary(): string {
    return "/tmp";
  }

  start(spec: SandboxSpec): Sandbox {
    // Everything a function says of itself goes by a pipe: it is nobody else's to see, and none of it reaches
    // the program that makes the box.
    const settings = [
      ...this.#system,
      ...["--size", String(spec.temporaryBytes), "--perms", "0700", "--tmpfs", "/tmp"],
      ...spec.mounts.flatMap(bindOptions),
      ...["--remount-ro", "/", "--chdir", spec.workingDirectory, "--clearenv"],
      ...Object.entries(spec.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ];
    return startProcess(
      spec,
      {
        command: [this.#program, "--args", "4", "--", ...insideCommand(spec)],
        environment: {},
        settings: settings.map((word) => `${word}\0`).join(""),
      },
      this.#limits,
    );
  }
}

const boxOptions = [
  ...["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
  ...["--die-with-parent", "--new-session"],
  ...["--uid", String(user.uid), "--gid", String(user.gid), "--hostname", user.hostName],
  ...["--proc", "/proc", "--dev", "/dev"],
  ...boxLinks.flatMap(([target, path]) => ["--symlink", target, path]),
];

function systemOptions(): string[] {
  return systemFolders().flatMap((path) => {
    if (lstatSync(path).isSymbolicLink()) return ["--symlink", readlinkSync(path), path];
    return ["--ro-bind", path, path];
  });
}

function bindOptions({ host, inside }: Mount): string[] {
  return ["--ro-bind", host, inside];
}
