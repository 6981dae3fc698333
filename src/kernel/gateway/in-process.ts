/** SDK clients that talk to a region in the same process: the whole wire format, without a socket. */

import { Readable } from "node:stream";
import { directory } from "../../generated/directory.ts";
import { signRequest, type Credentials } from "../auth/signing.ts";
import { SigningKeys } from "../auth/signing-keys.ts";
import type { Engine } from "../engine.ts";
import type { Headers } from "../protocol/protocol.ts";
import { handle, streamsBody } from "./chain.ts";

/** What the JavaScript SDK v3 hands its request handlers and signers. */
interface SdkRequest {
  method: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

interface SdkResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}

export interface ClientOptions {
  readonly region?: string;
  readonly credentials?: Credentials;
  readonly [option: string]: unknown;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function queryString(query: SdkRequest["query"]): string {
  return Object.entries(query ?? {})
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) =>
        each === null ? encode(name) : `${encode(name)}=${encode(each)}`,
      ),
    )
    .join("&");
}

/** Bytes of SDKs may say that they are a text, and do not like to be taken at their word, as `from` does. */
function bodyOf(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (!ArrayBuffer.isView(body)) return Buffer.from(body as string);
  return Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
}

async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function lowerCase(headers: Readonly<Record<string, string>>): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * The configuration that ties an SDK client to a region: it signs by the region's clock, and needs no
 * network.
 */
export function clientConfiguration(engine: Engine, options: ClientOptions): Record<string, unknown> {
  const region = options.region ?? "us-east-1";
  const credentials = options.credentials ?? { accessKeyId: "test", secretAccessKey: "test" };
  return {
    maxAttempts: 1,
    // A queue URL names this region by a host that says nothing of the service, which the signer has to know.
    useQueueUrlAsEndpoint: false,
    // So do the hosts of accounts that DynamoDB's clients find in ARNs of tables.
    accountIdEndpointMode: "disabled",
    // AWS_ENDPOINT_URL of the environment names another region, which other clients find by it.
    ignoreConfiguredEndpointUrls: true,
    ...options,
    region,
    credentials,
    requestHandler: {
      handle: (request: SdkRequest, sent?: { abortSignal?: AbortSignal }) => pass(engine, request, sent),
    },
    signer: signer(engine, region, credentials),
  };
}

/** The signing name of the service that an AWS host name stands for. */
function signingName(hostname: string): string {
  const labels = hostname.split(".");
  return directory.find((entry) => labels.includes(entry.endpointPrefix))?.signingName ?? "";
}

/** Of all clients: they are made anew more often than the day ends. */
const signingKeys = new SigningKeys();

function signer(engine: Engine, region: string, credentials: Credentials): object {
  return {
    sign: async (request: SdkRequest, facts?: { signingService?: string; signingRegion?: string }) => {
      const headers = lowerCase(request.headers);
      const isStream = request.body instanceof Readable;
      const signed = signRequest(
        {
          method: request.method,
          path: request.path,
          query: queryString(request.query),
          headers,
          body: isStream ? Buffer.alloc(0) : bodyOf(request.body),
        },
        {
          ...(isStream && { payloadHash: headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD" }),
          credentials,
          region: facts?.signingRegion ?? region,
          service: facts?.signingService ?? signingName(request.hostname),
          nowMs: engine.clock.now(),
          keys: signingKeys,
        },
      );
      return Object.assign(request, { headers: signed.headers });
    },
  };
}

/** Without a socket nothing else ends a long poll when the region stops. */
function hangUpOf({ stopping }: Engine, given: AbortSignal | undefined): AbortSignal {
  return given ? AbortSignal.any([given, stopping]) : stopping;
}

async function pass(
  engine: Engine,
  request: SdkRequest,
  sent: { abortSignal?: AbortSignal } | undefined,
): Promise<{ response: SdkResponse }> {
  if (engine.isOver) throw new Error("The region of this client has been stopped.");
  const head = {
    method: request.method,
    path: request.path,
    query: queryString(request.query),
    headers: lowerCase({ host: request.hostname, ...request.headers }),
    sourceIp: "127.0.0.1",
    secure: true,
    signal: hangUpOf(engine, sent?.abortSignal),
  };
  const stream = request.body instanceof Readable ? request.body : undefined;
  const answer =
    stream && (await streamsBody(engine, head))
      ? await handle(engine, { ...head, body: Buffer.alloc(0), stream })
      : await handle(engine, { ...head, body: stream ? await whole(stream) : bodyOf(request.body) });
  const { body } = answer;
  const sentBack =
    body instanceof Readable ? body : Readable.from(body.length > 0 ? [Buffer.from(body as string)] : []);
  return { response: { statusCode: answer.status, headers: answer.headers, body: sentBack } };
}
