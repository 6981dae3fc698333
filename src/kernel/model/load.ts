/**
 * Compiled models, read from disk on first use and kept by the process. What is derived from a model is kept
 * with it, so regions of one process share that, too.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import type { ServiceModel } from "./model.ts";

const folder = join(packageRoot(), "models", "compiled");
const loaded = new Map<string, ServiceModel>();

export class Models {
  /** @param service a name from the generated directory, never from a request */
  get(service: string): ServiceModel {
    let model = loaded.get(service);
    if (!model) {
      model = JSON.parse(readFileSync(join(folder, `${service}.json`), "utf8")) as ServiceModel;
      loaded.set(service, model);
    }
    return model;
  }
}
