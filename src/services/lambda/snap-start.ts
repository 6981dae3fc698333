/** SnapStart: which versions it is for, and what it can't be together with. */

import { notBesideSnapStart, notForSnapStart } from "./errors.ts";
import type { FunctionVersion, Settings } from "./function-table.ts";
import { requireNoTenants } from "./tenancy.ts";

/**
 * @evidence Lambda Developer Guide, "SnapStart supported runtimes": Java 11, Python 3.12, .NET 8 and later
 */
function canSnapStart(runtime: string | undefined): boolean {
  if (runtime === undefined) return false;
  const [, language, version] = /^(java|python3\.|dotnet)(\d+)$/.exec(runtime) ?? [];
  return Number(version) >= (language === "java" ? 11 : language === "dotnet" ? 8 : 12);
}

/** Snapshots are taken of published versions alone. */
export function isOptimized({ number, settings }: FunctionVersion): boolean {
  return number > 0 && settings.SnapStart.ApplyOn === "PublishedVersions" && canSnapStart(settings.Runtime);
}

/** @evidence Lambda Developer Guide, "SnapStart limitations": /tmp of 512 MB at most */
const storageMegabytesMax = 512;

/** @throws AwsError where SnapStart is wanted beside what rules it out */
export function requireSnapshotable(settings: Settings): void {
  if (settings.SnapStart.ApplyOn !== "PublishedVersions") return;
  requireNoTenants({ settings }, "SnapStart");
  const { Runtime: runtime } = settings;
  if (runtime !== undefined && !canSnapStart(runtime)) throw notForSnapStart(runtime);
  if ((settings.EphemeralStorage.Size ?? storageMegabytesMax) > storageMegabytesMax) {
    throw notBesideSnapStart(`ephemeral storage of more than ${storageMegabytesMax} MB`);
  }
}

/** @throws AwsError */
export function requireNoSnapshot({ settings }: FunctionVersion): void {
  if (settings.SnapStart.ApplyOn !== "PublishedVersions") return;
  throw notBesideSnapStart("provisioned concurrency");
}
