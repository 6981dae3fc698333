/** Buckets whose requesters pay: nobody else may have that happen to them unknowingly. */

import type { BodyContext, ReadContext } from "../../../kernel/context.ts";
import { buckets } from "../buckets/table.ts";
import { accessDenied } from "../errors.ts";

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

/** Answers say that the requester was charged, where their model has a word for it. */
export function sayCharged(
  output: Record<string, unknown>,
  input: Readonly<Record<string, unknown>>,
  ctx: BodyContext,
): void {
  const { type, account } = ctx.caller;
  if (account === ctx.account || type === "AWSService") return;
  const bucket = ctx.reading(() => ctx.db(buckets).get(String(input["Bucket"])));
  if (bucket?.requestPayer === "Requester") output["RequestCharged"] = "requester";
}
