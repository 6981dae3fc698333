/** Which operations of which services are built. */

import { directory } from "../generated/directory.ts";
import { Models } from "../kernel/model/load.ts";
import type { Service } from "../kernel/service.ts";
import type { DirectoryEntry } from "../kernel/tokens.ts";

export interface ServiceCoverage {
  readonly service: string;
  readonly built: number;
  readonly total: number;
  readonly operations: readonly { readonly name: string; readonly built: boolean }[];
}

/** Reads models and loads handlers, of all services or of one; needs no running region. */
export async function coverageOf(name?: string, models = new Models()): Promise<ServiceCoverage[]> {
  const entries = directory.filter(({ service }) => name === undefined || service === name);
  const services = await Promise.all(entries.map((entry) => serviceCoverage(entry, models)));
  return services.sort((left, right) => (left.service < right.service ? -1 : 1));
}

async function serviceCoverage(entry: DirectoryEntry, models: Models): Promise<ServiceCoverage> {
  const service = (await entry.load?.())?.default as Service | undefined;
  const operations = Object.keys(models.get(entry.service).operations)
    .sort()
    .map((name) => ({ name, built: service?.operations.has(name) ?? false }));
  const built = operations.filter((operation) => operation.built).length;
  return { service: entry.service, built, total: operations.length, operations };
}
