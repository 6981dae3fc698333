/**
 * What tools that wait for LocalStack ask of it, so that they start unchanged.
 *
 * @evidence LocalStack documentation, "Internal endpoints" and "Initialization hooks"; answers there have a
 * space after each comma and colon, and tools look for `"completed": true` in the text
 */

import { directory } from "../generated/directory.ts";
import type { WireResponse } from "../kernel/protocol/protocol.ts";
import type { LocalHost } from "./host.ts";
import { notFound, type LocalRoute } from "./http.ts";
import { stages, type HookScript, type Stage } from "./init-stages.ts";

/** Where the name that boto3 uses is not ours without its hyphens. */
const botoNames: Readonly<Record<string, string>> = {
  "api-gateway": "apigateway",
  "cloudwatch-logs": "logs",
  "cognito-identity-provider": "cognito-idp",
  "cognito-identity": "cognito-identity",
  "config-service": "config",
  eventbridge: "events",
  sfn: "stepfunctions",
  "elastic-load-balancing": "elb",
  "elastic-load-balancing-v2": "elbv2",
  "database-migration-service": "dms",
};

export const localstackRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_localstack/health",
    summary: "LocalStack's health check.",
    run: (_request, host) => spaced(health(host)),
  },
  {
    method: "GET",
    path: "/_localstack/info",
    summary: "LocalStack's description of itself.",
    run: (_request, { version }) => spaced({ version, edition: "us-local-1", is_license_activated: false }),
  },
  {
    method: "GET",
    path: "/_localstack/init",
    summary: "The init scripts of all stages.",
    run: (_request, { hooks }) =>
      spaced({
        completed: Object.fromEntries(
          stages.map((stage) => [stage, hooks?.completed(stage) ?? stage !== "SHUTDOWN"]),
        ),
        scripts: (hooks?.scripts() ?? []).map(shown),
      }),
  },
  {
    method: "GET",
    path: "/_localstack/init/{stage}",
    summary: "The init scripts of one stage: boot, start, ready or shutdown.",
    run({ parameters: { stage: name = "" } }, { hooks }) {
      const stage = stages.find((candidate) => candidate === name.toUpperCase());
      if (!stage) throw notFound(`There is no stage ${name}.`);
      return spaced({
        completed: hooks?.completed(stage) ?? stage !== "SHUTDOWN",
        scripts: (hooks?.scripts() ?? []).filter((script) => script.stage === stage).map(shown),
      });
    },
  },
];

function health({ region, version }: LocalHost): object {
  const services = directory
    .filter((entry) => entry.load)
    .map((entry) => [
      botoNames[entry.service] ?? entry.service.replaceAll("-", ""),
      region.engine.loaded(entry) ? "running" : "available",
    ]);
  return { services: Object.fromEntries(services) as Record<string, string>, edition: "us-local-1", version };
}

function shown({ stage, name, state }: HookScript): { stage: Stage; name: string; state: string } {
  return { stage, name, state };
}

function spaced(value: unknown): WireResponse {
  return { status: 200, headers: { "content-type": "application/json" }, body: spacedText(value) };
}

function spacedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}: ${spacedText(each)}`)
    .join(", ")}}`;
}
