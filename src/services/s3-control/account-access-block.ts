/** Block Public Access for all buckets of an account. */

import * as control from "../../generated/s3-control.ts";
import { operation } from "../../kernel/operation.ts";
import { accountAccessBlocks, completeBlock } from "../s3/access/public-access-block.ts";
import { ofAccountEverywhere } from "./account.ts";
import { noPublicAccessBlock } from "./errors.ts";

export const PutPublicAccessBlock = operation(control.PutPublicAccessBlock, {
  ...ofAccountEverywhere,
  run(input, ctx) {
    const block = completeBlock(input.PublicAccessBlockConfiguration);
    ctx.db(accountAccessBlocks).put({ account: ctx.account, block });
  },
});

export const GetPublicAccessBlock = operation(control.GetPublicAccessBlock, {
  ...ofAccountEverywhere,
  run(_input, ctx) {
    const row = ctx.db(accountAccessBlocks).get(ctx.account);
    if (!row) throw noPublicAccessBlock();
    return { PublicAccessBlockConfiguration: row.block };
  },
});

export const DeletePublicAccessBlock = operation(control.DeletePublicAccessBlock, {
  ...ofAccountEverywhere,
  run(_input, ctx) {
    ctx.db(accountAccessBlocks).delete(ctx.account);
  },
});
