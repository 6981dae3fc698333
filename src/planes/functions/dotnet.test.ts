import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { beginDotnet, type DotnetBegun } from "./dotnet-runtime.ts";
import { Programs, type Program } from "./programs.ts";
import { chooseProgram, runtimeFact } from "./runtime-names.ts";
import type { SandboxEngine } from "./sandbox/sandbox.ts";

const root = mkdtempSync(join(tmpdir(), "dotnet-"));
after(() => rmSync(root, { recursive: true }));

function write(path: string, text = ""): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

/** A stand-in: says which versions are beside it, and compiles by writing down what it was asked. */
function install(name: string, versions: readonly string[], { sdk = true } = {}): Program {
  const lines = ["Microsoft.AspNetCore.App 8.0.1 [/x]"].concat(
    versions.map((version) => `Microsoft.NETCore.App ${version} [${root}/${name}/shared]`),
  );
  const script = `#!/bin/sh
if [ "$1" = --list-runtimes ]; then printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}; exit; fi
case "$*" in
  *-version*) echo "Couldn't find a valid ICU package installed on the system." >&2; exit 134;;
esac
for option; do case "$option" in -out:*) echo "$*" > "\${option#-out:}";; esac; done
`;
  const path = write(`${name}/dotnet`, script);
  chmodSync(path, 0o755);
  const framework = `${name}/shared/Microsoft.NETCore.App`;
  for (const version of versions) write(`${framework}/${version}/System.Runtime.dll`);
  if (sdk) write(`${name}/sdk/10.0.100/Roslyn/bincore/csc.dll`);
  return { path, version: versions[0] ?? "", prefix: join(root, name) };
}

const box = { see: ({ inside }) => inside } as SandboxEngine;

async function begin(
  program: Program, handler: string, files: readonly string[], environment: Record<string, string> = {},
): Promise<DotnetBegun> {
  const code = mkdtempSync(join(root, "code-"));
  for (const file of files) writeFileSync(join(code, file), "");
  const places = { task: "/var/task", code, plane: join(root, "plane") };
  return beginDotnet({ handler, memoryMegabytes: 256, environment }, true, places, box, program);
}

test("one dotnet has as many versions as are beside it; the nearest runs the function", async () => {
  const { path } = install("several", ["8.0.11", "10.0.1", "8.0.2"]);
  const programs = new Programs({ path: dirname(path), home: root });
  const versions = (await programs.all("dotnet")).map(({ version }) => version);
  assert.deepEqual(versions.slice(0, 3), ["8.0.11", "10.0.1", "8.0.2"]);
  const choice = await chooseProgram({ language: "dotnet", version: "8" }, programs);
  assert.deepEqual([choice?.program.version, choice?.exact], ["8.0.11", true]);
  assert.deepEqual(await runtimeFact("dotnet10", programs), {
    runtime: "dotnet10", available: true, detail: `10.0.1 at ${path}`,
  });
  const bare = install("bare", ["9.0.0"], { sdk: false });
  const { detail } = await runtimeFact("dotnet8", new Programs({ path: dirname(bare.path), home: root }));
  assert.match(
    detail,
    /^runs on 9\.0\.0 at \S+\/dotnet, which has no SDK: class libraries can't be run, only programs: 8 is/,
  );
});

test("a class library is started by the runtime here, which is compiled once", async () => {
  const program = install("library", ["8.0.11"]);
  const files = ["Orders.deps.json", "Orders.runtimeconfig.json", "Other.deps.json"];
  const begun = await begin(program, "Orders::Shop.Function::Take", files);
  assert.deepEqual(begun.command, [
    "/var/lang/dotnet", "exec", "--depsfile", "/var/task/Orders.deps.json",
    "--runtimeconfig", "/var/task/Orders.runtimeconfig.json",
    "/var/runtime/dotnet/Local.Runtime.dll", "Orders::Shop.Function::Take",
  ]);
  assert.deepEqual(begun.environment, {
    DOTNET_ROOT: "/var/lang", DOTNET_GCHeapHardLimit: "10000000",
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1", _LAMBDA_TELEMETRY_LOG_FD: "3",
  });
  const [language, runtime] = begun.mounts;
  assert.deepEqual(language, { host: program.prefix, inside: "/var/lang" });
  const again = await begin(program, "Orders::Shop.Function::Take", files);
  assert.deepEqual(again.mounts[1], runtime);
});

test("files that are named otherwise are found where there is one of them", async () => {
  const program = install("named", ["8.0.11"]);
  const handler = "Orders::Shop.Function::Take";
  const only = await begin(program, handler, ["Main.deps.json", "Main.runtimeconfig.json"]);
  assert.equal(only.command[3], "/var/task/Main.deps.json");
  const many = ["A.deps.json", "B.deps.json", "A.runtimeconfig.json", "B.runtimeconfig.json"];
  const said = await begin(program, handler, many, { LAMBDA_DOTNET_MAIN_ASSEMBLY: "B.dll" });
  assert.equal(said.command[5], "/var/task/B.runtimeconfig.json");
  const missing = await begin(program, handler, many);
  assert.deepEqual(missing.command.slice(-2), [
    "Error: .NET binaries for Lambda function are not correctly installed in the /var/task directory of " +
      "the image when the image was built. The /var/task directory is missing the required .deps.json file.",
    "105",
  ]);
});

test("a program is started by itself", async () => {
  const program = install("programs", ["7.0.1"], { sdk: false });
  assert.deepEqual((await begin(program, "Waiter", ["Waiter.dll"])).command, [
    "/var/lang/dotnet", "exec", "/var/task/Waiter.dll",
  ]);
  assert.deepEqual((await begin(program, "Waiter", ["Waiter"])).command, ["/var/task/Waiter"]);
  assert.deepEqual((await begin(program, "Waiter", [])).command.slice(-2), [
    "Error: executable assembly /var/task/Waiter.dll or binary /var/task/Waiter not found.", "104",
  ]);
  await assert.rejects(begin(program, "Waiter::A::B", ["W.deps.json", "W.runtimeconfig.json"]), {
    reason: "runtime-unavailable",
    message: "Class libraries in .NET need an SDK, which compiles their runtime, and there is none",
  });
});
