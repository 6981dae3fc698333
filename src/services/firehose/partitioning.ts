/** Dynamic partitioning: records with the same keys go into one object. */

import type { ExtendedS3DestinationConfiguration } from "../../generated/firehose.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { partitionKeysIn } from "./prefixes.ts";
import { parameterOf } from "./processors.ts";
import { parseQuery, partitionKeysOf, type PartitionQuery } from "./queries.ts";

/** @evidence Developer Guide, "Quotas": 500 active partitions a stream; what is beyond goes to the errors */
const partitionsMax = 500;

interface Group {
  readonly keys: Readonly<Record<string, string>>;
  readonly parcels: Parcel[];
}

export interface Partitioned {
  readonly groups: readonly Group[];
  readonly unpartitioned: readonly Failed[];
}

export function partitioned(
  settings: ExtendedS3DestinationConfiguration, parcels: readonly Parcel[], now: number,
): Partitioned {
  if (!settings.DynamicPartitioningConfiguration?.Enabled) {
    return { groups: [{ keys: {}, parcels: [...parcels] }], unpartitioned: [] };
  }
  const text = parameterOf(
    settings.ProcessingConfiguration, "MetadataExtraction", "MetadataExtractionQuery");
  const query = text === undefined ? undefined : parseQuery(text);
  const wanted = partitionKeysIn(settings.Prefix ?? "").map(({ key }) => key);
  const groups = new Map<string, Group>();
  const unpartitioned: Failed[] = [];
  for (const parcel of parcels) {
    try {
      const keys = keysOf(query, parcel, { wanted, now });
      const name = JSON.stringify(wanted.map((key) => keys[key]));
      const group = groups.get(name) ?? { keys, parcels: [] };
      if (group.parcels.length === 0 && groups.size === partitionsMax) {
        unpartitioned.push({ parcel, attempts: 1, ...tooManyPartitions });
        continue;
      }
      group.parcels.push(parcel);
      groups.set(name, group);
    } catch (error) {
      unpartitioned.push({
        parcel, attempts: 1, errorCode: "DynamicPartitioning.MetadataExtractionFailed",
        errorMessage: (error as Error).message,
      });
    }
  }
  return { groups: [...groups.values()], unpartitioned };
}

const tooManyPartitions = {
  errorCode: "DynamicPartitioning.ActivePartitionsLimitExceeded",
  errorMessage: `The stream has ${partitionsMax} active partitions, which is the limit.`,
};

/** @throws where a key that the prefix names is not there */
function keysOf(
  query: PartitionQuery | undefined, parcel: Parcel,
  { wanted, now }: { readonly wanted: readonly string[]; readonly now: number },
): Record<string, string> {
  const found = query ? partitionKeysOf(query, JSON.parse(parcel.data.toString()), now) : {};
  const keys: Record<string, string> = { ...found, ...parcel.partitionKeys };
  for (const key of wanted) {
    if (keys[key] === undefined || keys[key] === "") {
      throw new RangeError(`partitionKeys values must not be null or empty: ${key}`);
    }
  }
  return keys;
}
