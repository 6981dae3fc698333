/** The local API: everything beside AWS's own APIs that a region answers. */

import type { Incoming } from "../kernel/gateway/chain.ts";
import type { WireResponse } from "../kernel/protocol/protocol.ts";
import type { Region } from "../region.ts";
import { clockRoutes } from "./clock-routes.ts";
import { denialRoutes } from "./denial-routes.ts";
import { doctorRoutes } from "./doctor-routes.ts";
import { faultRoutes } from "./fault-routes.ts";
import { lagRoutes } from "./lag-routes.ts";
import { requireLocal } from "./guard.ts";
import type { LocalHost } from "./host.ts";
import { bodyOf, invalidRequest, json, LocalError, notFound, refusal, type LocalRoute } from "./http.ts";
import type { LocalGiven } from "./local-routes.ts";
import { localstackRoutes } from "./localstack-routes.ts";
import { LogBuffer } from "./log-buffer.ts";
import { issuersPath } from "../kernel/auth/outbound-issuer.ts";
import { issuerRoutes } from "./issuer-routes.ts";
import { outboxRoutes } from "./outbox-routes.ts";
import { certificatesPath } from "../kernel/message-signing.ts";
import { regionRoutes } from "./region-routes.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";
import { packageVersion } from "./version.ts";

const index: LocalRoute = {
  method: "GET",
  path: "/_local/",
  summary: "This list.",
  run: (_request, { version }) => ({
    version,
    routes: routes.map(({ method, path, summary }) => ({ method, path, summary })),
  }),
};

export const routes: readonly LocalRoute[] = [
  index,
  ...regionRoutes,
  ...clockRoutes,
  ...snapshotRoutes,
  ...denialRoutes,
  ...faultRoutes,
  ...lagRoutes,
  ...issuerRoutes,
  ...outboxRoutes,
  ...doctorRoutes,
  ...localstackRoutes,
];

const openPaths = ["/_localstack/", issuersPath, certificatesPath];

interface CompiledRoute {
  readonly route: LocalRoute;
  readonly pattern: RegExp;
}

const compiled: readonly CompiledRoute[] = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)").replace(/\/$/, "/?")}$`),
}));

export function localAnswers(
  region: Region,
  given: LocalGiven,
): (incoming: Incoming) => Promise<WireResponse> {
  const host: LocalHost = {
    region,
    version: given.version ?? packageVersion(),
    logs: given.logs ?? new LogBuffer(() => region.clock.now()),
    allowedHosts: given.allowedHosts ?? [],
    hooks: given.hooks,
    stop: given.stop,
  };
  return (incoming) => answer(incoming, host);
}

async function answer(incoming: Incoming, host: LocalHost): Promise<WireResponse> {
  try {
    // LocalStack's health check, the keys of issuers and certificates are asked by other containers, under
    // whatever name they know the region by; they tell nothing secret and change nothing.
    if (!openPaths.some((path) => incoming.path.startsWith(path))) {
      requireLocal(incoming, {
        boundHost: host.region.options.host ?? "127.0.0.1",
        allowedHosts: host.allowedHosts,
      });
    }
    const { route, parameters } = find(incoming);
    const query = new URLSearchParams(incoming.query);
    const result = await route.run(
      { parameters, query, body: bodyOf(incoming), signal: incoming.signal },
      host,
    );
    return isAnswer(result) ? result : json(200, result);
  } catch (cause) {
    if (cause instanceof LocalError) return refusal(cause);
    host.region.engine.failed(`${incoming.method} ${incoming.path}`, cause);
    return refusal(new LocalError(500, "InternalFailure", "us-local-1 failed; its log says why."));
  }
}

function find({ method, path }: Incoming): { route: LocalRoute; parameters: Record<string, string> } {
  const candidates = compiled.filter(({ pattern }) => pattern.test(path));
  if (candidates.length === 0) throw notFound(`There is no ${path}. GET /_local/ lists what there is.`);
  const wanted = method === "HEAD" ? "GET" : method;
  const found = candidates.find(({ route }) => route.method === wanted);
  if (!found) {
    const allowed = candidates.map(({ route }) => route.method).join(", ");
    throw new LocalError(405, "MethodNotAllowed", `${path} answers ${allowed}.`);
  }
  return { route: found.route, parameters: decoded(found.pattern.exec(path)?.groups ?? {}) };
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    throw invalidRequest("The path is not percent-encoded correctly.");
  }
}

function isAnswer(result: unknown): result is WireResponse {
  return (
    typeof result === "object" &&
    result !== null &&
    "status" in result &&
    "headers" in result &&
    "body" in result
  );
}
