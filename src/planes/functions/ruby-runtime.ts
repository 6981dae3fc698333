/** How functions in Ruby are begun: where the language, the runtime, gems and libraries are inside. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import type { Program } from "./programs.ts";
import { telemetryDescriptor, type Mount, type SandboxEngine } from "./sandbox/sandbox.ts";

export interface RubyPlaces {
  readonly task: string;
  readonly layers: string;
}

export interface RubyBegun {
  readonly command: readonly string[];
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param version that was asked for: `3.3`
 * @evidence Lambda Developer Guide, "Defined runtime environment variables" (`GEM_PATH`), "Working with
 * layers for Ruby Lambda functions" (`ruby/gems/x.x.x`, `ruby/lib`)
 */
export function beginRuby(
  version: string,
  { task, layers }: RubyPlaces,
  engine: SandboxEngine,
  program: Program,
): RubyBegun {
  const runtime = { host: join(packageRoot(), "runtimes", "ruby"), inside: "/var/runtime/ruby" };
  // Ruby knows by its own path where its library is: what is no part of the system stays where it is.
  const { path, prefix } = program;
  const language = prefix === undefined ? [] : [{ host: prefix, inside: prefix }];
  return {
    command: [path, join(engine.see(runtime), "bootstrap.rb")],
    mounts: [...language, runtime],
    environment: {
      GEM_PATH: [
        ...gemVersions(version, program).flatMap((abi) => {
          return [`${task}/vendor/bundle/ruby/${abi}`, `${layers}/ruby/gems/${abi}`];
        }),
        ...(prefix === undefined ? systemGems(gemVersions(version, program)[0] ?? "") : []),
      ].join(":"),
      RUBYLIB: [task, `${layers}/ruby/lib`].join(":"),
      _LAMBDA_TELEMETRY_LOG_FD: String(telemetryDescriptor),
    },
  };
}

/** Gems are kept by the version that they were installed for: this one's, and the one that was asked for. */
function gemVersions(version: string, program: Program): readonly string[] {
  const running = program.version.split(".").slice(0, 2).join(".");
  return [...new Set([running, version])].map((minor) => `${minor}.0`);
}

/** Debian keeps the gems that come with Ruby, and those of its own packages, in folders of their own. */
function systemGems(abi: string): readonly string[] {
  const triplet = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  return [
    `/usr/lib/ruby/gems/${abi}`,
    `${triplet}/ruby/gems/${abi}`,
    `/usr/share/rubygems-integration/${abi}`,
    "/usr/share/rubygems-integration/all",
    `${triplet}/rubygems-integration/${abi}`,
  ].filter((folder) => existsSync(folder));
}
