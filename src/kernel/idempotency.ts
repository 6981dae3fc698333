/**
 * Client tokens: a request that is sent again with its token is answered as it was before, and done once. The
 * token is the member that the model marks with its `idempotencyToken` trait.
 */

import { createHash } from "node:crypto";
import { table } from "../store/types.ts";
import type { Context } from "./context.ts";
import type { OperationToken } from "./tokens.ts";

interface Answered {
  readonly operation: string;
  readonly token: string;
  readonly inputHash: string;
  readonly output: unknown;
  /** Epoch milliseconds. */
  readonly forgottenAt: number;
}

const answers = table<Answered, "forgotten">("kernel.answers", {
  key: (row) => [row.operation, row.token],
  indexes: { forgotten: (row) => row.forgottenAt },
});

export interface Idempotency<Input, Output> {
  readonly keepMilliseconds: number;
  /** The service's refusal of a token that came with another input before. */
  readonly mismatch: (token: string) => Error;
  /** What a repetition is answered, where that differs from the first answer. */
  readonly repeated?: (first: Output, input: Input) => Output;
}

/**
 * A `run` that does a request with a token once, in the cell, for as long as the answer is kept. What is
 * refused is not remembered.
 *
 * ```ts
 * run: idempotent(dynamodb.TransactWriteItems, { keepMilliseconds: 600_000, mismatch }, (input, ctx) => …)
 * ```
 */
export function idempotent<Input extends object, Output>(
  operation: OperationToken<Input, Output>,
  rules: Idempotency<Input, Output>,
  run: (input: Input, ctx: Context) => Output,
): (input: Input, ctx: Context) => Output {
  const name = `${operation.service}.${operation.name}`;
  return (input, ctx) => {
    const member = tokenMember(ctx, operation);
    const { [member]: token, ...rest } = input as Readonly<Record<string, unknown>>;
    if (typeof token !== "string") return run(input, ctx);

    const now = ctx.clock.now();
    const inputHash = hashOf(rest);
    const known = ctx.db(answers).get([name, token]);
    if (known && known.forgottenAt > now) {
      if (known.inputHash !== inputHash) throw rules.mismatch(token);
      const first = known.output as Output;
      return rules.repeated ? rules.repeated(first, input) : first;
    }
    const output = run(input, ctx);
    forgetSome(ctx, now);
    ctx.db(answers).put({
      operation: name, token, inputHash, output, forgottenAt: now + rules.keepMilliseconds,
    });
    return output;
  };
}

/** Each answer that is added takes two old ones away, so that they stay few without a job. */
function forgetSome(ctx: Context, now: number): void {
  for (const { operation, token } of [...ctx.db(answers).by("forgotten").list({ before: now, limit: 2 })]) {
    ctx.db(answers).delete([operation, token]);
  }
}

type Named = Pick<OperationToken<unknown, unknown>, "service" | "name">;

function tokenMember(ctx: Context, { service, name }: Named): string {
  const { operations, shapes } = ctx.kernel.model(service);
  const members = shapes[operations[name]?.input?.shape ?? ""]?.members ?? {};
  const [member] = Object.entries(members).find(([, ref]) => ref.idempotencyToken) ?? [];
  if (member === undefined) throw new TypeError(`${service}:${name} has no idempotency token`);
  return member;
}

/** Equal for inputs that mean the same: members and map keys may come in any order. */
function hashOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("base64");
}

function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("base64")}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}
