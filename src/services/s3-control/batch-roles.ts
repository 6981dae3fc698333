/** Under whose permissions a job of Batch Operations works. */

import * as sts from "../../generated/sts.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { jobArn, type BatchJob } from "./batch-job-table.ts";

export const batchService = "batchoperations.s3.amazonaws.com";

/** @throws AwsError when the role does not let Batch Operations in */
export async function assumeRole(ctx: BodyContext, { id, request }: BatchJob): Promise<CallOptions> {
  const { Credentials } = await ctx.call(
    sts.AssumeRole,
    { RoleArn: request.RoleArn, RoleSessionName: `s3-batch-operations_${id}`.slice(0, 64) },
    { as: "service", principal: batchService, sourceArn: jobArn(ctx, id), account: ctx.account },
  );
  return { as: { session: Credentials?.SessionToken ?? "" } };
}
