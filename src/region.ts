/** A region in this process. */

import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clockControl, type ClockControl } from "./clock-control.ts";
import { searchPath } from "./config.ts";
import { Engine } from "./kernel/engine.ts";
import { clientConfiguration, type ClientOptions } from "./kernel/gateway/in-process.ts";
import { listen, type Certificate, type Listener, type LocalRoutes } from "./kernel/gateway/listen.ts";
import { nameOf, numberOf } from "./local/address.ts";
import { localRoutes } from "./local/local-routes.ts";
import { RegionState } from "./region-state.ts";
import { openStore } from "./store/open.ts";
import type { Durability } from "./store/types.ts";

const defaultHost = "127.0.0.1";

export interface RegionOptions {
  /** Where the region keeps its data. Default: a temporary folder that goes when the region stops. */
  readonly dataDir?: string;
  /** Default `relaxed`: what was acknowledged survives the process, and with `fsync` the machine. */
  readonly durability?: Durability;
  /** The same seed and the same calls give the same ids. Default: unpredictable ids. */
  readonly seed?: string;
  /** Accept account numbers, and `test`, as root access keys with any secret. Default true. */
  readonly devKeys?: boolean;
  /** The address that `endpoint` listens on. Default 127.0.0.1. */
  readonly host?: string;
  /** Of `endpoint`. Default 0: any free port. */
  readonly port?: number;
  /** Answer HTTPS, too, on the same port. */
  readonly certificate?: Certificate;
  /** How long a client may be silent in the middle of a body before it is refused. Default: 20 seconds. */
  readonly uploadIdleMilliseconds?: number;
  /** Whether the thread is the region's alone and may sleep for a moment until more requests have come. */
  readonly mayRest?: boolean;
  /** One line a message. Default: standard error. */
  readonly log?: (line: string) => void;
  /** Make changing a stored row in place an error. For tests. */
  readonly freezeRows?: boolean;
}

/** Programs without types are told what would keep their data elsewhere, or less well, than they think. */
function requireSense({ dataDir, durability = "relaxed" }: RegionOptions): void {
  if (dataDir === "") throw new TypeError("dataDir is empty; leave it out for a temporary folder.");
  if (["relaxed", "fsync"].includes(durability)) return;
  throw new TypeError(`durability is relaxed or fsync, not ${String(durability)}.`);
}

export class Region implements AsyncDisposable {
  readonly engine: Engine;
  readonly clock: ClockControl;
  readonly state: RegionState;
  readonly options: RegionOptions;
  readonly #cleanUp: () => void;
  #listener: Promise<Listener> | undefined;
  #port: number | undefined;
  #local: LocalRoutes = localRoutes(this);

  private constructor(options: RegionOptions) {
    requireSense(options);
    this.options = options;
    const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), "us-local-1-"));
    this.#cleanUp = () => {
      if (options.dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    };
    const durability = options.durability ?? "relaxed";
    const store = openStore({
      folder,
      durability,
      ...(options.freezeRows !== undefined && { freezeRows: options.freezeRows }),
    });
    this.engine = new Engine({
      store,
      durability,
      devKeys: options.devKeys ?? true,
      ephemeral: options.dataDir === undefined,
      endpoint: () => this.#url(this.#port ?? options.port ?? 4566),
      machine: {
        searchPath: searchPath(),
        endpoint: async () => {
          const { port } = new URL(await this.endpoint());
          return `http://${numberOf(options.host ?? defaultHost)}:${port}`;
        },
        folder: async (plane) => {
          const path = join(folder, "planes", plane);
          await mkdir(path, { recursive: true });
          return path;
        },
      },
      log: options.log ?? ((line) => process.stderr.write(`${line}\n`)),
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.certificate && { authority: options.certificate.authority }),
    });
    this.clock = clockControl(this.engine);
    this.state = new RegionState(this.engine, store);
  }

  static async start(options: RegionOptions = {}): Promise<Region> {
    const region = new Region(options);
    await region.engine.start();
    return region;
  }

  /** An SDK v3 client of this region that needs no socket: `region.client(SQSClient)`. */
  client<Client>(construct: new (configuration: never) => Client, options: ClientOptions = {}): Client {
    return new construct(clientConfiguration(this.engine, options) as never);
  }

  /** `http://localhost:<port>`, or another `host`. Listens from the first time it is asked for. */
  async endpoint(): Promise<string> {
    const listener = await (this.#listener ??= this.#listen());
    this.#port = listener.port;
    return this.#url(listener.port);
  }

  #listen(): Promise<Listener> {
    const { host = defaultHost, port = 0, certificate, uploadIdleMilliseconds, mayRest } = this.options;
    const local: LocalRoutes = (incoming) => this.#local(incoming);
    return listen(this.engine, {
      host,
      port,
      local,
      ...(certificate && { certificate }),
      ...(uploadIdleMilliseconds !== undefined && { uploadIdleMilliseconds }),
      ...(mayRest !== undefined && { mayRest }),
    });
  }

  #url(port: number): string {
    const { certificate, host = defaultHost } = this.options;
    return `${certificate ? "https" : "http"}://${nameOf(host)}:${port}`;
  }

  /** What answers beside AWS's APIs, instead of what answers by itself. */
  serve(local: LocalRoutes): void {
    this.#local = local;
  }

  /** When nothing is under way but requests that wait. */
  settled(): Promise<void> {
    return this.engine.settled();
  }

  async stop(): Promise<void> {
    // A region that could not listen stops all the same.
    await (await this.#listener?.catch(() => undefined))?.close();
    await this.engine.stop();
    this.#cleanUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
