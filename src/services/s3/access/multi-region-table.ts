/** Multi-Region Access Points: one name for buckets in several regions. */

import type * as s3 from "../../../generated/s3.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { partitionCell } from "../../../kernel/partition.ts";
import { table } from "../../../store/types.ts";

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
  /** Until then it is being made. */
  readonly readyAt: number;
  /** Being deleted, until then; afterwards it is gone. */
  readonly goneAt?: number;
  readonly buckets: readonly MultiRegionBucket[];
  readonly publicAccessBlock: s3.PublicAccessBlockConfiguration;
  /** JSON text. */
  readonly policy?: string;
  /** What was put last; it counts from then on. */
  readonly proposed?: { readonly policy: string; readonly establishedAt: number };
}

export const multiRegionAccessPoints = table<MultiRegionAccessPoint, "account">(
  "s3.multiRegionAccessPoints",
  { key: (row) => row.alias, indexes: { account: (row) => [row.account, row.name] } },
);

const suffix = ".mrap";

export function multiRegionArn(account: string, alias: string): string {
  return `arn:aws:s3::${account}:accesspoint/${alias}`;
}

const arnForm = /^arn:aws:s3::(\d{12}):accesspoint[/:]([a-z0-9]+\.mrap)$/;

/** The alias in a Multi-Region Access Point's ARN or host name, or what is one; undefined for others. */
export function multiRegionAlias(text: string): string | undefined {
  if (!text.includes(suffix)) return undefined;
  const alias = arnForm.exec(text)?.[2] ?? text.replace(/\.accesspoint$/, "");
  return alias.endsWith(suffix) ? alias : undefined;
}

export function findMultiRegion(kernel: Kernel, alias: string): MultiRegionAccessPoint | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(multiRegionAccessPoints).get(alias));
}

export function multiRegionStatus(
  { readyAt, goneAt }: MultiRegionAccessPoint,
  now: number,
): "CREATING" | "READY" | "DELETING" | undefined {
  if (goneAt !== undefined) return now < goneAt ? "DELETING" : undefined;
  return now < readyAt ? "CREATING" : "READY";
}

/** The policy that counts now. */
export function establishedPolicy(
  { policy, proposed }: MultiRegionAccessPoint,
  now: number,
): string | undefined {
  return proposed && proposed.establishedAt <= now ? proposed.policy : policy;
}
