/** The tagged resources that a region shows. */

import type { ReadContext } from "../../kernel/context.ts";
import { taggedResources, type TaggedResource } from "../../kernel/tags.ts";
import type { Ordered, Range } from "../../store/types.ts";

/**
 * Where global services' resources are found and tagged. @evidence Resource Groups User Guide, "Supported
 * resource types"
 */
const regionOfGlobalServices = "us-east-1";
const globalRegion = "aws-global";

/**
 * @evidence Resource Groups Tagging API Reference, "Services that support the Resource Groups Tagging API":
 *   IAM
 */
const unknownKinds = /^arn:aws:iam::\d{12}:(?:user|role|group)\//;

/** In the order of ARNs. */
export function shownResources(ctx: ReadContext): Pick<Ordered<TaggedResource>, "list"> {
  const own = ctx.db(taggedResources);
  if (ctx.region !== regionOfGlobalServices) return own;
  return {
    list(range) {
      const global = ctx.kernel.read({ account: ctx.account, region: globalRegion }, (transaction) =>
        [...transaction.rows(taggedResources).list(range)].filter(({ arn }) => !unknownKinds.test(arn)),
      );
      return inOrder(global, own, range);
    },
  };
}

function* inOrder(
  some: readonly TaggedResource[],
  others: Ordered<TaggedResource>,
  range: Range | undefined,
): Iterable<TaggedResource> {
  let position = 0;
  for (const other of others.list(range)) {
    for (let next = some[position]; next && next.arn < other.arn; next = some[++position]) yield next;
    yield other;
  }
  yield* some.slice(position);
}
