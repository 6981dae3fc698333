/** The policies of streams and consumers, which let other accounts in. */

import * as kinesis from "../../generated/kinesis.ts";
import { validatePolicy } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { onResource, requireStream } from "./addresses.ts";
import { requireConsumerByArn } from "./consumers.ts";
import { invalidArgument, notFound } from "./errors.ts";
import { forgetPolicy, policies } from "./policy-rows.ts";

/** @throws ResourceNotFoundException for the ARN of neither a stream nor a consumer that is there */
export function requireResource(ctx: ReadContext, arn: string): void {
  if (arn.includes("/consumer/")) requireConsumerByArn(ctx, arn);
  else requireStream(ctx, { StreamARN: arn });
}

/** @evidence Developer Guide, "Sharing your data stream": 20 KB */
const policyBytesMax = 20_480;

export const PutResourcePolicy = operation(kinesis.PutResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    const { Policy: document } = input;
    if (Buffer.byteLength(document) > policyBytesMax) {
      throw invalidArgument(`Policy size must not exceed ${policyBytesMax} bytes.`);
    }
    const [problem] = validatePolicy(document, "resource");
    if (problem !== undefined) throw invalidArgument("Policy document is malformed.");
    const stranger = (): Error => invalidArgument("Invalid principal in policy.");
    const kept = keptPolicy(ctx.kernel.identity, document, stranger);
    ctx.db(policies).put({ arn: input.ResourceARN, document: kept });
  },
});

export const GetResourcePolicy = operation(kinesis.GetResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    const policy = ctx.db(policies).get(input.ResourceARN);
    if (!policy) throw notFound(`No resource policy found for resource ARN ${input.ResourceARN}.`);
    return { Policy: shownPolicy(ctx.kernel.identity, policy.document) };
  },
});

export const DeleteResourcePolicy = operation(kinesis.DeleteResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    forgetPolicy(ctx, input.ResourceARN);
  },
});
