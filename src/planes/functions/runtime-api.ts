/**
 * The HTTP server that an environment's processes talk to: Runtime API, Extensions API, Telemetry API, Logs
 * API. It
 * knows paths, headers and bodies; what they mean is the environment's business.
 *
 * @evidence Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes", "Using the Lambda
 * Extensions
 * API to create extensions", "Accessing real-time telemetry data for extensions using the Telemetry API"
 */

import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ApiConnection, type Answer, type Reply } from "./api-connection.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Channel } from "./sandbox/sandbox.ts";

export interface RuntimeApiHandler {
  next(reply: Reply): void;
  /** Reads the body. */
  response(requestId: string, request: ApiRequest): Promise<Answer>;
  error(requestId: string, errorType: string | undefined, body: Buffer): Answer;
  initError(errorType: string | undefined, body: Buffer): Answer;
  /** A snapshot could be taken now. */
  restore(): Promise<Answer>;
  register(name: string, body: Buffer, accepted: readonly string[]): Answer;
  extensionNext(id: string, reply: Reply): void;
  extensionError(id: string, phase: "init" | "exit", errorType: string | undefined): Answer;
  subscribe(id: string, body: Buffer, api: "telemetry" | "logs"): Answer;
}

export const accepted: Answer = { status: 202, body: '{"status":"OK"}\n', mayWait: true };

const nextPath = "/2018-06-01/runtime/invocation/next";

export function refusal(status: number, errorType: string, errorMessage: string): Answer {
  return { status, body: JSON.stringify({ errorMessage, errorType }) };
}

/** Of requests that are not an answer. */
const bodyBytesMax = 1_048_576;

export class RuntimeApi {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #handler: RuntimeApiHandler;

  constructor(handler: RuntimeApiHandler) {
    this.#handler = handler;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.attach({ source: socket, sink: socket });
    });
  }

  /** Serves whoever is at the other end. */
  attach({ source, sink }: Channel): void {
    for (const socket of new Set([source, sink])) {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    new ApiConnection({ source, sink }, (request, reply) => this.#answer(source, request, reply));
  }

  /** `127.0.0.1:<port>` */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    // Everything that goes on in a region keeps it alive; an environment that waits does not.
    this.#server.unref();
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #answer(socket: Socket, request: ApiRequest, reply: Reply): void {
    if (request.url === nextPath && request.method === "GET") return this.#handler.next(reply);
    // Whoever sent it is gone in the middle of it.
    this.#route(request, reply).catch(() => socket.destroy());
  }

  async #route(request: ApiRequest, reply: Reply): Promise<void> {
    const { method, url } = request;
    const handler = this.#handler;
    const errorType = request.headers["lambda-runtime-function-error-type"];
    const [, requestId, what] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    if (method === "POST" && requestId !== undefined) {
      if (what === "response") return reply(await handler.response(requestId, request));
      return reply(handler.error(requestId, errorType, await bodyOf(request)));
    }
    if (/^\/2018-06-01\/runtime\/(init|restore)\/error$/.test(url) && method === "POST") {
      return reply(handler.initError(errorType, await bodyOf(request)));
    }
    if (url === "/2018-06-01/runtime/restore/next" && method === "GET") return reply(await handler.restore());
    if (url === "/2018-06-01/ping") return reply({ status: 200, body: "pong" });
    return this.#routeExtension(request, method, url, reply);
  }

  async #routeExtension(request: ApiRequest, method: string, url: string, reply: Reply): Promise<void> {
    const handler = this.#handler;
    const id = request.headers["lambda-extension-identifier"] ?? "";
    if (url === "/2020-01-01/extension/register" && method === "POST") {
      const features = (request.headers["lambda-extension-accept-feature"] ?? "")
        .split(",")
        .map((name) => name.trim());
      const name = request.headers["lambda-extension-name"] ?? "";
      return reply(handler.register(name, await bodyOf(request), features));
    }
    if (url === "/2020-01-01/extension/event/next" && method === "GET")
      return handler.extensionNext(id, reply);
    const phase = /^\/2020-01-01\/extension\/(init|exit)\/error$/.exec(url)?.[1] as
      "init" | "exit" | undefined;
    if (phase !== undefined && method === "POST") {
      await bodyOf(request);
      const type = request.headers["lambda-extension-function-error-type"];
      return reply(handler.extensionError(id, phase, type));
    }
    const api = new Map([
      ["/2022-07-01/telemetry", "telemetry"],
      ["/2020-08-15/logs", "logs"],
    ] as const).get(url as "/2020-08-15/logs");
    if (api !== undefined && method === "PUT")
      return reply(handler.subscribe(id, await bodyOf(request), api));
    reply({ status: 404, body: "404 page not found\n" });
  }
}

async function bodyOf(request: ApiRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= bodyBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
