/** Client request tokens: the same request with the same token is carried out once. */

import { createHash } from "node:crypto";
import * as dynamodb from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { table } from "../../../store/types.ts";

interface Token {
  readonly token: string;
  /** Of what was asked for. */
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const tokens = table<Token, "at">("dynamodb.tokens", {
  key: (row) => row.token,
  indexes: { at: (row) => row.at },
});

/** @evidence API Reference, TransactWriteItems: a token is good for ten minutes */
const validMilliseconds = 10 * 60_000;
const sweepMilliseconds = 60_000;
const forgottenAtOnce = 500;

export function digestOf(actions: unknown): string {
  return createHash("sha256").update(JSON.stringify(actions)).digest("base64");
}

/**
 * Whether a request with this token was carried out already.
 *
 * @throws IdempotentParameterMismatchException when that was another request
 */
export function isRepeated(ctx: Context, token: string | undefined, digest: () => string): boolean {
  if (token === undefined) return false;
  const known = ctx.db(tokens).get(token);
  if (!known || known.at + validMilliseconds <= ctx.clock.now()) return false;
  if (known.digest === digest()) return true;
  throw modelled(
    dynamodb.IdempotentParameterMismatchException,
    "The provided client token is already in use with a different request payload.",
  );
}

export function remember(ctx: Context, token: string | undefined, digest: () => string): void {
  if (token === undefined) return;
  const at = ctx.clock.now();
  ctx.db(tokens).put({ token, digest: digest(), at });
  const period = Math.floor(at / sweepMilliseconds);
  const due = (period + 1) * sweepMilliseconds + validMilliseconds;
  ctx.schedule(forgetTokens, { at: due, input: {}, id: String(period) });
}

export const forgetTokens = job<Record<never, never>>("dynamodb.forgetTokens", (_input, ctx) => {
  const now = ctx.clock.now();
  const due = { before: now - validMilliseconds + 1, limit: forgottenAtOnce };
  const rows = [...ctx.db(tokens).by("at").list(due)];
  for (const { token } of rows) ctx.db(tokens).delete(token);
  if (rows.length === forgottenAtOnce) ctx.schedule(forgetTokens, { at: now + 1, input: {} });
});
