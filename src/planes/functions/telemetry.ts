/**
 * What extensions subscribe to: Telemetry API and the older Logs API, over HTTP or TCP to where they listen.
 */

import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type { TelemetryEvent } from "./environment-log.ts";
import type { Answer } from "./api-connection.ts";
import { refusal } from "./runtime-api.ts";

interface Subscription {
  readonly types: readonly string[];
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMilliseconds: number;
  send(events: readonly TelemetryEvent[]): Promise<void>;
  close(): void;
}

/** The hosts by which an extension may name itself. */
const ownHosts = ["sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"];
const kinds = ["platform", "function", "extension"];

export class Telemetry {
  readonly #buffers = new Map<string, EventBuffer>();
  /** What there was before anybody could subscribe; absent once the environment is initialized. */
  #early: TelemetryEvent[] | undefined = [];

  /**
   * By the extension that asked: a second subscription replaces its first. It hears of all there has been
   * since the environment began.
   *
   * @evidence OpenTelemetry's receiver for the Telemetry API: makes the span of an initialization from
   *   `platform.initStart`, which comes before any extension runs; the refusal is that of AWS's runtime
   *   interface emulator
   */
  subscribe(
    extension: string, body: Buffer, api: "telemetry" | "logs",
  ): Answer & { readonly types?: readonly string[] } {
    if (!this.#early) {
      const name = api === "logs" ? "Logs" : "Telemetry";
      const message = `${name} API subscription is closed already`;
      return refusal(403, `${name}.SubscriptionClosed`, message);
    }
    const parsed = parse(body);
    if (typeof parsed === "string") return refusal(400, "ValidationError", parsed);
    this.#buffers.get(extension)?.close();
    const buffer = new EventBuffer(parsed);
    for (const event of this.#early) buffer.add(event);
    this.#buffers.set(extension, buffer);
    return { status: 200, body: '"OK"', types: parsed.types };
  }

  get isHeard(): boolean {
    return this.#buffers.size > 0;
  }

  /** Nobody subscribes any more. */
  closeSubscription(): void {
    this.#early = undefined;
  }

  event(event: TelemetryEvent): void {
    this.#early?.push(event);
    for (const buffer of this.#buffers.values()) buffer.add(event);
  }

  /** Sends what is there at once. */
  async flush(): Promise<void> {
    await Promise.all([...this.#buffers.values()].map((buffer) => buffer.flush()));
  }

  close(): void {
    for (const buffer of this.#buffers.values()) buffer.close();
  }
}

/** Events of one subscription, until there are enough or they have waited long enough. */
class EventBuffer {
  readonly #subscription: Subscription;
  #events: TelemetryEvent[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(subscription: Subscription) {
    this.#subscription = subscription;
  }

  add(event: TelemetryEvent): void {
    const { types, maxItems, maxBytes, timeoutMilliseconds } = this.#subscription;
    if (!types.includes(event.type.split(".")[0] ?? "")) return;
    this.#events.push(event);
    this.#bytes += JSON.stringify(event).length;
    if (this.#events.length >= maxItems || this.#bytes >= maxBytes) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), timeoutMilliseconds).unref();
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    this.#bytes = 0;
    if (events.length > 0) {
      // An extension that does not listen loses its events, as on Lambda.
      this.#sending = this.#sending.then(() => this.#subscription.send(events)).catch(() => undefined);
    }
    return this.#sending;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#subscription.close();
  }
}

interface Wanted {
  readonly types?: unknown;
  readonly buffering?: {
    readonly maxItems?: number;
    readonly maxBytes?: number;
    readonly timeoutMs?: number;
  };
  readonly destination?: { readonly protocol?: string; readonly URI?: string; readonly port?: number };
}

/** @returns what is wrong with it, where something is */
function parse(body: Buffer): Subscription | string {
  let wanted: Wanted;
  try {
    wanted = JSON.parse(body.toString("utf8")) as Wanted;
  } catch {
    return "The request body is no JSON";
  }
  const { types, buffering = {}, destination = {} } = wanted;
  if (!Array.isArray(types) || types.length === 0 || types.some((type) => !kinds.includes(String(type)))) {
    return `types must be one or more of ${kinds.join(", ")}`;
  }
  const { maxItems = 10_000, maxBytes = 262_144, timeoutMs = 1_000 } = buffering;
  if (!(maxItems >= 1_000 && maxItems <= 10_000)) return "buffering.maxItems must be between 1000 and 10000";
  if (!(maxBytes >= 262_144 && maxBytes <= 1_048_576)) {
    return "buffering.maxBytes must be between 262144 and 1048576";
  }
  if (!(timeoutMs >= 25 && timeoutMs <= 30_000)) return "buffering.timeoutMs must be between 25 and 30000";
  const limits = { types: types.map(String), maxItems, maxBytes, timeoutMilliseconds: timeoutMs };
  if (destination.protocol === "TCP") {
    const port = Number(destination.port);
    if (!(port > 0 && port < 65_536)) return "destination.port must be a port";
    return { ...limits, ...overTcp(port) };
  }
  if (destination.protocol !== "HTTP") return "destination.protocol must be HTTP or TCP";
  const url = URL.canParse(destination.URI ?? "") ? new URL(destination.URI ?? "") : undefined;
  if (!url || !ownHosts.includes(url.hostname)) return "destination.URI must be at sandbox.localdomain";
  return { ...limits, ...overHttp(url) };
}

function overHttp(url: URL): Pick<Subscription, "send" | "close"> {
  return {
    send: (events) =>
      new Promise((resolve) => {
        const body = Buffer.from(JSON.stringify(events));
        const outgoing = request(
          {
            host: "127.0.0.1",
            port: url.port || 80,
            path: url.pathname + url.search,
            method: "POST",
            agent: false,
            timeout: 2_000,
            headers: { "content-type": "application/json", "content-length": body.length, host: url.host },
          },
          (response) => response.resume().once("close", resolve),
        );
        outgoing.once("timeout", () => outgoing.destroy());
        outgoing.once("error", () => resolve());
        outgoing.end(body);
      }),
    close: () => undefined,
  };
}

/** One event a line. */
function overTcp(port: number): Pick<Subscription, "send" | "close"> {
  let socket: Socket | undefined;
  return {
    send: (events) =>
      new Promise((resolve) => {
        if (!socket || socket.destroyed) {
          socket = connect({ host: "127.0.0.1", port });
          socket.unref();
          socket.on("error", () => socket?.destroy());
        }
        socket.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""), () => resolve());
      }),
    close: () => socket?.destroy(),
  };
}
