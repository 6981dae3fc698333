/** How far behind eventual reads are. */

import { lagDefaults, lagMillisecondsMax, type LagName } from "../kernel/lags.ts";
import { invalidRequest, optionalInteger, type LocalRequest, type LocalRoute } from "./http.ts";
import type { LocalHost } from "./host.ts";

export const lagRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/lags",
    summary: "How many milliseconds of the region's clock eventual reads, indexes and replicas are behind.",
    run: (_request, { region }) => ({ lags: region.engine.lags.all() }),
  },
  {
    method: "POST",
    path: "/_local/v1/lags",
    summary: "Sets {dynamodb.reads}, {dynamodb.indexes}, {dynamodb.replicas}, {s3.replication}: from now on.",
    run: setLags,
  },
  {
    method: "DELETE",
    path: "/_local/v1/lags",
    summary: "Everything is as far behind as at the start: replicas half a second, the rest not at all.",
    run(_request, { region }) {
      region.engine.lags.clear();
      return { lags: region.engine.lags.all() };
    },
  },
];

function setLags({ body }: LocalRequest, { region }: LocalHost): { lags: Readonly<Record<LagName, number>> } {
  const names = Object.keys(lagDefaults) as LagName[];
  const unknown = Object.keys(body).find((name) => !(names as string[]).includes(name));
  if (unknown !== undefined) throw invalidRequest(`${unknown} is none of ${names.join(", ")}.`);
  const lags: Partial<Record<LagName, number>> = {};
  for (const name of names) {
    const milliseconds = optionalInteger(body, name, [0, lagMillisecondsMax]);
    if (milliseconds !== undefined) lags[name] = milliseconds;
  }
  region.engine.lags.set(lags);
  return { lags: region.engine.lags.all() };
}
