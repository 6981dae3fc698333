/** What decides over functions and layers besides identity policies. */

import type { ReadContext } from "../../kernel/context.ts";
import { layerVersions, parseLayerName } from "./layer-table.ts";
import { functionPolicy } from "./permissions.ts";
import { document } from "./policy-statements.ts";

export function resourcePolicy(arn: string, ctx: ReadContext): string | undefined {
  return arn.includes(":layer:") ? layerPolicy(ctx, arn) : functionPolicy(ctx, arn);
}

/** A function's layers may be another account's. */
function layerPolicy(ctx: ReadContext, arn: string): string | undefined {
  const { name, number, account, region } = parseLayerName(arn);
  if (number === undefined || account === undefined || region !== ctx.region) return undefined;
  const version = account === ctx.account
    ? ctx.db(layerVersions).get([name, number])
    : ctx.kernel.read(
      { account, region }, (transaction) => transaction.rows(layerVersions).get([name, number]),
    );
  return version && version.statements.length > 0 ? document(version.statements) : undefined;
}
