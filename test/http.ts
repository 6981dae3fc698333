/** Requests that no SDK sends: by hand, to a region's socket, under any host name. */

import { request as send, type IncomingHttpHeaders } from "node:http";
import type { TestRegion } from "./region.ts";

export interface Sent {
  readonly method?: string;
  /** Without it, the region's own address. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** @param path with its query */
export async function http(region: TestRegion, path: string, sent: Sent = {}): Promise<Answered> {
  const { port } = new URL(await region.endpoint());
  const { method = "GET", host, headers, body } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: "127.0.0.1", port, path, method, headers: { ...(host && { host }), ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const { statusCode = 0, headers: answered } = incoming;
          resolve({ status: statusCode, headers: answered, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The content of an element of an XML answer, or undefined. */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
