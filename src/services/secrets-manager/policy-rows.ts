/** The policies of secrets as they are kept. */

import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { findSecret } from "./secret-rows.ts";

export interface SecretPolicy {
  readonly secret: string;
  readonly document: string;
}

export const policies = table<SecretPolicy>("secrets-manager.policies", { key: (row) => row.secret });

export function resourcePolicyOf(arn: string, ctx: ReadContext): string | undefined {
  const secret = arn.startsWith("arn:") ? findSecret(ctx, arn) : undefined;
  return secret && ctx.db(policies).get(secret.name)?.document;
}
