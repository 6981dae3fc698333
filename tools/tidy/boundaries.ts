/** What may import what, and who may know of the wire. */

import { posix } from "node:path";
import { unquoted } from "./source.ts";
import type { Rule, SourceFile } from "./source.ts";
import type { Token } from "./tokens.ts";

/** What a service may import besides its own folder. */
const SERVICE_IMPORTS = [
  "src/kernel/", "src/store/types.ts", "src/jobs/", "src/iam/", "src/generated/",
  "src/patterns/", "src/delivery/", "src/planes/",
];
/**
 * Services with endpoints and models of their own that show, or set, the state of another, of which they are
 * part.
 */
const SERVICE_PARENTS: Readonly<Record<string, string>> = {
  "s3-control": "s3", "dynamodb-streams": "dynamodb",
};
/** Parts of the kernel that are the gateway's business. */
const SERVICE_FORBIDDEN = ["src/kernel/protocol/", "src/kernel/gateway/"];
/** `iam` is a pure function of its arguments: of Node it may use what only computes. */
const IAM_IMPORTS = ["src/iam/", "node:crypto", "node:net"];

export const imports: Rule = {
  name: "imports",
  applies: (file) => file.isCode && !file.isGenerated && !file.isTest && file.path.startsWith("src/"),
  *check(file) {
    for (const { token, target } of importsOf(file)) {
      const complaint = importComplaint(file.path, target);
      if (complaint !== undefined) yield { line: token.line, message: complaint };
    }
  },
};

function importComplaint(path: string, target: string): string | undefined {
  const service = /^src\/services\/([^/]+)\//.exec(path)?.[1];
  if (service !== undefined) {
    if (SERVICE_FORBIDDEN.some((prefix) => target.startsWith(prefix))) {
      return `a service knows no wire: ${target}`;
    }
    const parent = SERVICE_PARENTS[service];
    const own = [service, ...(parent === undefined ? [] : [parent])].map((name) => `src/services/${name}/`);
    const allowed = [...SERVICE_IMPORTS, ...own];
    if (!isOurs(target) || allowed.some((prefix) => target.startsWith(prefix))) return undefined;
    return target.startsWith("src/services/") ? `another service: ${target}` : `not for a service: ${target}`;
  }
  if (path.startsWith("src/kernel/") && target.startsWith("src/services/")) {
    return `the kernel knows no service: ${target}`;
  }
  if (path.startsWith("src/iam/") && !IAM_IMPORTS.some((prefix) => target.startsWith(prefix))) {
    return `iam is pure: ${target}`;
  }
  return undefined;
}

function isOurs(target: string): boolean {
  return /^(src|test|tools|bench|console)\//.test(target);
}

/** Relative paths are resolved from the root of the repository; packages keep their names. */
function* importsOf(file: SourceFile): Generator<{ token: Token; target: string }> {
  const { tokens } = file;
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "string") continue;
    const before = tokens[index - 1]?.text;
    const called = before === "(" && ["import", "require"].includes(tokens[index - 2]?.text ?? "");
    if (before !== "from" && before !== "import" && !called) continue;
    const name = unquoted(token);
    const target = name.startsWith(".") ? posix.join(posix.dirname(file.path), name) : name;
    yield { token, target };
  }
}

const WIRE_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/<\/[A-Za-z][\w:.-]*>|<\?xml/, "an XML tag"],
  [/\bx-amzn?-/i, "a header's name"],
  [/^["'`](content-type|content-length|authorization|location|etag)["'`]$/i, "a header's name"],
];

/**
 * S3 streams bodies and speaks in headers, and what is sent out of the region has headers too; all else that
 * services do leaves the wire to the protocols.
 */
export const wire: Rule = {
  name: "wire",
  applies: (file) =>
    file.isCode && !file.isTest
    && /^src\/services\/(?!s3\/)(?!lambda\/http\/)(?!.*\/(?:http|splunk)-delivery\.ts$)/.test(file.path),
  *check({ tokens }) {
    for (const token of tokens) {
      if (token.kind === "name" && token.text === "statusCode") {
        yield { line: token.line, message: "a status code in a service" };
      }
      if (token.kind !== "string" && token.kind !== "template") continue;
      const found = WIRE_TEXTS.find(([expression]) => expression.test(token.text));
      if (found) yield { line: token.line, message: `${found[1]} in a service` };
    }
  },
};
