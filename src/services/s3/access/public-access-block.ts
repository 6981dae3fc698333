/** Block Public Access: of a bucket, and of all buckets of an account. */

import * as s3 from "../../../generated/s3.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { operation } from "../../../kernel/operation.ts";
import type { CellName } from "../../../store/types.ts";
import { table } from "../../../store/types.ts";
import { onBucket } from "./access.ts";
import { noPublicAccessBlock } from "./access-errors.ts";
import { changeBucket, requireBucket, type Bucket } from "../buckets/table.ts";

export type BlockSetting = keyof s3.PublicAccessBlockConfiguration;

/** What an account has set for all of its buckets. Lives in the account's cell for all regions. */
export interface AccountAccessBlock {
  readonly account: string;
  readonly block: s3.PublicAccessBlockConfiguration;
}

export const accountAccessBlocks = table<AccountAccessBlock>("s3.accountAccessBlocks", {
  key: (row) => row.account,
});

/** The cell of what an account has once, whatever the region. */
export function accountCell(account: string): CellName {
  return { account, region: "aws-global" };
}

/** All four are said. */
export function completeBlock(given: s3.PublicAccessBlockConfiguration): s3.PublicAccessBlockConfiguration {
  return {
    BlockPublicAcls: given.BlockPublicAcls ?? false,
    IgnorePublicAcls: given.IgnorePublicAcls ?? false,
    BlockPublicPolicy: given.BlockPublicPolicy ?? false,
    RestrictPublicBuckets: given.RestrictPublicBuckets ?? false,
  };
}

/**
 * Whether a setting holds for a bucket: the stricter of the bucket and its account counts.
 *
 * @param owner account of the bucket
 */
export function blocks(
  kernel: Kernel,
  bucket: Pick<Bucket, "publicAccessBlock">,
  owner: string,
  setting: BlockSetting,
): boolean {
  return bucket.publicAccessBlock?.[setting] === true || accountBlocks(kernel, owner, setting);
}

export function accountBlocks(kernel: Kernel, account: string, setting: BlockSetting): boolean {
  const row = kernel.read(accountCell(account), (transaction) =>
    transaction.rows(accountAccessBlocks).get(account),
  );
  return row?.block[setting] === true;
}

export const PutPublicAccessBlock = operation(s3.PutPublicAccessBlock, {
  ...onBucket,
  run(input, ctx) {
    const publicAccessBlock = completeBlock(input.PublicAccessBlockConfiguration);
    changeBucket(ctx, input.Bucket, { publicAccessBlock });
  },
});

export const GetPublicAccessBlock = operation(s3.GetPublicAccessBlock, {
  ...onBucket,
  run: (input, ctx) => ({ PublicAccessBlockConfiguration: requireBlock(ctx, input.Bucket) }),
});

function requireBlock(ctx: ReadContext, bucket: string): s3.PublicAccessBlockConfiguration {
  const { publicAccessBlock } = requireBucket(ctx, bucket);
  if (!publicAccessBlock) throw noPublicAccessBlock(bucket);
  return publicAccessBlock;
}

export const DeletePublicAccessBlock = operation(s3.DeletePublicAccessBlock, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { publicAccessBlock: undefined });
  },
});
