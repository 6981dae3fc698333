/** `us-local-1 start`: a region until it is stopped. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import type { HandledRequest } from "../kernel/engine.ts";
import type { Certificate } from "../kernel/gateway/listen.ts";
import { nameOf } from "../local/address.ts";
import type { InitHooks } from "../local/init-hooks.ts";
import { LogBuffer } from "../local/log-buffer.ts";
import { localRoutes } from "../local/local-routes.ts";
import { packageVersion } from "../local/version.ts";
import { Region } from "../region.ts";
import { tuneCollector } from "./collector.ts";
import type { Command, Invocation, Output } from "./command.ts";
import { usage } from "./failure.ts";
import { requirePort } from "./port.ts";
import { removeRunning, writeRunning } from "./running.ts";
import { columns, quoted } from "./text.ts";

interface Settings {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly ephemeral: boolean;
  readonly durability: Config["durability"];
  readonly seed: string | undefined;
  readonly devKeys: boolean;
  readonly tls: boolean;
  readonly initFolders: readonly string[];
  readonly allowedHosts: readonly string[];
}

const start: Command = {
  name: "start",
  summary: "Runs a region until it is stopped, by Ctrl-C or us-local-1 stop.",
  forms: ["[options]"],
  options: {
    port: { value: "port", short: "p", description: "where it listens (4566); 0 takes any free port" },
    host: { value: "address", description: "on which address (127.0.0.1); 0.0.0.0 lets others in" },
    "data-dir": { value: "folder", description: "where it keeps its data (~/.us-local-1)" },
    ephemeral: { description: "keep data in a temporary folder, and delete it at the end" },
    durability: {
      value: "mode",
      description: "relaxed survives kill -9, fsync a power cut as well (relaxed)",
    },
    seed: { value: "text", description: "the same seed and the same calls give the same ids" },
    "no-dev-keys": { description: "refuse account numbers, and test, as access keys" },
    tls: { description: "answer HTTPS as well, on the same port" },
    "init-dir": { value: "folder", description: "where ready.d and the like are (./init)" },
    "allow-host": { value: "names", description: "further host names, with commas, that may use /_local/" },
  },
  notes: [
    "Each option can be set in the environment: US_LOCAL_1_PORT, _HOST, _DATA, _EPHEMERAL, _DURABILITY,",
    "_SEED, _NO_DEV_KEYS, _TLS, _INIT_DIR, _ALLOWED_HOSTS.",
  ],
  async run(invocation) {
    await runRegion(settingsOf(invocation), invocation);
    return undefined;
  },
};
export default start;

function settingsOf({ config, text, has }: Invocation): Settings {
  const durability = text("durability") ?? config.durability;
  if (durability !== "relaxed" && durability !== "fsync") throw usage("--durability is relaxed or fsync.");
  const port = text("port");
  const initDir = text("init-dir") ?? config.initDir;
  if (initDir !== undefined && !existsSync(initDir))
    throw usage(`There is no folder ${initDir} for --init-dir.`);
  return {
    port: port === undefined ? config.port : requirePort(port),
    host: text("host") ?? config.host,
    dataDir: resolve(text("data-dir") ?? config.dataDir),
    ephemeral: has("ephemeral") || (config.ephemeral && !has("data-dir")),
    durability,
    seed: text("seed") ?? config.seed,
    devKeys: config.devKeys && !has("no-dev-keys"),
    tls: config.tls || has("tls"),
    initFolders: [resolve(initDir ?? "init"), "/etc/localstack/init"],
    allowedHosts: [...config.allowedHosts, ...(text("allow-host")?.split(",") ?? [])],
  };
}

async function runRegion(settings: Settings, { config, output }: Invocation): Promise<void> {
  tuneCollector();
  const logs = new LogBuffer(Date.now);
  const log = (line: string): void => {
    logs.write(line);
    process.stderr.write(`${line}\n`);
  };
  const ending = endOfRegion();
  const hooks = await initHooks(settings, config, log);
  await hooks?.run("BOOT", endpointFor(settings, settings.port));
  const region = await openRegion(settings, log);
  try {
    await hooks?.run("START", endpointFor(settings, settings.port));
    const version = packageVersion();
    region.serve(
      localRoutes(region, { version, logs, hooks, allowedHosts: settings.allowedHosts, stop: ending.stop }),
    );
    region.engine.onRequest = (request) => logs.write(requestLine(request));
    const endpoint = await region.endpoint().catch(async (cause: unknown) => {
      throw (await import("./start-failures.ts")).cannotListen(cause, settings.host, settings.port);
    });
    const port = Number(new URL(endpoint).port);
    if (!settings.ephemeral) writeRunning(settings.dataDir, { pid: process.pid, port, endpoint, version });
    const options = finding(settings, port, config);
    announce(settings, { version, endpoint, port, clock: clockNote(region), options }, output);
    const ready = hooks?.run("READY", endpointFor(settings, port));
    await ending.reached;
    hooks?.interrupt();
    await ready;
    await hooks?.run("SHUTDOWN", endpointFor(settings, port));
  } finally {
    if (!settings.ephemeral) removeRunning(settings.dataDir);
    await region.stop();
  }
}

/** Scripts talk HTTP: it is answered with and without TLS. */
function endpointFor({ host }: Settings, port: number): string {
  return `http://${nameOf(host)}:${port}`;
}

async function openRegion(settings: Settings, log: (line: string) => void): Promise<Region> {
  const { host, port, durability, seed, devKeys, dataDir, ephemeral } = settings;
  try {
    const certificate = settings.tls ? await certificateFor(dataDir) : undefined;
    return await Region.start({
      host,
      port,
      durability,
      devKeys,
      log,
      mayRest: true,
      ...(certificate && { certificate }),
      ...(!ephemeral && { dataDir }),
      ...(seed !== undefined && { seed }),
    });
  } catch (cause) {
    throw (await import("./start-failures.ts")).cannotOpen(cause, dataDir);
  }
}

/** Regions that leave nothing else have their authority in the data folder, too: it is trusted only once. */
async function certificateFor(dataDir: string): Promise<Certificate> {
  const { localCertificate } = await import("../tls/authority.ts");
  return localCertificate(dataDir, Date.now());
}

async function initHooks(
  { initFolders }: Settings,
  { environment }: Config,
  log: (line: string) => void,
): Promise<InitHooks | undefined> {
  const folders = initFolders.filter((folder) =>
    stageFolders.some((stage) => existsSync(join(folder, stage))),
  );
  if (folders.length === 0) return undefined;
  const { InitHooks } = await import("../local/init-hooks.ts");
  return new InitHooks({ folders, environment, log });
}

const stageFolders = ["boot.d", "start.d", "ready.d", "shutdown.d"];

/** Whoever is impatient sends the signal twice. */
function endOfRegion(): { readonly reached: Promise<void>; readonly stop: () => void } {
  let stop = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    stop = resolve;
  });
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(128 + number));
      stop();
    });
  }
  return { reached, stop: () => stop() };
}

function requestLine({ service, operation, status, error, requestId, milliseconds }: HandledRequest): string {
  const outcome = error === undefined ? "" : ` ${error}`;
  return `${service}.${operation ?? "?"} ${status}${outcome} ${milliseconds.toFixed(1)} ms ${requestId}`;
}

interface Address {
  readonly version: string;
  readonly endpoint: string;
  readonly port: number;
  readonly clock: string | undefined;
  /** What other commands need, to find it. */
  readonly options: string;
}

/** The folder says where it listens; one that is not the default must itself be told. */
function finding({ ephemeral, dataDir, host }: Settings, port: number, config: Config): string {
  if (!ephemeral) return dataDir === resolve(config.dataDir) ? "" : ` --data-dir ${quoted(dataDir)}`;
  return ` --port ${port}${host === config.host || nameOf(host) === "localhost" ? "" : ` --host ${host}`}`;
}

/** A clock that was set earlier goes on as it was, which may surprise. */
function clockNote({ engine }: Region): string | undefined {
  const { mode, now } = engine.clock.state();
  if (mode === "real" && Math.abs(now - Date.now()) < 1_000) return undefined;
  return `${new Date(now).toISOString()}, ${mode}: see us-local-1 clock`;
}

function announce(
  settings: Settings,
  { version, endpoint, port, clock, options }: Address,
  { json, style, write }: Output,
): void {
  const { dataDir, ephemeral, durability } = settings;
  if (json) {
    const data = ephemeral ? null : dataDir;
    return write(JSON.stringify({ version, endpoint, port, pid: process.pid, dataDir: data, durability }));
  }
  const keys = settings.devKeys ? " AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test" : "";
  write(
    [
      `us-local-1 ${version} is listening on ${style.strong(endpoint)}`,
      "",
      columns(
        [
          ["data", ephemeral ? "in a temporary folder, deleted at the end" : `${dataDir} (${durability})`],
          ...(clock === undefined ? [] : [["clock", clock] as const]),
          ["clients", `eval "$(us-local-1 env${options})"`],
          ["", style.faint(`AWS_ENDPOINT_URL=${endpoint} AWS_DEFAULT_REGION=us-east-1${keys}`)],
          ["stop", `Ctrl-C, or us-local-1 stop${options}`],
        ],
        "  ",
      ),
      ...(isOpen(settings)
        ? ["", "Everybody who reaches this machine can use this region: see --host and --no-dev-keys."]
        : []),
      "",
      // Tools that start LocalStack wait for this line.
      "Ready.",
    ].join("\n"),
  );
}

function isOpen({ host, devKeys }: Settings): boolean {
  return devKeys && host !== "localhost" && host !== "::1" && !host.startsWith("127.");
}
