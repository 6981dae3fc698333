/** Who asked for work that outlasts the request: it is done in their name. */

import type { Caller } from "../../../kernel/auth/caller.ts";
import type { ReadContext } from "../../../kernel/context.ts";

/** The caller, without what signs for them. */
export function askerOf(ctx: ReadContext): Caller {
  const { session, ...caller } = ctx.caller;
  return session ? { ...caller, session: { ...session, secretAccessKey: "" } } : caller;
}
