/** The extensions of one environment: who has registered, what each was told, and who is still at it. */

import type { Answer, Reply } from "./api-connection.ts";
import { refusal } from "./runtime-api.ts";

export interface InvokeEvent {
  readonly deadlineMs: number;
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly traceHeader: string | undefined;
}

export type ShutdownReason = "spindown" | "timeout" | "failure";

interface Extension {
  readonly id: string;
  readonly name: string;
  readonly events: readonly string[];
  /** It waits for an event. */
  reply: Reply | undefined;
  pending: Answer[];
}

export interface ExtensionsOptions {
  /** Those that the platform starts: files in `/opt/extensions`. */
  readonly external: readonly string[];
  readonly function: { readonly name: string; readonly version: string; readonly handler: string };
  readonly account: string;
  readonly newId: () => string;
  /** Somebody has come to where it waits for events. */
  readonly onChange: () => void;
}

export class Extensions {
  readonly #options: ExtensionsOptions;
  readonly #byId = new Map<string, Extension>();
  #isClosed = false;

  constructor(options: ExtensionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** In the order in which they registered. */
  list(): readonly { readonly name: string; readonly events: readonly string[] }[] {
    return [...this.#byId.values()];
  }

  nameOf(id: string): string | undefined {
    return this.#byId.get(id)?.name;
  }

  hearsOfShutdown(): boolean {
    return [...this.#byId.values()].some(({ events }) => events.includes("SHUTDOWN"));
  }

  /** All that the platform started have registered: the runtime may begin. */
  haveRegistered(): boolean {
    const names = new Set([...this.#byId.values()].map(({ name }) => name));
    return this.#options.external.every((name) => names.has(name));
  }

  /** All wait for events. */
  areReady(): boolean {
    return this.haveRegistered() && [...this.#byId.values()].every(({ reply }) => reply !== undefined);
  }

  /** Once initialization is over nobody registers any more. */
  closeRegistration(): void {
    this.#isClosed = true;
  }

  register(name: string, body: Buffer, features: readonly string[]): Answer {
    if (this.#isClosed)
      return refusal(403, "Extension.RegistrationClosed", "Extension registration closed already");
    if (name === "") return refusal(403, "Extension.InvalidExtensionName", "Empty extension name");
    const events = eventsOf(body);
    if (!events) return refusal(400, "InvalidRequestFormat", "The request body is not what is expected");
    const unknown = events.find((event) => event !== "INVOKE" && event !== "SHUTDOWN");
    if (unknown !== undefined) {
      return refusal(403, "Extension.InvalidEventType", `Invalid event type: ${unknown}`);
    }
    if ([...this.#byId.values()].some((other) => other.name === name)) {
      return refusal(
        403,
        "Extension.AlreadyRegistered",
        `Extension with this name already registered: ${name}`,
      );
    }
    const id = this.#options.newId();
    this.#byId.set(id, { id, name, events, reply: undefined, pending: [] });
    const { name: functionName, version: functionVersion, handler } = this.#options.function;
    const account = features.includes("accountId") ? { accountId: this.#options.account } : {};
    this.#options.onChange();
    return {
      status: 200,
      headers: { "lambda-extension-identifier": id },
      body: JSON.stringify({ functionName, functionVersion, handler, ...account }),
    };
  }

  next(id: string, reply: Reply): void {
    const extension = this.#byId.get(id);
    if (!extension) return reply(unknownExtension(id));
    const event = extension.pending.shift();
    if (event) return reply(event);
    extension.reply = reply;
    this.#options.onChange();
  }

  invoke(event: InvokeEvent): void {
    const { traceHeader, ...rest } = event;
    this.#tell("INVOKE", {
      eventType: "INVOKE",
      ...rest,
      tracing: { type: "X-Amzn-Trace-Id", value: traceHeader ?? "" },
    });
  }

  shutdown(shutdownReason: ShutdownReason, deadlineMs: number): void {
    this.#tell("SHUTDOWN", { eventType: "SHUTDOWN", shutdownReason, deadlineMs });
  }

  #tell(type: string, event: object): void {
    for (const extension of this.#byId.values()) {
      if (!extension.events.includes(type)) continue;
      const answer: Answer = {
        status: 200,
        headers: { "lambda-extension-event-identifier": this.#options.newId() },
        body: JSON.stringify(event),
      };
      const { reply } = extension;
      extension.reply = undefined;
      if (reply) reply(answer);
      else extension.pending.push(answer);
    }
  }
}

export function unknownExtension(id: string): Answer {
  if (id === "")
    return refusal(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
  return refusal(403, "Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`);
}

function eventsOf(body: Buffer): string[] | undefined {
  try {
    const { events = [] } = (body.length === 0 ? {} : JSON.parse(body.toString("utf8"))) as {
      events?: unknown;
    };
    return Array.isArray(events) ? events.map(String) : undefined;
  } catch {
    return undefined;
  }
}
