/**
 * What functions read of their operating system. Packages choose by it which of the programs they bring they
 * run, so that one made for Lambda needs Lambda's answer. It is given where this machine's C library runs
 * what was built for that system; else the machine's own is.
 */

import { join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import type { Mount } from "./sandbox/sandbox.ts";

interface System {
  readonly file: string;
  /** Of its C library, without the 2 before. */
  readonly libraryMinor: number;
}

const amazonLinux2: System = { file: "amazon-linux-2", libraryMinor: 26 };
const amazonLinux2023: System = { file: "amazon-linux-2023", libraryMinor: 34 };

/** @evidence Lambda Developer Guide, "Lambda runtimes", operating systems: all others have that of 2023 */
const runtimesOf2: ReadonlySet<string> = new Set([
  "nodejs16.x", "nodejs18.x", "python3.8", "python3.9", "python3.10", "python3.11", "java8.al2", "java11",
  "java17", "dotnet6", "ruby3.2", "provided.al2",
]);

let ownMinor: { readonly value: number | undefined } | undefined;

/** @param libraryMinor of the C library; default: this machine's, looked up once */
export function systemMounts(
  runtime: string, libraryMinor = (ownMinor ??= { value: ownLibraryMinor() }).value,
): Mount[] {
  const system = runtimesOf2.has(runtime) ? amazonLinux2 : amazonLinux2023;
  if (libraryMinor === undefined || libraryMinor < system.libraryMinor) return [];
  return [{ host: join(packageRoot(), "runtimes", "system", system.file), inside: "/etc/os-release" }];
}

/** Undefined where this machine's C library is not glibc. */
function ownLibraryMinor(): number | undefined {
  const { header } = process.report.getReport() as { readonly header?: { glibcVersionRuntime?: string } };
  const minor = /^2\.(\d+)/.exec(header?.glibcVersionRuntime ?? "")?.[1];
  return minor === undefined ? undefined : Number(minor);
}
