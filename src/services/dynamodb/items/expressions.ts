/** The expressions of requests, with the syntax of the latest texts remembered as long as the region runs. */

import type { ReadContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { validation } from "../errors.ts";
import { keyConditionsOf, type KeyCondition } from "../expressions/key-conditions.ts";
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

export interface BoundQuery extends BoundExpressions {
  readonly keyConditions: readonly KeyCondition[];
}

/** As `bound`, of a Query. */
export function boundQuery(ctx: ReadContext, request: ExpressionRequest): BoundQuery {
  if (request.KeyConditionExpression === undefined) {
    throw validation(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const expressions = bound(ctx, request);
  const { keyCondition } = expressions;
  return { ...expressions, keyConditions: keyCondition ? keyConditionsOf(keyCondition) : [] };
}

/** As `bound`, of a request for items by their keys. */
export function boundGet(ctx: ReadContext, request: ExpressionRequest): BoundExpressions {
  return bound(ctx, request);
}
