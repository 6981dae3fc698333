/**
 * Time, chance and the environment come from the kernel, so that a region can be stopped, replayed and
 * configured.
 */

import type { Rule, SourceFile } from "./source.ts";
import type { Token } from "./tokens.ts";

type Ambient = "time" | "timers" | "chance" | "environment";

/** Files and folders that may reach for it, by what they may reach for. */
const ALLOWED: Readonly<Record<Ambient, readonly string[]>> = {
  // What planes run runs in the machine's time.
  time: ["src/kernel/clock.", "src/jobs/", "src/planes/", "src/cli/", "bench/", "test/compat/"],
  // Sockets and commits are of the machine's time.
  timers: [
    "src/kernel/clock.", "src/kernel/gateway/uploads.ts", "src/store/lmdb-store.ts", "src/jobs/",
    "src/planes/", "src/cli/", "bench/", "test/compat/", "test/processes.ts",
  ],
  chance: ["src/kernel/ids.ts", "src/cli/", "bench/", "test/compat/"],
  environment: ["src/config.ts", "src/cli/", "bench/", "test/compat/", "test/rounds.ts", "tools/"],
};

export const ambient: Rule = {
  name: "ambient",
  applies: (file) => file.isCode && !file.isGenerated,
  *check(file) {
    const allowed = (kind: Ambient): boolean => ALLOWED[kind].some((prefix) => file.path.startsWith(prefix));
    for (const [index, token] of file.tokens.entries()) {
      if (token.kind !== "name") continue;
      const found = ambientAt(file, index, token);
      if (found && !allowed(found.kind)) {
        yield { line: token.line, message: `${found.name}: ${found.kind} comes from ctx` };
      }
    }
  },
};

interface Found {
  readonly kind: Ambient;
  readonly name: string;
}

function ambientAt(file: SourceFile, index: number, token: Token): Found | undefined {
  const text = (offset: number): string => file.tokens[index + offset]?.text ?? "";
  const member = text(1) === "." ? text(2) : "";
  switch (token.text) {
    case "Date":
      if (member === "now") return { kind: "time", name: "Date.now" };
      return text(1) === "(" && text(2) === ")" ? { kind: "time", name: "new Date()" } : undefined;
    case "Math":
      return member === "random" ? { kind: "chance", name: "Math.random" } : undefined;
    case "process":
      return member === "env" ? { kind: "environment", name: "process.env" } : undefined;
    case "setTimeout":
    case "setInterval":
      return { kind: "timers", name: token.text };
    case "randomUUID":
    case "randomBytes":
      // A parameter may be called so: what is given is not reached for.
      if (text(-1) !== "." && !isImported(file, index)) return undefined;
      return { kind: "chance", name: token.text };
    default:
      return undefined;
  }
}

/** Whether a name stands between the braces of an import. */
function isImported(file: SourceFile, index: number): boolean {
  for (let at = index - 1; at >= 0; at--) {
    const { kind, text } = file.tokens[at] ?? { kind: "punctuation", text: ";" };
    if (text === "import") return true;
    if (kind !== "name" && text !== "," && text !== "{") return false;
  }
  return false;
}
