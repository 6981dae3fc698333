import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { examine, thisMachine, type Finding } from "../local/doctor.ts";
import { examineFunctions } from "../local/doctor-functions.ts";
import { authorityFile } from "../tls/authority-file.ts";
import { trustStorePlan } from "../tls/trust-store.ts";
import type { Command, Invocation, Result, Style } from "./command.ts";
import { Failure } from "./failure.ts";
import { columns } from "./text.ts";

const doctor: Command = {
  name: "doctor",
  summary: "Says what this machine can run, and what to install for more. Needs no running region.",
  forms: ["", "--install-ca"],
  options: {
    "install-ca": { description: "make this machine trust the authority of start --tls; needs root" },
    "data-dir": { value: "folder", description: "whose authority" },
  },
  async run(invocation) {
    if (invocation.has("install-ca")) return installAuthority(invocation);
    const machine = thisMachine(invocation.config.environment);
    const findings = [...examine(machine), ...(await examineFunctions(machine))];
    return { data: { findings }, text: (style) => findingsText(findings, style) };
  },
};
export default doctor;

function findingsText(findings: readonly Finding[], style: Style): string {
  const found = findings.filter((finding) => finding.found);
  const missing = findings.filter((finding) => !finding.found);
  const lines = [
    columns(found.map(({ name, detail, purpose }) => [style.good("✓"), name, style.faint(purpose), detail])),
  ];
  if (missing.length > 0) {
    lines.push("", "For more, install:", "");
    lines.push(
      columns(
        missing.map(({ name, install, purpose }) => [
          style.bad("·"),
          name,
          purpose,
          style.faint(install ?? ""),
        ]),
      ),
    );
  }
  return lines.join("\n");
}

function installAuthority({ config, text }: Invocation): Result {
  const certificate = authorityFile(resolve(text("data-dir") ?? config.dataDir));
  if (!existsSync(certificate)) {
    throw new Failure(
      "notFound",
      `There is no authority at ${certificate} yet.`,
      "us-local-1 start --tls makes it.",
    );
  }
  const plan = trustStorePlan(process.platform, certificate, existsSync);
  if (!plan)
    throw new Failure(
      "failure",
      "It is not known here how this system is told.",
      `Add ${certificate} to its trusted authorities.`,
    );
  if (process.getuid?.() !== 0) {
    const commands = plan.commands.map((command) => `  sudo ${command.join(" ")}`).join("\n");
    throw new Failure("failure", `This ${plan.description}, which needs root. Run:`, commands);
  }
  for (const [program = "", ...words] of plan.commands) {
    const { status, stderr, error } = spawnSync(program, words, { encoding: "utf8" });
    if (status !== 0)
      throw new Failure(
        "failure",
        `${[program, ...words].join(" ")} failed: ${error?.message ?? stderr.trim()}`,
      );
  }
  const undo = plan.undo.map((command) => `  sudo ${command.join(" ")}`);
  return {
    data: { installed: certificate, description: plan.description, undo: plan.undo },
    text: [
      "Done: this machine now trusts the region's authority, which vouches for localhost only.",
      "To take it back:",
      ...undo,
    ].join("\n"),
  };
}
