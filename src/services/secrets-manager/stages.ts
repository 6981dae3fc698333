/**
 * Staging labels. Each is on one version of a secret at a time.
 *
 * @evidence Secrets Manager API Reference, PutSecretValue and UpdateSecretVersionStage; recorded AWS answers
 *   to
 *   ListSecretVersionIds: the version that loses AWSCURRENT gets AWSPREVIOUS and loses AWSPENDING; labels are
 *   shown in alphabetical order
 */

export const current = "AWSCURRENT";
export const previous = "AWSPREVIOUS";
export const pending = "AWSPENDING";

export interface Staged {
  readonly versionId: string;
  readonly stages: readonly string[];
}

function without(stages: readonly string[], ...gone: string[]): string[] {
  return stages.filter((stage) => !gone.includes(stage));
}

function sorted(stages: Iterable<string>): string[] {
  return [...new Set(stages)].sort();
}

/** The labels of every version once `stage` is on version `to`, or, without `to`, on none. */
export function moveStage(
  versions: readonly Staged[], stage: string, to: string | undefined,
): Map<string, string[]> {
  const stages = new Map(versions.map((version) => [version.versionId, [...version.stages]]));
  const from = versions.find((version) => version.stages.includes(stage))?.versionId;
  if (from === to) return stages;
  if (from !== undefined) stages.set(from, without(stages.get(from) ?? [], stage));
  if (to !== undefined) stages.set(to, sorted([...(stages.get(to) ?? []), stage]));
  if (stage !== current || to === undefined || from === undefined) return stages;
  for (const [versionId, labels] of stages) stages.set(versionId, without(labels, previous));
  stages.set(from, sorted([...without(stages.get(from) ?? [], pending), previous]));
  return stages;
}
