/**
 * Functions in namespaces of their own, by bubblewrap: no files but their own, no processes but their own.
 */

import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { insideCommand, startProcess, type Limits } from "./process-sandbox.ts";
import type { Mount, Sandbox, SandboxEngine, SandboxSpec } from "./sandbox.ts";

/** As on Lambda. */
export const user = { uid: 993, gid: 990, name: "sbx_user1051", hostName: "169-254-79-1" };

/** Of `/etc`, what programs look for: where names are looked up, whom TLS trusts, how libraries are found. */
const systemSettings = [
  "/etc/resolv.conf",
  "/etc/ssl",
  "/etc/pki",
  "/etc/ca-certificates",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/alternatives",
  "/etc/mime.types",
  "/etc/services",
  "/etc/protocols",
  "/etc/gai.conf",
  "/etc/crypto-policies",
  "/etc/os-release",
  "/etc/java-11-openjdk",
  "/etc/java-17-openjdk",
  "/etc/java-21-openjdk",
];

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
    this.#system = [...boxOptions, ...systemOptions(), ...settingsOptions(folder)];
    this.weaknesses = [
      "functions share this machine's network, and can reach what listens on it",
      ...(limits.groups ? [] : ["memory is watched, not limited: there are no control groups for this user"]),
    ];
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
      ...spec.mounts.flatMap(({ host, inside }) => ["--ro-bind", host, inside]),
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
  "--unshare-user",
  "--unshare-ipc",
  "--unshare-pid",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--die-with-parent",
  "--new-session",
  "--uid",
  String(user.uid),
  "--gid",
  String(user.gid),
  "--hostname",
  user.hostName,
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  // Where modules of `/var/task` look last: what the runtime brings.
  "--symlink",
  "runtime/node_modules",
  "/var/node_modules",
];

/** Programs and libraries, with the links that old paths are today. */
function systemOptions(): string[] {
  const options = ["--ro-bind", "/usr", "/usr"];
  for (const path of ["/bin", "/sbin", "/lib", "/lib64", "/lib32"]) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) options.push("--symlink", readlinkSync(path), path);
    else options.push("--ro-bind", path, path);
  }
  return options;
}

/** @param folder exists */
export function settingsFiles(folder: string): Readonly<Record<string, string>> {
  const etc = join(folder, "etc");
  mkdirSync(etc, { recursive: true });
  const { name, uid, gid, hostName } = user;
  const files: Record<string, string> = {
    passwd: `root:x:0:0:root:/root:/sbin/nologin\n${name}:x:${uid}:${gid}::/home/${name}:/sbin/nologin\n`,
    group: `root:x:0:\n${name}:x:${gid}:\n`,
    hosts: `127.0.0.1 localhost localhost.localdomain sandbox sandbox.localdomain ${hostName}\n`,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      writeFileSync(join(etc, name), text);
      return [`/etc/${name}`, join(etc, name)];
    }),
  );
}

function settingsOptions(folder: string): string[] {
  const own = Object.entries(settingsFiles(folder)).flatMap(([inside, host]) => ["--ro-bind", host, inside]);
  const shared = systemSettings
    .filter((path) => existsSync(path))
    .flatMap((path) => ["--ro-bind", realpathSync(path), path]);
  return [...own, ...shared];
}
