/** Which events trails want. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { operation } from "../../kernel/operation.ts";
import { selectorsOfOneKind } from "./errors.ts";
import { requireAdvanced, requireSelectors } from "./selectors.ts";
import {
  inGlobalCell, putTrail, requireOwnTrail, requireTrail, selectorsOf, trailArn, trailResource,
} from "./trail-rows.ts";

export const PutEventSelectors = operation(cloudtrail.PutEventSelectors, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName, ctx),
  run(input, ctx) {
    const { EventSelectors, AdvancedEventSelectors } = input;
    const { selectors: _, advanced: __, ...trail } = requireOwnTrail(ctx, input.TrailName);
    if ((EventSelectors === undefined) === (AdvancedEventSelectors === undefined)) throw selectorsOfOneKind();
    const TrailARN = trailArn(ctx, trail);
    if (AdvancedEventSelectors) {
      requireAdvanced(AdvancedEventSelectors);
      putTrail(ctx, { ...trail, advanced: AdvancedEventSelectors });
      return { TrailARN, AdvancedEventSelectors };
    }
    const selectors = requireSelectors(EventSelectors ?? []);
    putTrail(ctx, { ...trail, selectors });
    return { TrailARN, EventSelectors: selectors };
  },
});

export const GetEventSelectors = operation(cloudtrail.GetEventSelectors, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName, ctx),
  run(input, ctx) {
    const trail = requireTrail(ctx, input.TrailName);
    const EventSelectors = selectorsOf(trail);
    return {
      TrailARN: trailArn(ctx, trail),
      EventSelectors: EventSelectors && [...EventSelectors],
      AdvancedEventSelectors: trail.advanced && [...trail.advanced],
    };
  },
});
