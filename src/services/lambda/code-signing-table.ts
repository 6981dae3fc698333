/** Code signing configurations as rows. */

import type { AllowedPublishers, CodeSigningPolicy } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { codeNotSigned, codeSigningNotFound } from "./errors.ts";

export interface CodeSigning {
  readonly id: string;
  readonly description: string;
  readonly publishers: AllowedPublishers;
  readonly untrusted: CodeSigningPolicy;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

export const codeSignings = table<CodeSigning>("lambda.codeSignings", { key: (row) => row.id });

export function codeSigningId(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}

/** @throws AwsError when it is not there */
export function requireCodeSigningConfig(ctx: ReadContext, arn: string): CodeSigning {
  const found = ctx.db(codeSignings).get(codeSigningId(arn));
  if (!found) throw codeSigningNotFound(arn);
  return found;
}

/**
 * Whether code may be deployed under a configuration. No code is signed, since AWS Signer is not here: who
 * enforces signatures deploys nothing.
 *
 * @throws AwsError
 */
export function requireCodeSigning(ctx: ReadContext, arn: string | undefined): void {
  if (arn === undefined || arn === "") return;
  if (requireCodeSigningConfig(ctx, arn).untrusted === "Enforce") throw codeNotSigned(arn);
}
