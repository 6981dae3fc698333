/** For tests: requests as no SDK sends them, byte by byte over a socket. */

import { createConnection } from "node:net";
import { testEpoch, type TestCredentials, type TestRegion } from "./region.ts";
import { ChunkSignatures } from "../src/kernel/auth/streaming-signature.ts";
import { deriveSigningKey } from "../src/kernel/auth/signing-keys.ts";
import { signRequest } from "../src/kernel/auth/signing.ts";

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  /** Signed with the others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What `x-amz-content-sha256` says. Default: `UNSIGNED-PAYLOAD`. */
  readonly payload?: string;
  /** Default: the root of account 000000000000. */
  readonly credentials?: TestCredentials;
  /** What follows the head, made when its signature is known. */
  readonly body?: (signatures: ChunkSignatures) => Buffer;
  /** Default: the length of the body. Not signed. */
  readonly contentLength?: number;
  /** The client hangs up once it has sent everything. */
  readonly hangsUp?: boolean;
}

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

const signingFacts = { region: "us-east-1", service: "s3" };

export async function send(region: TestRegion, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(await region.endpoint());
  const credentials = request.credentials ?? { accessKeyId: "test", secretAccessKey: "test" };
  const { method = "PUT", path, query = "" } = request;
  const { headers } = signRequest(
    {
      method, path, query, body: Buffer.alloc(0),
      headers: { host: `${hostname}:${port}`, ...request.headers },
    },
    {
      ...signingFacts, credentials, nowMs: testEpoch,
      payloadHash: request.payload ?? "UNSIGNED-PAYLOAD",
    },
  );
  const signatures = chunkSignatures(headers["authorization"] ?? "", credentials);
  const body = request.body?.(signatures) ?? Buffer.alloc(0);
  const lines = Object.entries({
    ...headers, "content-length": String(request.contentLength ?? body.length), connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const target = query === "" ? path : `${path}?${query}`;
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
  return exchange(hostname, Number(port), Buffer.concat([head, body]), request.hangsUp ?? false);
}

/** Sends the bytes, and reads until the other side ends. */
export function exchange(host: string, port: number, bytes: Buffer, hangsUp = false): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = createConnection({ host, port }, () => {
      socket.write(bytes, () => {
        if (hangsUp) socket.destroy();
      });
    });
    socket.on("data", (chunk) => received.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answerOf(Buffer.concat(received).toString("latin1"))));
  });
}

function answerOf(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: text.slice(end + 4) };
}

function chunkSignatures(authorization: string, credentials: TestCredentials): ChunkSignatures {
  const timestamp = "20260101T000000Z";
  const date = timestamp.slice(0, 8);
  const signature = /Signature=(\w+)/.exec(authorization)?.[1] ?? "";
  const { accessKeyId, secretAccessKey } = credentials;
  const { region, service } = signingFacts;
  const scope = `${date}/${region}/${service}/aws4_request`;
  return new ChunkSignatures({
    claim: { algorithm: "AWS4-HMAC-SHA256", accessKeyId, timestamp, scope, signature },
    signingKey: deriveSigningKey(secretAccessKey, date, region, service),
  });
}
