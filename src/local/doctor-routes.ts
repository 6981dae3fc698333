import { homedir } from "node:os";
import { readConfig } from "../config.ts";
import type { LocalRoute } from "./http.ts";

export const doctorRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/doctor",
    summary: "What this machine can run, and what to install for more.",
    async run() {
      // Rarely asked for, and a region that starts is in a hurry.
      const { examine } = await import("./doctor.ts");
      const { environment } = readConfig();
      return {
        findings: examine({
          platform: process.platform, path: environment["PATH"] ?? "", home: homedir(),
          nodeVersion: process.versions.node,
        }),
      };
    },
  },
];
