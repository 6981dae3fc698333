/** Whether a trail is told of unusual activity, and of which. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import {
  insightsNotEnabled, invalidInsightSelectors, noTrailNamed, trailOrStore,
} from "./errors.ts";
import { managementOf, wantedDataTypes } from "./selectors.ts";
import {
  inGlobalCell, putTrail, requireOwnTrail, requireTrail, trailArn, trailResource, type Trail,
} from "./trail-rows.ts";

type Selector = cloudtrail.InsightSelector;

interface Named {
  readonly TrailName?: string | undefined;
  readonly EventDataStore?: string | undefined;
  readonly InsightsDestination?: string | undefined;
}

/** @throws where it is not a trail, or not only a trail, that is named */
function trailNameOf(operationName: string, input: Named): string {
  const isStore = input.EventDataStore !== undefined || input.InsightsDestination !== undefined;
  if (isStore && input.TrailName !== undefined) throw trailOrStore();
  if (isStore) throw notImplemented(`cloudtrail:${operationName} for event data stores`);
  if (input.TrailName === undefined) throw noTrailNamed();
  return input.TrailName;
}

/** @evidence CloudTrail API Reference, PutInsightSelectors: what a trail must log */
function requireInsights(trail: Trail, selectors: readonly Selector[]): void {
  const types = new Set(selectors.map(({ InsightType }) => InsightType));
  if (types.has(undefined) || types.size < selectors.length) {
    throw invalidInsightSelectors("Each Insights selector must have an InsightType of its own.");
  }
  const management = managementOf(trail);
  for (const { InsightType, EventCategories = ["Management"] } of selectors) {
    const isOfWrites = InsightType === "ApiCallRateInsight";
    const isLogged = management === "All" || management === "WriteOnly"
      || (management === "ReadOnly" && !isOfWrites);
    if (EventCategories.includes("Management") && !isLogged) {
      throw invalidInsightSelectors(
        `The trail must log ${isOfWrites ? "write " : ""}management events for ${InsightType}.`,
      );
    }
    if (EventCategories.includes("Data") && wantedDataTypes(trail).length === 0) {
      throw invalidInsightSelectors(`The trail must log data events for Insights of data events.`);
    }
  }
}

/** An empty list turns Insights off. */
export const PutInsightSelectors = operation(cloudtrail.PutInsightSelectors, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName ?? "", ctx),
  run(input, ctx) {
    const trail = requireOwnTrail(ctx, trailNameOf("PutInsightSelectors", input));
    const { InsightSelectors } = input;
    requireInsights(trail, InsightSelectors);
    const TrailARN = trailArn(ctx, trail);
    if (InsightSelectors.length === 0) {
      putTrail(ctx, { ...trail, insights: undefined, insightsSince: undefined });
      return { TrailARN, InsightSelectors };
    }
    const insights = InsightSelectors.map(({ InsightType, EventCategories = [] }) => ({
      InsightType,
      EventCategories: EventCategories.length > 0 ? EventCategories : ["Management" as const],
    }));
    putTrail(ctx, { ...trail, insights, insightsSince: trail.insightsSince ?? ctx.clock.now() });
    return { TrailARN, InsightSelectors: insights };
  },
});

export const GetInsightSelectors = operation(cloudtrail.GetInsightSelectors, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName ?? "", ctx),
  run(input, ctx) {
    const trail = requireTrail(ctx, trailNameOf("GetInsightSelectors", input));
    const TrailARN = trailArn(ctx, trail);
    if (!trail.insights) throw insightsNotEnabled(TrailARN);
    return { TrailARN, InsightSelectors: [...trail.insights] };
  },
});
