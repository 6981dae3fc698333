/** The region's socket: HTTP/1.1, HTTP/2 and, where a certificate is given, both over TLS, on one port. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  createServer as createSocketServer,
  type AddressInfo,
  type Server as SocketServer,
  type Socket,
} from "node:net";
import { pipeline, Readable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { TLSSocket, TlsOptions } from "node:tls";
import { readBody } from "../body/read-body.ts";
import type { Engine } from "../engine.ts";
import { AwsError } from "../errors.ts";
import type { Headers, WireResponse } from "../protocol/protocol.ts";
import { bodyBytesMax, wholeBytesMax } from "./body.ts";
import { bodyLimit, handle, streamsBody, type Incoming } from "./chain.ts";
import { Gathering } from "./gathering.ts";
import { chooseProtocol, http2Connections, isHttp2, isPreface } from "./http2.ts";
import { Turns } from "./turns.ts";
import {
  closeAfterAnswer, continueWhenRead, endIdleSession, endIdleUpload, endSilence, hasBody,
  idleMillisecondsDefault,
} from "./uploads.ts";

/** What is not AWS's API: `/_local/…` and the like. Undefined passes the request on. */
export type LocalRoutes = (incoming: Incoming) => Promise<WireResponse> | undefined;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly local: LocalRoutes;
  readonly certificate?: Certificate;
  /** How long a client may be silent in the middle of a body, by the machine's clock. */
  readonly uploadIdleMilliseconds?: number;
  /** How long a client may take for a request's head, once it has connected or begun. Default: a minute. */
  readonly headMilliseconds?: number;
  /** Whether the thread is the region's alone and may sleep for a moment until more has come. */
  readonly mayRest?: boolean;
}

/** PEM texts, and certificates for names that the first does not carry. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Of the authority that signed it. */
  readonly authority: string;
  readonly SNICallback: NonNullable<TlsOptions["SNICallback"]>;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const tlsHandshake = 0x16;

/** How many clients may come at once; the machine may allow fewer. */
const waitingConnectionsMax = 4_096;

const headMillisecondsDefault = 60_000;

/** Longer than clients and load balancers keep connections themselves. */
const keepAliveMilliseconds = 65_000;

export async function listen(engine: Engine, options: ListenOptions): Promise<Listener> {
  const idleMilliseconds = options.uploadIdleMilliseconds ?? idleMillisecondsDefault;
  const turns = new Turns(options.mayRest === true ? new Gathering() : undefined);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (hasBody(request)) endIdleUpload(request, idleMilliseconds);
    void respond(engine, { local: options.local, turns }, request, response);
  };
  const headMilliseconds = options.headMilliseconds ?? headMillisecondsDefault;
  const settings = {
    keepAliveTimeout: keepAliveMilliseconds, requestTimeout: 0, maxHeaderSize: 64 * 1024,
    // Without, it is as long as that of requests, and so for ever.
    headersTimeout: headMilliseconds, connectionsCheckingInterval: headMilliseconds / 2,
  };
  const plain = createServer(settings, answer);
  const first = (socket: Socket): void => void plain.emit("connection", socket);
  const second = http2Connections(answer, (session) => endIdleSession(session, keepAliveMilliseconds));
  const secure = options.certificate && createTlsServer(
    { ...options.certificate, ALPNCallback: chooseProtocol },
    (socket) => (socket.alpnProtocol === "h2" ? second(socket) : first(socket)),
  );
  secure?.on("tlsClientError", (_cause, socket) => socket.destroy());
  endSlowHeads(plain);
  plain.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response);
    answer(request, response);
  });
  const tls = secure && ((socket: Socket): void => void secure.emit("connection", socket));
  const takers = { first, second, tls };
  const sockets = createSocketServer({ noDelay: true }, (socket) =>
    sniff(socket, takers, headMilliseconds));
  await new Promise<void>((resolve, reject) => {
    sockets.once("error", reject);
    sockets.listen({ port: options.port, host: options.host, backlog: waitingConnectionsMax }, resolve);
  });
  const open = new Set<Socket>();
  sockets.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const stop = async (): Promise<void> => {
    // The answer to whoever asked for this goes out first.
    await turns.ended();
    await turns.ended();
    await close(sockets, open);
    plain.close();
  };
  return { port: (sockets.address() as AddressInfo).port, close: stop };
}

/**
 * Node looks for connections that take too long over their request's head once a server listens. This one is
 * handed its connections, and so must be told.
 */
function endSlowHeads(server: Server): void {
  server.emit("listening");
}

/** Who takes connections of HTTP/1.1, of HTTP/2, and of TLS. */
interface Takers {
  readonly first: (socket: Socket) => void;
  readonly second: (socket: Socket) => void;
  readonly tls: ((socket: Socket) => void) | undefined;
}

/** The first bytes tell TLS from HTTP, and one HTTP from the other. */
function sniff(socket: Socket, { first, second, tls }: Takers, headMilliseconds: number): void {
  socket.on("error", () => socket.destroy());
  const heard = endSilence(socket, headMilliseconds);
  socket.once("readable", () => {
    heard();
    const begin = socket.read() as Buffer | null;
    if (begin === null) return;
    socket.unshift(begin);
    const plain = isPreface(begin) ? second : first;
    const take = begin[0] === tlsHandshake ? tls : plain;
    if (take) take(socket);
    else socket.destroy();
  });
}

async function close(server: SocketServer, open: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of open) socket.destroy();
  await closed;
}

interface Answering {
  readonly local: LocalRoutes;
  readonly turns: Turns;
}

async function respond(
  engine: Engine,
  { local, turns }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const incoming = await receive(engine, request, response);
    const answering = local(incoming) ?? handle(engine, incoming);
    turns.requested();
    const answer = await answering;
    await turns.ended();
    const failed = (cause: unknown): void => engine.failed("the body of an answer", cause);
    send(answer, { request, response, failed });
  } catch (cause) {
    engine.failed("a request", cause);
    if (!response.headersSent) response.writeHead(500, isHttp2(request) ? {} : { connection: "close" });
    response.end();
  }
}

const noBody = Buffer.alloc(0);

/** Reads the body, unless it is large and its operation takes it as it comes. */
async function receive(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<HttpIncoming> {
  const isLarge = !(Number(request.headers["content-length"] ?? 0) <= wholeBytesMax);
  if (isLarge || saysNoLength(request)) {
    const incoming = new HttpIncoming(request, response, noBody, request);
    if (await streamsBody(engine, incoming)) return incoming;
  }
  const limit = isLarge ? await bodyLimit(engine, new HttpIncoming(request, response, noBody)) : undefined;
  try {
    const body = await readBody(request, limit?.bytes ?? bodyBytesMax, limit?.tooLarge);
    return new HttpIncoming(request, response, body);
  } catch (cause) {
    if (cause instanceof AwsError) return new HttpIncoming(request, response, noBody, undefined, cause);
    throw cause;
  }
}

/** Operations that take a body as it comes want to know its length, of none, too. */
function saysNoLength(request: IncomingMessage): boolean {
  const { headers, method } = request;
  if (headers["transfer-encoding"] !== undefined) return true;
  return method === "PUT" && headers["content-length"] === undefined && !isHttp2(request);
}

/** Most requests never look at their signal, and abort signals are dear: it is made when it is asked for. */
class HttpIncoming implements Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly stream?: Readable;
  readonly failure?: AwsError;
  readonly sourceIp: string;
  readonly secure: boolean;
  readonly #socket: TLSSocket;
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    stream?: Readable,
    failure?: AwsError,
  ) {
    const url = originForm(request.url ?? "/");
    const mark = url.indexOf("?");
    this.method = request.method ?? "GET";
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? "" : url.slice(mark + 1);
    this.headers = request.headers as Headers;
    this.body = body;
    if (stream) this.stream = stream;
    if (failure) this.failure = failure;
    this.sourceIp = plainAddress(request.socket.remoteAddress);
    this.#socket = request.socket as TLSSocket;
    this.secure = this.#socket.encrypted === true;
    this.#response = response;
  }

  get tlsVersion(): string | undefined {
    return this.secure ? this.#socket.getProtocol()?.replace("TLSv", "") : undefined;
  }

  get tlsCipher(): string | undefined {
    return this.secure ? this.#socket.getCipher().name : undefined;
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const hungUp = new AbortController();
      this.#signal = hungUp.signal;
      if (this.#response.destroyed) hungUp.abort();
      else this.#response.once("close", () => hungUp.abort());
    }
    return this.#signal;
  }
}

/**
 * `http://host/path` is how clients ask a proxy, which the region is to them where HTTP_PROXY names it: for
 * machines that can't look up names in front of `localhost`.
 *
 * @evidence RFC 9112, section 3.2.2: a server must accept the absolute form
 */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const origin = /^https?:\/\/[^/?#]*/i.exec(target);
  if (!origin) return target;
  const rest = target.slice(origin[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** IPv4 addresses that a dual-stack socket shows as IPv6 are IPv4 addresses to policies. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return "127.0.0.1";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Told why a body failed, which its client cannot be told any more. */
  readonly failed: (cause: unknown) => void;
}

/** When the client hangs up, what the body is read from is let go; when the body fails, so is the client. */
function send(answer: WireResponse, exchange: Exchange): void {
  const { request, response } = exchange;
  const { body } = answer;
  const headers = lengthLast(answer.headers);
  if (hasBody(request) && !request.complete) closeAfterAnswer(request, response);
  if (body instanceof Readable) {
    sendStream(answer.status, headers, body, exchange);
    return;
  }
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  if (hasContent(answer.status)) headers["content-length"] ??= String(length);
  response.writeHead(answer.status, headers);
  if (request.method === "HEAD") response.end();
  else if (typeof body === "string") response.end(body);
  else if (body.length > textBytesMax) response.end(body);
  else response.end(body.toString("latin1"), "latin1");
}

/**
 * Node reads a `Content-Disposition` that follows a length as UTF-8, whatever its bytes are, and fails where
 * they are not: the length comes last.
 */
function lengthLast(headers: WireResponse["headers"]): WireResponse["headers"] {
  if (headers["content-disposition"] === undefined) return headers;
  const { "content-length": length, ...others } = headers;
  return length === undefined ? others : { ...others, "content-length": length };
}

function sendStream(
  status: number, headers: Headers, body: Readable, { request, response, failed }: Exchange,
): void {
  try {
    response.writeHead(status, headers);
  } catch (cause) {
    body.destroy();
    throw cause;
  }
  if (request.method === "HEAD") {
    response.end(() => body.destroy());
    return;
  }
  pipeline(body, response, (cause) => {
    if (cause && !hangUps.has(cause.code ?? "")) failed(cause);
  });
}

/** Of clients that leave before they have the whole body. */
const hangUps: ReadonlySet<string> = new Set([
  "ABORT_ERR", "ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_PREMATURE_CLOSE",
]);

/** Node writes head and body in one where the body is a text: up to this size that saves time. */
const textBytesMax = 65_536;

/** @evidence RFC 9110, section 8.6: a 204 has no content length */
function hasContent(status: number): boolean {
  return status !== 204 && status !== 304;
}
