import { homedir } from "node:os";
import { readConfig } from "../config.ts";
import { examine } from "./doctor.ts";
import type { LocalRoute } from "./http.ts";

export const doctorRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/doctor",
    summary: "What this machine can run, and what to install for more.",
    run: () => ({
      findings: examine({
        platform: process.platform, path: readConfig().environment["PATH"] ?? "", home: homedir(),
        nodeVersion: process.versions.node,
      }),
    }),
  },
];
