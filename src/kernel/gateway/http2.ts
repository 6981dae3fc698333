/**
 * HTTP/2, for clients that speak nothing else: those of Kinesis, for the sake of its subscriptions. Over
 * plain sockets they begin with it at once; over TLS they offer no other protocol.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";

/** The connection preface begins with `PRI`, which is no method. */
const prefaceLength = 3;

export function isPreface(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, prefaceLength) === "PRI";
}

/** HTTP/1.1 wherever it is offered: AWS's endpoints have no more, most of them. */
export function chooseProtocol({ protocols }: { readonly protocols: readonly string[] }): string | undefined {
  return protocols.includes("http/1.1") ? "http/1.1" : protocols.find((name) => name === "h2");
}

/** A request of HTTP/2 in the form of one of HTTP/1.1, to the same code. */
export function http2Server(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Http2Server {
  return createServer((request, response) => {
    Object.defineProperty(request, "headers", { value: plainHeaders(request.headers) });
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
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
