/** Lambda's names of runtimes, and which program of this machine runs each. */

import type { RuntimeFact } from "./contract.ts";
import { dotnetCompilerOf } from "./dotnet-runtime.ts";
import { compilerOf } from "./java-runtime.ts";
import type { Language, Program, Programs } from "./programs.ts";

export interface RuntimeName {
  readonly language: Language | "provided";
  /** `22`, `3.12`, `17`; of `provided` the operating system. */
  readonly version: string;
}

/** @evidence Lambda Developer Guide, "Lambda runtimes" */
export const runtimeNames: readonly string[] = [
  "nodejs24.x",
  "nodejs22.x",
  "nodejs20.x",
  "nodejs18.x",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python3.10",
  "python3.9",
  "java25",
  "java21",
  "java17",
  "java11",
  "java8.al2",
  "ruby3.4",
  "ruby3.3",
  "ruby3.2",
  "dotnet10",
  "dotnet8",
  "provided.al2023",
  "provided.al2",
];

const patterns: readonly (readonly [RegExp, RuntimeName["language"]])[] = [
  [/^nodejs(\d+)\.x$/, "node"],
  [/^python(\d+\.\d+)$/, "python"],
  [/^java(\d+)(?:\.al2)?$/, "java"],
  [/^ruby(\d+\.\d+)$/, "ruby"],
  [/^dotnet(\d+)$/, "dotnet"],
  [/^provided\.(al2|al2023)$/, "provided"],
];

export function parseRuntime(name: string): RuntimeName | undefined {
  for (const [pattern, language] of patterns) {
    const version = pattern.exec(name)?.[1];
    if (version !== undefined) return { language, version };
  }
  return undefined;
}

export interface Choice {
  readonly program: Program;
  /** It is the version that was asked for. */
  readonly exact: boolean;
}

/**
 * The version that was asked for, the latest of it; else the next newer one; else the newest older one. Code
 * that
 * needs an exact version fails as code does, and `doctor` says what it runs on.
 */
export async function chooseProgram(
  { language, version }: RuntimeName,
  programs: Programs,
): Promise<Choice | undefined> {
  if (language === "provided") return undefined;
  const wanted = numbers(version);
  const sorted = [...(await programs.all(language))].sort((left, right) =>
    compare(numbers(left.version), numbers(right.version)),
  );
  const places = wanted.length;
  const against = ({ version: found }: Program): number => compare(numbers(found).slice(0, places), wanted);
  const exact = sorted.filter((program) => against(program) === 0).at(-1);
  if (exact) return { program: exact, exact: true };
  const newer = sorted.find((program) => against(program) > 0);
  const nearest = newer
    ? sorted
        .filter(
          (program) =>
            compare(numbers(program.version).slice(0, places), numbers(newer.version).slice(0, places)) === 0,
        )
        .at(-1)
    : sorted.at(-1);
  return nearest && isOldEnough(language, nearest) ? { program: nearest, exact: false } : undefined;
}

/** What the bootstraps here need at least. */
function isOldEnough(language: Language, { version }: Program): boolean {
  const least: Record<Language, string> = { node: "18", python: "3.8", java: "11", ruby: "3", dotnet: "3.1" };
  return compare(numbers(version), numbers(least[language])) >= 0;
}

function numbers(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export async function runtimeFact(runtime: string, programs: Programs): Promise<RuntimeFact> {
  const name = parseRuntime(runtime);
  if (!name) return { runtime, available: false, detail: "no runtime of Lambda's" };
  if (name.language === "provided") return { runtime, available: true, detail: "runs its own bootstrap" };
  const choice = await chooseProgram(name, programs);
  if (!choice) return { runtime, available: false, detail: `there is no ${name.language} on this machine` };
  const { program, exact } = choice;
  if (name.language === "java" && compilerOf(program) === undefined) {
    return { runtime, available: false, detail: `${program.path} is no JDK: there is no javac beside it` };
  }
  const limits =
    name.language === "dotnet" && dotnetCompilerOf(program) === undefined
      ? ", which has no SDK: class libraries can't be run, only programs"
      : "";
  const found = `${program.version} at ${program.path}${limits}`;
  return {
    runtime,
    available: true,
    detail: exact ? found : `runs on ${found}: ${name.version} is not here`,
  };
}
