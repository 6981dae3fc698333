import { readConfig } from "../config.ts";
import type { LocalRoute } from "./http.ts";

export const doctorRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/doctor",
    summary: "What this machine can run, and what to install for more.",
    async run() {
      const { examine, thisMachine } = await import("./doctor.ts");
      const { examineFunctions } = await import("./doctor-functions.ts");
      const machine = thisMachine(readConfig().environment);
      return { findings: [...examine(machine), ...(await examineFunctions(machine))] };
    },
  },
];
