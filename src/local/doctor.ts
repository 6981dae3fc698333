/** What this machine can run, and what to install for more. */

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { directory } from "../generated/directory.ts";

export interface Finding {
  readonly name: string;
  readonly found: boolean;
  /** A version or a path where it is found, else what is known of why not. */
  readonly detail: string;
  readonly purpose: string;
  /** What to do where it is missing; null where it is found. */
  readonly install: string | null;
}

interface ProgramFact {
  readonly name: string;
  /** Any of these programs will do. */
  readonly programs: readonly string[];
  /** Arguments that make it say its version and nothing else happen. */
  readonly version?: readonly string[];
  readonly purpose: string;
  /** It matters once one of these is built; without them it always does. */
  readonly services?: readonly string[];
  /** Package names. */
  readonly apt?: string;
  readonly brew?: string;
  readonly link?: string;
  readonly only?: NodeJS.Platform;
}

const machineServices = ["ec2", "ecs", "lambda", "codebuild", "elastic-beanstalk"];
const networkServices = ["ec2", "ecs", "elastic-load-balancing-v2"];

const programs: readonly ProgramFact[] = [
  {
    name: "aws CLI",
    programs: ["aws"],
    purpose: "the awslocal command in init scripts, and you",
    brew: "awscli",
    link: "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
  },
  {
    name: "bubblewrap",
    services: machineServices,
    programs: ["bwrap"],
    version: ["--version"],
    only: "linux",
    purpose: "machines and functions in a box of their own without Docker",
    apt: "bubblewrap",
  },
  {
    name: "ip",
    services: networkServices,
    programs: ["ip"],
    version: ["-V"],
    only: "linux",
    purpose: "networks of their own for VPCs",
    apt: "iproute2",
  },
  {
    name: "nft",
    services: networkServices,
    programs: ["nft"],
    version: ["--version"],
    only: "linux",
    purpose: "security groups and network ACLs that drop packets",
    apt: "nftables",
  },
  {
    name: "git",
    services: ["codecommit", "codebuild"],
    programs: ["git"],
    version: ["--version"],
    purpose: "CodeCommit, and builds that check out sources",
    apt: "git",
    brew: "git",
  },
  {
    name: "python3",
    programs: ["python3"],
    version: ["--version"],
    purpose: "init scripts and Lambda functions in Python",
    apt: "python3",
    brew: "python",
  },
  {
    name: "java",
    services: ["lambda"],
    programs: ["java"],
    purpose: "Lambda functions in Java",
    apt: "default-jdk-headless",
    brew: "openjdk",
  },
  {
    name: "postgres",
    services: ["rds", "redshift"],
    programs: ["postgres", "pg_ctl"],
    purpose: "RDS and Aurora for PostgreSQL, Redshift",
    apt: "postgresql",
    brew: "postgresql@17",
  },
  {
    name: "mysqld",
    services: ["rds"],
    programs: ["mysqld", "mariadbd"],
    purpose: "RDS and Aurora for MySQL and MariaDB",
    apt: "mariadb-server",
    brew: "mysql",
  },
  {
    name: "redis",
    services: ["elasticache"],
    programs: ["valkey-server", "redis-server"],
    version: ["--version"],
    purpose: "ElastiCache",
    apt: "redis-server",
    brew: "valkey",
  },
  {
    name: "openssl",
    programs: ["openssl"],
    version: ["version"],
    purpose: "looking at certificates",
    apt: "openssl",
    brew: "openssl",
  },
  {
    name: "terraform",
    programs: ["terraform", "tofu"],
    purpose: "your own stacks, if you write them in Terraform",
    brew: "opentofu",
    link: "https://opentofu.org/docs/intro/install/",
  },
];

/** Where distributions put servers that are not in everybody's PATH. */
const furtherFolders = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
const versionMillisecondsMax = 2_000;

export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The folders of PATH. */
  readonly path: string;
  readonly nodeVersion: string;
  readonly home: string;
  /** Services that are built: nothing is asked for what is not there yet. */
  readonly built: ReadonlySet<string>;
}

/** Takes up to a second: programs are asked for their versions. */
export function examine(machine: Machine): Finding[] {
  const matters = (services: readonly string[]): boolean =>
    services.some((service) => machine.built.has(service));
  const linux = machine.platform === "linux";
  return [
    nodeFinding(machine),
    ...(matters(["ecs", "codebuild"]) ? [containerFinding(machine)] : []),
    ...(linux && matters([...machineServices, ...networkServices]) ? [userNamespaces(machine)] : []),
    ...programs
      .filter(({ only }) => only === undefined || only === machine.platform)
      .filter(({ services }) => services === undefined || matters(services))
      .map((fact) => programFinding(fact, machine)),
  ];
}

/** This machine. @param environment what a shell would find programs by */
export function thisMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  return {
    platform: process.platform,
    path: environment["PATH"] ?? "",
    home: homedir(),
    nodeVersion: process.versions.node,
    built: new Set(directory.filter((entry) => entry.load).map((entry) => entry.service)),
  };
}

function nodeFinding({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const found = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "Node.js",
    found,
    detail: nodeVersion,
    purpose: "us-local-1 itself",
    install: found ? null : "Node.js 20.19 or newer: https://nodejs.org/",
  };
}

function containerFinding(machine: Machine): Finding {
  const sockets = [
    "/var/run/docker.sock",
    join(machine.home, ".docker/run/docker.sock"),
    "/run/podman/podman.sock",
  ];
  const socket = sockets.find(isUsableSocket);
  const command = findProgram(["docker", "podman"], machine.path);
  const detail = socket ?? (command ? `${command}, but no engine answers on a socket` : "not found");
  return {
    name: "containers",
    found: socket !== undefined,
    detail,
    purpose: "container images as tasks and builds; everything else does without",
    install: socket === undefined ? installText({ apt: "podman", brew: "podman" }, machine.platform) : null,
  };
}

function isUsableSocket(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

/** Settings, containers and security modules all have a say; so it is tried. */
function userNamespaces(machine: Machine): Finding {
  const unshare = findProgram(["unshare"], machine.path);
  const trial =
    unshare === undefined
      ? undefined
      : spawnSync(unshare, ["--user", "--map-root-user", "true"], {
          timeout: versionMillisecondsMax,
          encoding: "utf8",
        });
  const found = trial?.status === 0;
  const restriction = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  const restricted = existsSync(restriction) && readFileSync(restriction, "utf8").trim() === "1";
  return {
    name: "user namespaces",
    found,
    detail: found ? "allowed" : (trial?.stderr.trim() ?? "unknown: the program unshare is not here"),
    purpose: "boxes and networks of their own without root",
    install: found
      ? null
      : trial === undefined
        ? "sudo apt install util-linux"
        : restricted
          ? "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
          : "sudo sysctl user.max_user_namespaces=10000; in a container, let seccomp allow unshare",
  };
}

function programFinding(fact: ProgramFact, machine: Machine): Finding {
  const path = findProgram(fact.programs, machine.path);
  const { name, purpose } = fact;
  if (path === undefined) {
    return { name, found: false, detail: "not found", purpose, install: installText(fact, machine.platform) };
  }
  return {
    name,
    found: true,
    detail: (fact.version && versionOf(path, fact.version)) ?? path,
    purpose,
    install: null,
  };
}

function installText(
  { apt, brew, link }: Pick<ProgramFact, "apt" | "brew" | "link">,
  platform: NodeJS.Platform,
): string {
  if (platform === "darwin" && brew !== undefined) return `brew install ${brew}`;
  if (platform === "linux" && apt !== undefined) return `sudo apt install ${apt}`;
  return link ?? (brew !== undefined ? `brew install ${brew}` : (apt ?? ""));
}

/** The first of these programs that is there. */
export function findProgram(names: readonly string[], path: string): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...furtherFolders];
  for (const name of names) {
    for (const folder of folders) {
      const candidate = join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}

function versionOf(path: string, options: readonly string[]): string | undefined {
  const { stdout, stderr } = spawnSync(path, options, {
    encoding: "utf8",
    timeout: versionMillisecondsMax,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return /\d+\.\d+[\w.]*/.exec(`${stdout ?? ""} ${stderr ?? ""}`)?.[0];
}
