/**
 * HTTP/2, for clients that speak nothing else: those of Kinesis, for the sake of its subscriptions. Over
 * plain sockets they begin with it at once; over TLS they offer no other protocol.
 */

import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  Http2ServerRequest, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";

/** The connection preface begins with `PRI`, which is no method. */
const prefaceLength = 3;

export function isPreface(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, prefaceLength) === "PRI";
}

/** HTTP/1.1 wherever it is offered: AWS's endpoints have no more, most of them. */
export function chooseProtocol({ protocols }: { readonly protocols: readonly string[] }): string | undefined {
  return protocols.includes("http/1.1") ? "http/1.1" : protocols.find((name) => name === "h2");
}

/**
 * Takes connections of such clients, and gives their requests in the form of those of HTTP/1.1 to the same
 * code. Node's part of it is loaded with the first.
 *
 * @param begun told of each connection
 */
export function http2Connections(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  begun: (session: ServerHttp2Session) => void,
): (socket: Socket) => void {
  let server: Promise<EventEmitter> | undefined;
  const start = async (): Promise<EventEmitter> => {
    const { createServer } = await import("node:http2");
    const made = createServer((request, response) => {
      Object.defineProperty(request, "headers", { value: plainHeaders(request.headers) });
      answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
    return made.on("session", begun);
  };
  return (socket) => {
    void (server ??= start()).then(
      (started) => started.emit("connection", socket),
      () => {
        server = undefined;
        socket.destroy();
      },
    );
  };
}

/** What HTTP/2 says in pseudo-headers is no header to anybody else, but for the host. */
function plainHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const plain: IncomingHttpHeaders = { host: headers[":authority"] as string | undefined };
  for (const [name, value] of Object.entries(headers)) if (!name.startsWith(":")) plain[name] = value;
  return plain;
}

/** What is said of the connection is said otherwise there. */
export function isHttp2({ httpVersionMajor }: IncomingMessage): boolean {
  return httpVersionMajor === 2;
}

/** A request's own part of its connection; undefined where the connection is all its own. */
export function streamOf(request: IncomingMessage): ServerHttp2Stream | undefined {
  return isHttp2(request) ? (request as unknown as Http2ServerRequest).stream : undefined;
}
