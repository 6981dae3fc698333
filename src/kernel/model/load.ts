/** Compiled models, read from disk on first use and kept by the region that asked. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import type { ServiceModel } from "./model.ts";

export class Models {
  readonly #folder = join(packageRoot(), "models", "compiled");
  readonly #loaded = new Map<string, ServiceModel>();

  /** @param service a name from the generated directory, never from a request */
  get(service: string): ServiceModel {
    let model = this.#loaded.get(service);
    if (!model) {
      model = JSON.parse(readFileSync(join(this.#folder, `${service}.json`), "utf8")) as ServiceModel;
      this.#loaded.set(service, model);
    }
    return model;
  }
}
