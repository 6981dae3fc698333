/** The region as a program: its state, its end, its log. */

import { directory } from "../generated/directory.ts";
import type { Scrubbed } from "../kernel/service.ts";
import type { WireResponse } from "../kernel/protocol/protocol.ts";
import { coverageOf } from "./coverage.ts";
import type { LocalHost } from "./host.ts";
import { invalidRequest, LocalError, type LocalRequest, type LocalRoute } from "./http.ts";
import type { HookScript } from "./init-stages.ts";

export const regionRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/status",
    summary: "The region: its endpoint, process, data, clock, services, init scripts and defects.",
    run: (_request, host) => status(host),
  },
  {
    method: "POST",
    path: "/_local/v1/stop",
    summary: "Stops the region once everything under way is finished and written.",
    run(_request, { stop }) {
      if (!stop)
        throw new LocalError(409, "NotStoppable", "This region is part of another program, which stops it.");
      stop();
      return { stopping: true, pid: process.pid };
    },
  },
  {
    method: "POST",
    path: "/_local/v1/reset",
    summary: "Removes everything of every account; snapshots stay.",
    async run(_request, { region }) {
      await region.state.reset();
      return { reset: true };
    },
  },
  {
    method: "POST",
    path: "/_local/v1/scrub",
    summary: "Reads all stored bodies again and lists those that are damaged.",
    run: (_request, host) => scrub(host),
  },
  {
    method: "GET",
    path: "/_local/v1/logs",
    summary:
      "The last lines of the log: ?limit=100, ?after={sequence}; with ?follow=true a stream of JSON lines.",
    run: logs,
  },
  {
    method: "GET",
    path: "/_local/v1/coverage",
    summary: "Which operations of which services are built.",
    run: async () => ({ services: await coverageOf() }),
  },
];

export interface RegionStatus {
  readonly version: string;
  readonly pid: number;
  readonly endpoint: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly data: {
    readonly folder: string;
    readonly ephemeral: boolean;
    readonly durability: string;
    readonly cells: number;
  };
  readonly clock: { readonly mode: string; readonly now: string; readonly factor: number };
  /** Those whose handlers have been loaded by a request. */
  readonly services: { readonly built: number; readonly loaded: readonly string[] };
  readonly initScripts: readonly HookScript[];
  /** Errors of us-local-1 itself since it started. */
  readonly defects: number;
}

async function status({ region, version, hooks }: LocalHost): Promise<RegionStatus> {
  const { engine, options } = region;
  const { mode, now, factor } = engine.clock.state();
  return {
    version,
    pid: process.pid,
    endpoint: await region.endpoint(),
    uptimeSeconds: Math.round(process.uptime()),
    memoryBytes: process.memoryUsage.rss(),
    data: {
      folder: engine.store.folder,
      ephemeral: options.dataDir === undefined,
      durability: options.durability ?? "relaxed",
      cells: engine.cells().length,
    },
    clock: { mode, now: new Date(now).toISOString(), factor },
    services: {
      built: directory.filter((entry) => entry.load).length,
      loaded: directory.filter((entry) => engine.loaded(entry)).map((entry) => entry.service),
    },
    initScripts: hooks?.scripts() ?? [],
    defects: engine.defects.length,
  };
}

export interface ScrubReport {
  readonly checked: number;
  readonly damaged: readonly Scrubbed[];
}

/** Cell by cell, one body at a time: requests go on meanwhile. */
async function scrub({ region: { engine } }: LocalHost): Promise<ScrubReport> {
  const damaged: Scrubbed[] = [];
  let checked = 0;
  for (const entry of directory) {
    const service = await engine.load(entry);
    if (!service?.scrub) continue;
    for (const cell of engine.cells()) {
      for await (const scrubbed of service.scrub(engine.contextIn(entry.service, cell))) {
        checked += 1;
        if (scrubbed.damage !== undefined) damaged.push(scrubbed);
      }
    }
  }
  return { checked, damaged };
}

function logs({ query, signal }: LocalRequest, { logs: buffer }: LocalHost): unknown {
  const after = wholeNumber(query, "after") ?? 0;
  const lines = buffer.after(after, wholeNumber(query, "limit"));
  if (query.get("follow") !== "true") return { lines };
  const last = (lines[0]?.sequence ?? after + 1) - 1;
  const answer: WireResponse = {
    status: 200,
    headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
    body: buffer.follow(last, signal),
  };
  return answer;
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw invalidRequest(`${name} must be a whole number.`);
  return Number(text);
}
