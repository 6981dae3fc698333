/** Access points: other names of a bucket, with policies of their own. */

import type * as s3 from "../../../generated/s3.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { partitionCell } from "../../../kernel/partition.ts";
import { table } from "../../../store/types.ts";

/** In the cell of the account and the region that made it. */
export interface AccessPoint {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  /** Account of the bucket. */
  readonly bucketOwner: string;
  readonly alias: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly vpcId?: string;
  readonly publicAccessBlock: s3.PublicAccessBlockConfiguration;
  /** JSON text. */
  readonly policy?: string;
}

export const accessPoints = table<AccessPoint, "bucket">("s3.accessPoints", {
  key: (row) => row.name,
  indexes: { bucket: (row) => [row.bucket, row.name] },
});

/** Which access point an alias is. Lives in the partition's cell, as names of buckets do. */
export interface AccessPointAlias {
  readonly alias: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

export const accessPointAliases = table<AccessPointAlias>("s3.accessPointAliases", {
  key: (row) => row.alias,
});

/** Whether the bucket's own account has access points to it. */
export function hasAccessPoints(ctx: ReadContext, bucket: string): boolean {
  return ctx.db(accessPoints).by("bucket").first({ prefix: [bucket] }) !== undefined;
}

export type AccessPointPlace = Omit<AccessPointAlias, "alias">;

export function accessPointArn({ region, account, name }: AccessPointPlace): string {
  return `arn:aws:s3:${region}:${account}:accesspoint/${name}`;
}

export function findAlias(kernel: Kernel, alias: string): AccessPointAlias | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(accessPointAliases).get(alias));
}

export function findAccessPoint(kernel: Kernel, place: AccessPointPlace): AccessPoint | undefined {
  return kernel.read(place, (transaction) => transaction.rows(accessPoints).get(place.name));
}

const arnForm = /^arn:aws:s3:([a-z0-9-]+):(\d{12}):accesspoint[/:]([a-z0-9-]+)$/;

/** The place in an access point's ARN; undefined for other ARNs. */
export function accessPointPlace(arn: string): AccessPointPlace | undefined {
  const match = arnForm.exec(arn);
  if (!match) return undefined;
  const [, region = "", account = "", name = ""] = match;
  return { region, account, name };
}
