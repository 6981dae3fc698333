/** The expressions of requests, with the syntax of the latest texts remembered as long as the region runs. */

import type { ReadContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import {
  bindExpressions, SyntaxCache, type BoundExpressions, type ExpressionRequest,
} from "../expressions/requests.ts";

const caches = new WeakMap<Kernel, SyntaxCache>();

export function syntaxOf(ctx: ReadContext): SyntaxCache {
  let cache = caches.get(ctx.kernel);
  if (!cache) caches.set(ctx.kernel, (cache = new SyntaxCache()));
  return cache;
}

/** @throws ValidationException for the first thing that is wrong with a request's expressions */
export function bound(ctx: ReadContext, request: ExpressionRequest): BoundExpressions {
  return bindExpressions(request, syntaxOf(ctx));
}

/** As `bound`, of a Scan. */
export function boundScan(ctx: ReadContext, request: ExpressionRequest): BoundExpressions {
  return bound(ctx, request);
}
