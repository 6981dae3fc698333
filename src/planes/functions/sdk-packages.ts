/** The AWS SDK for functions in Node.js: what is installed beside this package, with all that it needs. */

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { modulesFolders, type Programs } from "./programs.ts";
import type { Mount } from "./sandbox/sandbox.ts";

/** Scopes whose packages are in every function, as far as they are there. */
const scopes = ["@aws-sdk", "@smithy", "@aws-crypto", "@aws"];

let known: readonly Mount[] | undefined;

/**
 * The packages to be seen in `folder`: the SDK's scopes whole, and each further package that one of theirs
 * needs.
 * Nothing else that happens to be installed is: a function that needs it would fail on AWS.
 */
export function sdkMounts(folder: string): readonly Mount[] {
  known ??= findPackages();
  return known.map(({ host, inside }) => ({ host, inside: `${folder}/${inside}` }));
}

function findPackages(): Mount[] {
  const modules = modulesFolders().find((candidate) => existsSync(join(candidate, "@aws-sdk")));
  if (modules === undefined) return [];
  const mounts: Mount[] = [];
  const seen = new Set<string>();
  const pending: string[] = [];
  for (const scope of scopes) {
    if (!existsSync(join(modules, scope))) continue;
    mounts.push({ host: realpathSync(join(modules, scope)), inside: scope });
    for (const name of readdirSync(join(modules, scope))) pending.push(`${scope}/${name}`);
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const path = join(modules, name);
    const needs = dependencies(path);
    if (needs === undefined) continue;
    pending.push(...needs);
    if (!scopes.some((scope) => name.startsWith(`${scope}/`)))
      mounts.push({ host: realpathSync(path), inside: name });
  }
  return mounts;
}

function dependencies(folder: string): string[] | undefined {
  try {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    return Object.keys(dependencies);
  } catch {
    return undefined;
  }
}

/** The folder where they are on this machine, for functions that see its files. */
export function sdkFolder(): string | undefined {
  return modulesFolders().find((candidate) => existsSync(join(candidate, "@aws-sdk")));
}

/** boto3 and what it needs: in Python alone, so that any version's will do. */
const pythonPackages = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"];
export const pythonSdkFolder = "/var/runtime/packages";

/** Those of the first Python that has them. */
export async function pythonSdkMounts(programs: Programs): Promise<readonly Mount[]> {
  for (const { version, prefix = "/usr" } of await programs.all("python")) {
    const minor = version.split(".").slice(0, 2).join(".");
    for (const folder of [`lib/python${minor}/site-packages`, "lib/python3/dist-packages"]) {
      const packages = join(prefix, folder);
      if (!existsSync(join(packages, "boto3"))) continue;
      return pythonPackages
        .filter((name) => existsSync(join(packages, name)))
        .map((name) => ({ host: join(packages, name), inside: `${pythonSdkFolder}/${name}` }));
    }
  }
  return [];
}
