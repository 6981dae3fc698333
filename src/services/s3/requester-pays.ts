/** Buckets whose requesters pay: nobody else may have that happen to them unknowingly. */

import type * as s3 from "../../generated/s3.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { buckets, type Bucket } from "./bucket-table.ts";
import { accessDenied } from "./errors.ts";

export interface PayingInput {
  readonly Bucket: string;
  readonly RequestPayer?: string | undefined;
}

/**
 * Others than the owner must say that they pay, and who is nobody cannot.
 *
 * @throws AccessDenied
 * @evidence S3 User Guide, "Using Requester Pays buckets": anonymous access is not allowed; status 403
 */
export function requirePayer(input: PayingInput, ctx: ReadContext): void {
  const { type, account } = ctx.caller;
  if (account === ctx.account || type === "AWSService") return;
  if (ctx.db(buckets).get(input.Bucket)?.requestPayer !== "Requester") return;
  if (type === "Anonymous" || input.RequestPayer?.toLowerCase() !== "requester") throw accessDenied();
}

/** What answers say of it: that the requester was charged. */
export function requestCharged(
  bucket: Bucket,
  { caller, account }: ReadContext,
): { readonly RequestCharged?: s3.RequestCharged } {
  const pays = bucket.requestPayer === "Requester" && caller.account !== account;
  return pays && caller.type !== "AWSService" ? { RequestCharged: "requester" } : {};
}
