/** What a bucket is: its row, its name in the partition, and how it is found. */

import type * as s3 from "../../../generated/s3.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { partitionCell } from "../../../kernel/partition.ts";
import type { Arrival, Owner } from "../../../kernel/operation.ts";
import { table } from "../../../store/types.ts";
import { accessDenied, invalidExpectedOwner, noSuchBucket, permanentRedirect } from "../errors.ts";

/** A bucket and all that it is set to, together: every request for one of its objects needs most of it. */
export interface Bucket {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly versioning?: "Enabled" | "Suspended";
  readonly mfaDelete?: "Enabled" | "Disabled";
  /** There from the bucket's creation or enabled later, and never taken away. */
  readonly objectLock?: s3.ObjectLockConfiguration;
  readonly ownership?: s3.ObjectOwnership;
  readonly publicAccessBlock?: s3.PublicAccessBlockConfiguration;
  readonly encryption?: s3.ServerSideEncryptionRule;
  /** JSON text. */
  readonly policy?: string;
  readonly acl?: s3.AccessControlPolicy;
  readonly cors?: s3.CORSConfiguration;
  readonly website?: s3.WebsiteConfiguration;
  readonly lifecycle?: s3.BucketLifecycleConfiguration & { readonly transitionDefault?: string };
  readonly replication?: s3.ReplicationConfiguration;
  readonly notifications?: s3.NotificationConfiguration;
  readonly logging?: s3.LoggingEnabled;
  readonly requestPayer?: s3.Payer;
  readonly acceleration?: s3.BucketAccelerateStatus;
  readonly abac?: s3.AbacStatus;
  /** There are configurations of request metrics. */
  readonly countsRequests?: true;
  /** Storage class analysis is exported. */
  readonly isAnalyzed?: true;
}

export const buckets = table<Bucket>("s3.buckets", { key: (row) => row.name });

/** Where a bucket of the partition is. Lives in the partition's cell. */
export interface BucketName {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly createdAt: number;
}

export const bucketNames = table<BucketName, "account">("s3.bucketNames", {
  key: (row) => row.name,
  indexes: { account: (row) => [row.account, row.name] },
});

/** Whether a row of the partition's cell is there for a name. */
export function findBucketName(kernel: Kernel, name: string): BucketName | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(bucketNames).get(name));
}

/** A bucket by its name alone, wherever it is. */
export function bucketAt(kernel: Kernel, name: string): Bucket | undefined {
  const cell = findBucketName(kernel, name);
  return cell && kernel.read(cell, (transaction) => transaction.rows(buckets).get(name));
}

interface NamesBucket {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
  /** Of the access point that the request came through: the bucket is where it says. */
  readonly AccessPointArn?: string | undefined;
}

/**
 * The cell of a bucket.
 *
 * @throws NoSuchBucket; PermanentRedirect when the request came to another region's endpoint; AccessDenied
 *   when the bucket is not whose the client expects
 * @evidence S3 User Guide, "Request redirection and the REST API", "Verifying bucket ownership"
 */
export function ownerOfBucket(input: NamesBucket, arrival: Arrival): Owner {
  const found = findBucketName(arrival.kernel, input.Bucket);
  if (!found) throw noSuchBucket(input.Bucket);
  const isSpanned = input.AccessPointArn?.startsWith("arn:aws:s3::") === true;
  if (found.region !== arrival.region && !arrival.anywhere && !isSpanned) {
    throw permanentRedirect(found.name, found.region);
  }
  return expectedOwner(input, found);
}

export function expectedOwner(input: Pick<NamesBucket, "ExpectedBucketOwner">, found: BucketName): Owner {
  const expected = input.ExpectedBucketOwner;
  if (expected !== undefined && !/^\d{12}$/.test(expected)) throw invalidExpectedOwner(expected);
  if (expected !== undefined && expected !== found.account) throw accessDenied();
  return { account: found.account, region: found.region };
}

export function requireBucket(ctx: ReadContext, name: string): Bucket {
  const bucket = ctx.db(buckets).get(name);
  if (!bucket) throw noSuchBucket(name);
  return bucket;
}

/** Replaces what a bucket is set to; members given as undefined are taken away. */
export function changeBucket(ctx: Context, name: string, change: BucketChange): Bucket {
  const changed: Record<string, unknown> = { ...requireBucket(ctx, name), ...change };
  for (const [member, value] of Object.entries(change)) if (value === undefined) delete changed[member];
  return ctx.db(buckets).put(changed as unknown as Bucket);
}

export type BucketChange = { readonly [Member in keyof Omit<Bucket, "name">]?: Bucket[Member] | undefined };

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}
