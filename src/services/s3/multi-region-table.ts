/** Multi-Region Access Points: one name for buckets in several regions. */

import type * as s3 from "../../generated/s3.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { partitionCell } from "../../kernel/partition.ts";
import { table } from "../../store/types.ts";

export interface MultiRegionBucket {
  readonly bucket: string;
  readonly region: string;
  readonly owner: string;
  /** Percent of the traffic: 100 is active, 0 passive. */
  readonly traffic: 0 | 100;
}

/** Unique in the partition by its alias, and so in the partition's cell. */
export interface MultiRegionAccessPoint {
  readonly alias: string;
  readonly account: string;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly status: "CREATING" | "READY" | "DELETING" | "INCONSISTENT_ACROSS_REGIONS";
  readonly buckets: readonly MultiRegionBucket[];
  readonly publicAccessBlock: s3.PublicAccessBlockConfiguration;
  /** JSON text; what was put last counts once it has been established. */
  readonly policy?: string;
  readonly proposedPolicy?: string;
}

export const multiRegionAccessPoints = table<MultiRegionAccessPoint, "account">("s3.multiRegionAccessPoints", {
  key: (row) => row.alias,
  indexes: { account: (row) => [row.account, row.name] },
});

const suffix = ".mrap";

export function multiRegionArn(account: string, alias: string): string {
  return `arn:aws:s3::${account}:accesspoint/${alias}`;
}

const arnForm = /^arn:aws:s3::(\d{12}):accesspoint[/:]([a-z0-9]+\.mrap)$/;

/** The alias in a Multi-Region Access Point's ARN or host name, or what is one; undefined for others. */
export function multiRegionAlias(text: string): string | undefined {
  const alias = arnForm.exec(text)?.[2] ?? text.replace(/\.accesspoint$/, "");
  return alias.endsWith(suffix) ? alias : undefined;
}

export function findMultiRegion(kernel: Kernel, alias: string): MultiRegionAccessPoint | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(multiRegionAccessPoints).get(alias));
}
