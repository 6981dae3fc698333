/** Functions as ordinary processes: what is left where the machine makes no boxes. */

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { insideCommand, startProcess, type Limits } from "./process-sandbox.ts";
import type { Mount, Sandbox, SandboxEngine, SandboxSpec } from "./sandbox.ts";

export class PlainProcesses implements SandboxEngine {
  readonly name = "none";
  readonly weaknesses = [
    "functions see this machine's files and processes, as you do",
    "their code folder and the machine's files are not read only",
    "/tmp is the machine's; TMPDIR is a folder of their own, without a limit",
    "/opt, /var/task and /var/runtime are elsewhere: LAMBDA_TASK_ROOT and the search paths say where",
    "memory is watched, not limited",
  ];
  readonly #folder: string;
  readonly #limits: Limits;

  constructor(folder: string, limits: Limits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  see({ host }: Mount): string {
    return host;
  }

  temporary(id: string): string {
    return join(this.#folder, "tmp", id);
  }

  start(spec: SandboxSpec): Sandbox {
    const temporary = this.temporary(spec.id);
    mkdirSync(temporary, { recursive: true });
    const sandbox = startProcess(
      spec,
      {
        command: insideCommand(spec),
        environment: { ...spec.environment, TMPDIR: temporary },
        workingDirectory: spec.workingDirectory,
        leads: true,
      },
      this.#limits,
    );
    void sandbox.exited.then(() => rmSync(temporary, { recursive: true, force: true }));
    return sandbox;
  }
}
