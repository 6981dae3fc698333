/** us-local-1 as a library: a region in your own process. */

import { Region, type RegionOptions } from "./region.ts";

export type { ClockControl, Duration } from "./clock-control.ts";
export type { Region, RegionOptions } from "./region.ts";

export function startRegion(options?: RegionOptions): Promise<Region> {
  return Region.start(options);
}
