/** Storage classes, from warm to cold. */

import type * as s3 from "../../../generated/s3.ts";

/**
 * Transitions lead from an earlier to a later one.
 *
 * @evidence S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle", "Supported transitions"
 */
const waterfall: readonly string[] = [
  "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR",
  "GLACIER", "DEEP_ARCHIVE",
];

export function rankOf(storageClass: string | undefined): number {
  return waterfall.indexOf(storageClass ?? "STANDARD");
}

export const transitionClasses: ReadonlySet<string> = new Set<s3.TransitionStorageClass>([
  "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
]);

/** What must be restored before it can be read. */
export function isArchive(storageClass: string | undefined): boolean {
  return storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE";
}

const smallBytes = 128 * 1024;

/**
 * Small objects stay where they are, unless a rule speaks of sizes itself.
 *
 * @param standard what the configuration says of small objects
 * @evidence S3 User Guide, "Constraints and considerations for transitions", "Objects smaller than 128 KB"
 */
export function isTooSmall(storageClass: string, sizeBytes: number, standard: string | undefined): boolean {
  if (sizeBytes >= smallBytes) return false;
  return standard !== "varies_by_storage_class" || !isArchive(storageClass);
}
