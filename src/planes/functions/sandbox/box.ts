/** What is in every box, whatever makes it. */

import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Limits } from "./process-sandbox.ts";
import type { Mount } from "./sandbox.ts";

/** As on Lambda. */
export const user = { uid: 993, gid: 990, name: "sbx_user1051", hostName: "169-254-79-1" };

/** What no box keeps apart, and what none limits without control groups. */
export function weaknessesOfBoxes({ groups }: Limits): string[] {
  return [
    "functions share this machine's network, and can reach what listens on it",
    ...(groups ? [] : ["memory is watched, not limited: there are no control groups for this user"]),
  ];
}

/** Where modules of `/var/task` look last: what the runtime brings. Target, then link. */
export const boxLinks: readonly (readonly [string, string])[] = [
  ["runtime/node_modules", "/var/node_modules"],
];

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

/** Programs and libraries. Some are links today. */
export function systemFolders(): string[] {
  return ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"].filter((path) => existsSync(path));
}

/** Shells that are one program; what is many programs in one, as busybox is, stays as it is. */
const plainShells = ["dash", "sh"];

/**
 * `sh` is bash on Amazon Linux, and scripts count on it: that of AWS's own tutorial for custom runtimes does.
 * Where this machine's is another, bash lies upon it.
 */
export function shellMounts(): Mount[] {
  if (!existsSync("/bin/sh") || !existsSync("/bin/bash")) return [];
  const [shell, bash] = [realpathSync("/bin/sh"), realpathSync("/bin/bash")];
  return plainShells.includes(basename(shell)) ? [{ host: bash, inside: shell }] : [];
}

/** `/etc`: a few files of its own, written to `folder`, and what is shared of this machine's. */
export function settingsMounts(folder: string): Mount[] {
  const etc = join(folder, "etc");
  mkdirSync(etc, { recursive: true });
  const { name, uid, gid, hostName } = user;
  const files: Record<string, string> = {
    passwd: `root:x:0:0:root:/root:/sbin/nologin\n${name}:x:${uid}:${gid}::/home/${name}:/sbin/nologin\n`,
    group: `root:x:0:\n${name}:x:${gid}:\n`,
    hosts: `127.0.0.1 localhost localhost.localdomain sandbox sandbox.localdomain ${hostName}\n`,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
  const own = Object.entries(files).map(([file, text]) => {
    writeFileSync(join(etc, file), text);
    return { host: join(etc, file), inside: `/etc/${file}` };
  });
  const shared = systemSettings
    .filter((path) => existsSync(path))
    .map((path) => ({ host: realpathSync(path), inside: path }));
  return [...own, ...shared];
}
