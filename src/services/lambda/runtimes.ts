/** Which runtimes functions may be made with, and what each is like. */

import type { Runtime } from "../../generated/lambda.ts";
import { noRuntime, runtimeRetired } from "./errors.ts";

/**
 * Runtimes that functions can neither be made with nor changed to any more.
 *
 * @evidence Lambda Developer Guide, "Lambda runtimes", deprecated runtimes: block function update
 */
const retired: ReadonlySet<string> = new Set([
  "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x",
  "nodejs14.x",
  "python2.7", "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1",
  "ruby2.5", "ruby2.7", "java8", "go1.x", "provided",
]);

/** @evidence Lambda Developer Guide, "Lambda runtimes", supported runtimes */
const current: readonly Runtime[] = [
  "nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x", "python3.14", "python3.13",
  "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "java25", "java21", "java17", "java11",
  "java8.al2", "dotnet10", "dotnet8", "dotnet6", "ruby4.0", "ruby3.4", "ruby3.3", "ruby3.2",
  "provided.al2023", "provided.al2",
];

/** @throws AwsError for what is no runtime, and for one that functions can't have any more */
export function requireRuntime(name: string): Runtime {
  if (retired.has(name)) throw runtimeRetired(name);
  const runtime = current.find((each) => each === name);
  if (!runtime) throw noRuntime(name, current);
  return runtime;
}

/** The ARN of the runtime's one version: the region has one of each. */
export function runtimeVersionArn(region: string, runtime: string): string {
  const digits = Buffer.from(runtime).toString("hex").padEnd(64, "0").slice(0, 64);
  return `arn:aws:lambda:${region}::runtime:${digits}`;
}
