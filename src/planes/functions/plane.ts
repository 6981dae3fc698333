import type { PlaneHost } from "../planes.ts";
import { CannotRun, type FunctionsPlane } from "./contract.ts";

export function openFunctionsPlane(_host: PlaneHost): Promise<FunctionsPlane> {
  return Promise.reject(new CannotRun("runtime-unavailable", "There is no engine yet."));
}
