/**
 * The HTTP server that an environment's processes talk to: Runtime API, Extensions API, Telemetry API, Logs
 * API. It
 * knows paths, headers and bodies; what they mean is the environment's business.
 *
 * @evidence Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes", "Using the Lambda
 * Extensions
 * API to create extensions", "Accessing real-time telemetry data for extensions using the Telemetry API"
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** What is said back once it is known: an event may be long in coming. */
export type Reply = (answer: Answer) => void;

export interface RuntimeApiHandler {
  next(reply: Reply): void;
  /** Reads the body. */
  response(requestId: string, request: IncomingMessage): Promise<Answer>;
  error(requestId: string, errorType: string | undefined, body: Buffer): Answer;
  initError(errorType: string | undefined, body: Buffer): Answer;
  register(name: string, body: Buffer, accepted: readonly string[]): Answer;
  extensionNext(id: string, reply: Reply): void;
  extensionError(id: string, phase: "init" | "exit", errorType: string | undefined): Answer;
  subscribe(id: string, body: Buffer, api: "telemetry" | "logs"): Answer;
}

export const accepted: Answer = { status: 202, body: '{"status":"OK"}\n' };

export function refusal(status: number, errorType: string, errorMessage: string): Answer {
  return { status, body: JSON.stringify({ errorMessage, errorType }) };
}

/** Of requests that are not an answer. */
const bodyBytesMax = 1_048_576;

export class RuntimeApi {
  readonly #server: Server;
  readonly #handler: RuntimeApiHandler;

  constructor(handler: RuntimeApiHandler) {
    this.#handler = handler;
    const settings = {
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
      noDelay: true,
      maxHeaderSize: 131_072,
    };
    this.#server = createServer(settings, (request, response) => void this.#answer(request, response));
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
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (answer: Answer): void => send(response, answer);
    try {
      await this.#route(request, reply);
    } catch {
      // Whoever sent it is gone in the middle of it.
      response.destroy();
    }
  }

  async #route(request: IncomingMessage, reply: Reply): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const handler = this.#handler;
    const errorType = text(request, "lambda-runtime-function-error-type");
    if (url === "/2018-06-01/runtime/invocation/next" && method === "GET") return handler.next(reply);
    const [, requestId, what] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    if (method === "POST" && requestId !== undefined) {
      if (what === "response") return reply(await handler.response(requestId, request));
      return reply(handler.error(requestId, errorType, await bodyOf(request)));
    }
    if (url === "/2018-06-01/runtime/init/error" && method === "POST") {
      return reply(handler.initError(errorType, await bodyOf(request)));
    }
    if (url === "/2018-06-01/ping") return reply({ status: 200, body: "pong" });
    return this.#routeExtension(request, method, url, reply);
  }

  async #routeExtension(request: IncomingMessage, method: string, url: string, reply: Reply): Promise<void> {
    const handler = this.#handler;
    const id = text(request, "lambda-extension-identifier") ?? "";
    if (url === "/2020-01-01/extension/register" && method === "POST") {
      const features = (text(request, "lambda-extension-accept-feature") ?? "")
        .split(",")
        .map((name) => name.trim());
      const name = text(request, "lambda-extension-name") ?? "";
      return reply(handler.register(name, await bodyOf(request), features));
    }
    if (url === "/2020-01-01/extension/event/next" && method === "GET")
      return handler.extensionNext(id, reply);
    const phase = /^\/2020-01-01\/extension\/(init|exit)\/error$/.exec(url)?.[1] as
      "init" | "exit" | undefined;
    if (phase !== undefined && method === "POST") {
      await bodyOf(request);
      return reply(handler.extensionError(id, phase, text(request, "lambda-extension-function-error-type")));
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

function text(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : value?.[0];
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= bodyBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body = "" }: Answer): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}
