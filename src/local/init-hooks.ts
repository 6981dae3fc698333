/**
 * Scripts that a project brings to fill its region, where LocalStack looks for them: `boot.d`, `start.d`,
 * `ready.d` and `shutdown.d`. They run one after the other in the order of their names; one that fails does
 * not stop the rest.
 *
 * @evidence LocalStack documentation, "Initialization hooks"
 */

import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { commandFor, type ScriptCommand } from "./init-script.ts";
import { stages, type HookScript, type Stage } from "./init-stages.ts";

export interface InitHooksOptions {
  /** Folders that hold `ready.d` and the like; those that are not there are passed over. */
  readonly folders: readonly string[];
  /** What scripts inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

const scriptPattern = /\.(?:sh|py|ts|mts|js|mjs)$/;
const scriptMillisecondsMax = 15 * 60_000;

export class InitHooks {
  readonly #options: InitHooksOptions;
  readonly #scripts: HookScript[];
  readonly #completed = new Set<Stage>();
  readonly #ending = new AbortController();

  constructor(options: InitHooksOptions) {
    this.#options = options;
    this.#scripts = stages.flatMap((stage) => options.folders.flatMap((folder) => scriptsOf(stage, folder)));
  }

  scripts(): readonly HookScript[] {
    return this.#scripts;
  }

  completed(stage: Stage): boolean {
    return this.#completed.has(stage);
  }

  /** @param endpoint where the region answers, or will */
  async run(stage: Stage, endpoint: string): Promise<void> {
    if (this.#scripts.some((script) => script.stage === stage)) {
      const shims = mkdtempSync(join(tmpdir(), "us-local-1-bin-"));
      try {
        writeShim(shims);
        const environment = this.#environment(endpoint, shims);
        for (const [index, script] of this.#scripts.entries()) {
          if (script.stage === stage) await this.#runOne(index, script, environment);
        }
      } finally {
        rmSync(shims, { recursive: true, force: true });
      }
    }
    this.#completed.add(stage);
  }

  /** Ends the script that is running, and starts no other of the stages before SHUTDOWN. */
  interrupt(): void {
    this.#ending.abort();
  }

  async #runOne(index: number, script: HookScript, environment: NodeJS.ProcessEnv): Promise<void> {
    const { log } = this.#options;
    const set = (state: HookScript["state"], reason?: string): void => {
      this.#scripts[index] = { ...script, state, ...(reason !== undefined && { reason }) };
    };
    const overdue = AbortSignal.timeout(scriptMillisecondsMax);
    const signal = script.stage === "SHUTDOWN" ? overdue : AbortSignal.any([overdue, this.#ending.signal]);
    if (signal.aborted) return set("ERROR", "the region was stopped");
    set("RUNNING");
    log(`init ${script.path}: started`);
    let reason: string | undefined;
    try {
      const command = await commandFor(script.path);
      reason = await runProcess(command, environment, (line) => log(`init ${script.name}: ${line}`), signal);
    } catch (cause) {
      reason = cause instanceof Error ? cause.message : String(cause);
    }
    if (overdue.aborted) reason = `it took longer than ${scriptMillisecondsMax / 60_000} minutes`;
    if (reason === undefined) set("SUCCESSFUL");
    else set("ERROR", reason);
    log(`init ${script.path}: ${reason === undefined ? "succeeded" : `failed: ${reason}`}`);
  }

  #environment(endpoint: string, shims: string): NodeJS.ProcessEnv {
    const { environment } = this.#options;
    const own = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_DEFAULT_REGION: environment["AWS_DEFAULT_REGION"] ?? "us-east-1",
      AWS_REGION: environment["AWS_DEFAULT_REGION"] ?? "us-east-1",
      PATH: `${shims}${delimiter}${environment["PATH"] ?? "/usr/bin:/bin"}`,
    };
    // A profile or a session of the real AWS must not be mixed with the keys above.
    const { AWS_PROFILE: _profile, AWS_SESSION_TOKEN: _token, ...inherited } = environment;
    return { ...inherited, ...own };
  }
}

function scriptsOf(stage: Stage, folder: string): HookScript[] {
  const path = join(folder, `${stage.toLowerCase()}.d`);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && scriptPattern.test(entry.name))
    .map((entry) => ({
      stage,
      name: entry.name,
      path: join(entry.parentPath ?? entry.path, entry.name),
      state: "UNKNOWN" as const,
    }))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** `awslocal`, which LocalStack's users write in their scripts: the aws CLI with the region's endpoint. */
function writeShim(folder: string): void {
  const path = join(folder, "awslocal");
  writeFileSync(
    path,
    `#!/bin/sh
if ! command -v aws >/dev/null 2>&1; then
  echo "awslocal: the aws CLI is not installed; us-local-1 doctor says how to get it" >&2
  exit 127
fi
exec aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"
`,
  );
  chmodSync(path, 0o755);
}

/** Why the process failed, or undefined when it succeeded. */
function runProcess(
  command: ScriptCommand,
  env: NodeJS.ProcessEnv,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.arguments, {
      env,
      // A group of its own, so that what the script has started ends with it.
      detached: true,
      stdio: [command.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(command.folder !== undefined && { cwd: command.folder }),
    });
    const end = (): void => endGroup(child);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    for (const output of [child.stdout, child.stderr]) if (output) createInterface(output).on("line", line);
    // A script that never reads its input is no failure of ours.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(command.input);
    child.once("error", (cause) => resolve(cause.message));
    child.once("close", (code, ended) => {
      signal.removeEventListener("abort", end);
      if (code === 0) resolve(undefined);
      else resolve(code === null ? `ended by ${ended ?? "a signal"}` : `exit code ${code}`);
    });
  });
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}
