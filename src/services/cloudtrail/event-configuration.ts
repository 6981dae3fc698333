/** Whether a trail has summaries of its data events. What event data stores may be told is not here. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { templates } from "./aggregation.ts";
import { noDataEvents, notOfTrails, noTrailNamed, trailOrStore } from "./errors.ts";
import { wantedDataTypes } from "./selectors.ts";
import {
  inGlobalCell, putTrail, requireOwnTrail, requireTrail, trailArn, trailResource,
} from "./trail-rows.ts";

interface Named {
  readonly TrailName?: string | undefined;
  readonly EventDataStore?: string | undefined;
}

function trailNameOf(operationName: string, { TrailName, EventDataStore }: Named): string {
  if (TrailName !== undefined && EventDataStore !== undefined) throw trailOrStore();
  if (EventDataStore !== undefined) throw notImplemented(`cloudtrail:${operationName} for event data stores`);
  if (TrailName === undefined) throw noTrailNamed();
  return TrailName;
}

/** An empty list turns aggregation off. */
export const PutEventConfiguration = operation(cloudtrail.PutEventConfiguration, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName ?? "", ctx),
  run(input, ctx) {
    const trail = requireOwnTrail(ctx, trailNameOf("PutEventConfiguration", input));
    if (input.MaxEventSize !== undefined || input.ContextKeySelectors !== undefined) throw notOfTrails();
    const { AggregationConfigurations = trail.aggregations ?? [] } = input;
    for (const template of AggregationConfigurations.flatMap(({ Templates }) => Templates)) {
      if (templates[template] === undefined) throw notImplemented(`cloudtrail: the aggregation ${template}`);
    }
    if (AggregationConfigurations.length > 0 && wantedDataTypes(trail).length === 0) throw noDataEvents();
    const aggregations = AggregationConfigurations.map(({ EventCategory, Templates }) => (
      { EventCategory, Templates: [...new Set(Templates)] }
    ));
    putTrail(ctx, { ...trail, aggregations });
    return { TrailARN: trailArn(ctx, trail), AggregationConfigurations: aggregations };
  },
});

export const GetEventConfiguration = operation(cloudtrail.GetEventConfiguration, {
  ...inGlobalCell,
  resource: (input, ctx) => trailResource(input.TrailName ?? "", ctx),
  run(input, ctx) {
    const trail = requireTrail(ctx, trailNameOf("GetEventConfiguration", input));
    return {
      TrailARN: trailArn(ctx, trail), AggregationConfigurations: [...(trail.aggregations ?? [])],
    };
  },
});
