/** Refusals of global tables with strong consistency. @evidence recorded, but for those that say otherwise */

import { validation } from "../errors.ts";

const whenStrong = "global tables with MultiRegionConsistency set to STRONG";

export function onlyOneReplica(): Error {
  return validation(`Deletion of only one table replica is not supported for ${whenStrong}.`);
}

export function wrongReplicaCount(): Error {
  return validation(`Unsupported replica count for ${whenStrong}.`);
}

export function wrongRegions(regions: readonly string[]): Error {
  return validation(`Unsupported Region(s) specified for ${whenStrong}: [${regions.join(", ")}].`);
}

export function witnessNeedsStrong(): Error {
  return validation(
    "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.",
  );
}

export function regionsNamedTwice(): Error {
  return validation("Cannot target multiple regions with the same action");
}

export function witnessAtHome(): Error {
  return validation(
    "Cannot add a witness in the same region as an existing replica when creating a global table with " +
      "MultiRegionConsistency set to STRONG.",
  );
}

export function consistencyIsFixed(): Error {
  return validation("MultiRegionConsistency parameter is unsupported on existing global table");
}

export function onlyCreates(): Error {
  return validation(
    "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.",
  );
}

export function isComplete(): Error {
  return validation("Cannot add replicas to a global table with strong MultiRegionConsistency");
}

export function witnessMissing(): Error {
  return validation("Update table delete operation does not include all witnesses.");
}

/** @evidence recorded from "one or more witnesses" on; the beginning is that of replicas */
export function noSuchWitness(regions: readonly string[]): Error {
  return validation(
    "Update global table operation failed because one or more witnesses were not part of the global table. " +
      `Please retry the request without these witnesses: [${regions.join(", ")}].`,
  );
}

/** In our words. @evidence Developer Guide, "Multi-Region strong consistency": what it cannot go with */
export function notWhenStrong(what: string): Error {
  return validation(`${what} not supported for ${whenStrong}.`);
}
