/**
 * Which tier a parameter gets.
 *
 * @evidence Systems Manager User Guide, "Managing parameter tiers"
 */

import type { ParameterTier } from "../../generated/ssm.ts";
import type { ReadContext } from "../../kernel/context.ts";
import {
  downgrade, policiesNeedAdvanced, tooLargeForAdvanced, tooLargeForStandard, tooManyParameters,
} from "./errors.ts";
import { parameters, type ParameterVersion } from "./parameter-rows.ts";

type Tier = ParameterVersion["tier"];

const valueBytesMax: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 };
const parametersMax: Readonly<Record<Tier, number>> = { Standard: 10_000, Advanced: 100_000 };

export interface TierRequest {
  readonly requested: ParameterTier;
  readonly previous: Tier | undefined;
  readonly valueBytes: number;
  readonly hasPolicies: boolean;
}

function isFull(ctx: ReadContext, tier: Tier): boolean {
  return ctx.db(parameters).by("tier").count({ prefix: tier }) >= parametersMax[tier];
}

export function chooseTier(ctx: ReadContext, request: TierRequest): Tier {
  const { requested, previous, valueBytes, hasPolicies } = request;
  const needsAdvanced = valueBytes > valueBytesMax.Standard || hasPolicies || previous === "Advanced"
    || (previous === undefined && isFull(ctx, "Standard"));
  const tier = requested !== "Intelligent-Tiering" ? requested : needsAdvanced ? "Advanced" : "Standard";
  if (tier === "Standard") {
    if (previous === "Advanced") throw downgrade();
    if (valueBytes > valueBytesMax.Standard) throw tooLargeForStandard();
    if (hasPolicies) throw policiesNeedAdvanced();
  } else if (valueBytes > valueBytesMax.Advanced) {
    throw tooLargeForAdvanced();
  }
  if (previous !== tier && isFull(ctx, tier)) throw tooManyParameters(tier, parametersMax[tier]);
  return tier;
}
