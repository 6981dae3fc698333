/** An operation: what a service does when asked, and what the kernel must know to let it. */

import type { ContextValue } from "../iam/types.ts";
import type { BodyContext, Context, ReadContext } from "./context.ts";
import type { Kernel } from "./kernel.ts";
import type { OperationToken } from "./tokens.ts";

/** Which cell an operation works in, where it is not the caller's own account and the endpoint's region. */
export interface Owner {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** What is known of a request before its cell is. */
export interface Arrival {
  /** The caller's, or the default account for who has none. */
  readonly account: string;
  readonly region: string;
  /** Neither signature nor host name a region: what is found by its name is found wherever it is. */
  readonly anywhere: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly kernel: Kernel;
}

export interface OperationRules<Input> {
  /** The ARNs that IAM is asked about, `*` where the action has no resource. All must be allowed. */
  readonly resource?: (input: Input, ctx: ReadContext) => string | readonly string[];
  /** The IAM actions, where they are not the model's own. All must be allowed. */
  readonly action?: string | ((input: Input, ctx: ReadContext) => string | readonly string[]);
  /** Whose resource the input names: a queue URL or a key ARN of another account. */
  readonly owner?: (
    input: Input,
    from: Arrival,
  ) => Owner | undefined;
  /**
   * The service's own condition keys, lower case: `kms:encryptioncontext:x`. Called only if a policy asks.
   */
  readonly conditions?: (
    input: Input,
    ctx: ReadContext,
  ) => Readonly<Record<string, ContextValue | undefined>>;
  /**
   * `policies` (default): the caller needs a policy that allows it. `signed`: any valid credentials do,
   * whatever
   * policies say. `anonymous`: no credentials needed, and the operation decides for itself.
   */
  readonly access?: "policies" | "signed" | "anonymous";
  /** How a denial is worded, where the service has its own words. Default: AWS's usual sentence. */
  readonly denied?: (message: string, input: Input) => Error;
  /** CloudTrail counts it as a data event, which the event history leaves out: SendMessage. */
  readonly dataEvent?: boolean;
  /** What CloudTrail shows of the input of a data event, under its own names, where it is not the input. */
  readonly recorded?: (input: Input, ctx: ReadContext) => object;
  /** ARNs that CloudTrail lists as touched, where they are not those of `resource`. */
  readonly touches?: (input: Input, ctx: ReadContext) => readonly string[];
}

/** Synchronous: one transaction. A throw discards what it wrote. */
export interface TransactionalOperation<Input, Output> extends OperationRules<Input> {
  readonly run: (input: Input, ctx: Context) => Output | void;
}

/** For operations that wait, move bytes, or call other services: transactions are explicit and short. */
export interface AsynchronousOperation<Input, Output> extends OperationRules<Input> {
  readonly body: (input: Input, ctx: BodyContext) => Promise<Output | void>;
  /**
   * Everything in one transaction, where nothing has to be waited for, which is asked first; undefined, and
   * nothing written, where `body` is needed.
   */
  readonly atOnce?: (input: Input, ctx: Context) => Output | undefined;
}

export type Operation<Input, Output> = {
  readonly kind: "operation";
  readonly token: OperationToken<Input, Output>;
} & (TransactionalOperation<Input, Output> | AsynchronousOperation<Input, Output>);

/**
 * Any operation, as the kernel handles it: inputs have been parsed and validated against the model by then.
 */
export type AnyOperation = Operation<Record<string, unknown>, Record<string, unknown>>;

export function operation<Input, Output>(
  token: OperationToken<Input, Output>,
  definition: TransactionalOperation<Input, Output> | AsynchronousOperation<Input, Output>,
): Operation<Input, Output> {
  return { kind: "operation", token, ...definition };
}
