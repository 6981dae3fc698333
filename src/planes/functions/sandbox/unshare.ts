/**
 * Functions in namespaces of their own where bubblewrap is not: by `unshare`, `mount` and `pivot_root` of
 * util-linux.
 */

import { existsSync, lstatSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { boxLinks, settingsMounts, shellMounts, systemFolders, user, weaknessesOfBoxes } from "./box.ts";
import { insideCommand, startProcess, type Limits } from "./process-sandbox.ts";
import type { Mount, Sandbox, SandboxEngine, SandboxSpec } from "./sandbox.ts";

export class Unshare implements SandboxEngine {
  readonly name = "unshare";
  readonly weaknesses: readonly string[];
  readonly #root: string;
  readonly #settings: readonly Mount[];
  readonly #limits: Limits;

  /** @param folder where files for `/etc` are written, and where the box is mounted */
  constructor(folder: string, limits: Limits) {
    this.#limits = limits;
    this.#root = join(folder, "root");
    mkdirSync(this.#root, { recursive: true });
    this.#settings = [...shellMounts(), ...settingsMounts(folder)];
    this.weaknesses = weaknessesOfBoxes(limits);
  }

  see({ inside }: Mount): string {
    return inside;
  }

  temporary(): string {
    return "/tmp";
  }

  start(spec: SandboxSpec): Sandbox {
    return startProcess(
      spec,
      {
        command: [...boxCommand, "/bin/sh", "-c", 'eval "$(cat <&4)"'],
        environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        settings: this.#script(spec),
      },
      this.#limits,
    );
  }

  /**
   * Builds the box around itself, and stays in it as the first process, which reaps others. Read by a pipe:
   * it holds secrets.
   */
  #script(spec: SandboxSpec): string {
    const mounts = [...this.#settings, ...spec.mounts];
    const folders = systemFolders();
    const links = [...boxLinks, ...folders.filter(isLink).map((path) => [readlinkSync(path), path] as const)];
    const bound = [
      ...folders.filter((path) => !isLink(path)).map((path) => ({ host: path, inside: path })),
      ...mounts,
    ];
    const devices = ["null", "zero", "full", "random", "urandom", "tty"];
    return [
      "set -e",
      `mount -t tmpfs -o mode=0755,size=8m box ${quoted(this.#root)}`,
      `cd ${quoted(this.#root)}`,
      "mkdir -p proc dev tmp old",
      ...places(bound),
      ...links.map(
        ([target, path]) =>
          `mkdir -p .$(dirname ${quoted(path)}); ln -s ${quoted(target)} ${quoted(`.${path}`)}`,
      ),
      ...bound.map(({ host, inside }) => bind(host, `.${inside}`)),
      ...devices.map((name) => `: > dev/${name}; mount --bind /dev/${name} dev/${name}`),
      "ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr",
      "mkdir dev/shm; mount -t tmpfs -o mode=1777,size=64m shm dev/shm",
      `mount -t tmpfs -o mode=0700,size=${spec.temporaryBytes} tmp tmp`,
      "mount -t proc proc proc",
      `hostname ${user.hostName} || true`,
      "pivot_root . old",
      "umount -l /old",
      "rmdir /old",
      "mount -o remount,bind,ro / 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev /",
      `cd ${quoted(spec.workingDirectory)}`,
      "set +e",
      "exec 4<&-",
      ...Object.entries(spec.environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
      `${unshareUser} ${insideCommand(spec).map(quoted).join(" ")}`,
      "exit $?",
    ].join("\n");
  }
}

const unshareUser = `/usr/bin/unshare --user --map-user=${user.uid} --map-group=${user.gid} --`;

/** Ends with the region, and everything in it with its first process. */
const boxCommand = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "--",
  "unshare",
  "--user",
  "--map-root-user",
  "--mount",
  "--propagation",
  "private",
  "--ipc",
  "--uts",
  "--pid",
  "--fork",
  "--kill-child",
  "--",
];

/** The commands that show whether this machine can do it. */
export const unshareTrial: readonly string[] = [
  ...boxCommand,
  "/bin/sh",
  "-c",
  `mount -t tmpfs trial /tmp && mount -t proc proc /proc && ${unshareUser} true`,
];

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

/** What a mount lies on: a folder or a file, as it is itself. */
function places(mounts: readonly Mount[]): string[] {
  return mounts
    .filter(({ host }) => existsSync(host))
    .map(({ host, inside }) => {
      const place = quoted(`.${inside}`);
      return statSync(host).isDirectory()
        ? `mkdir -p ${place}`
        : `mkdir -p $(dirname ${place}); : > ${place}`;
    });
}

/** Mounts below it come along; all that this user may not make looser stays as it is. */
function bind(host: string, inside: string): string {
  const place = quoted(inside);
  const attempts = ["", ",nosuid,nodev", ",nosuid,nodev,noexec"].map(
    (kept) => `mount -o remount,bind,ro${kept} ${place} 2>/dev/null`,
  );
  return `mount --rbind ${quoted(host)} ${place}; ${attempts.join(" || ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
