/** Tables of one name in several regions, which are one global table. */

import type { ReadContext } from "../../../kernel/context.ts";
import { settled, tables, type Table } from "../tables/table-rows.ts";

/** @evidence the regions of the partition `aws` in botocore's endpoints, 2026-10 */
export const supportedRegions: readonly string[] = [
  "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
  "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
  "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2",
  "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
  "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
  "us-west-2",
];

/** DynamoDB itself, at work between regions. */
export function isOwnService(ctx: ReadContext): boolean {
  return ctx.caller.type === "AWSService" && ctx.caller.arn === "dynamodb.amazonaws.com";
}

/** The table of this name in another region, also while it is being made or deleted. */
export function tableElsewhere(ctx: ReadContext, region: string, name: string): Table | undefined {
  const row = ctx.kernel.read(
    { account: ctx.account, region }, (transaction) => transaction.rows(tables).get(name),
  );
  const now = ctx.clock.now();
  const isGone = row?.status === "DELETING" && row.transition !== undefined && row.transition.until <= now;
  return row && !isGone ? settled(row, now) : undefined;
}

/** The other regions that have the table, or are about to. */
export function otherRegions({ replicas = [] }: Table): string[] {
  return replicas.map(({ region }) => region);
}
