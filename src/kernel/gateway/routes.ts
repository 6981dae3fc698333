/** The REST routing table of a service, built on its first request. */

import type { ServiceModel } from "../model/model.ts";
import { RestRouter } from "../protocol/protocols.ts";

const routers = new WeakMap<ServiceModel, RestRouter>();

export function routerOf(model: ServiceModel): RestRouter | undefined {
  const protocol = model.protocols[0];
  if (protocol !== "rest-json" && protocol !== "rest-xml") return undefined;
  let router = routers.get(model);
  if (!router) routers.set(model, (router = new RestRouter(model)));
  return router;
}
