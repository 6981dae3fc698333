/** A load generator: requests made ready as bytes beforehand, replayed over keep-alive connections. */

import { connect, Socket } from "node:net";

export interface Load {
  readonly port: number;
  /** Whole requests as bytes, sent in turn. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  /** For how long at most. */
  readonly seconds: number;
  /** How many requests at most. */
  readonly requestsMax?: number;
  /** Requests a second to hold, over all connections. Default: as many as go. */
  readonly rate?: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly count: number;
  /** Answers that were not 2xx. */
  readonly failures: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly firstFailure: string;
}

interface Connection {
  socket: Socket;
  sentAt: number;
  pending: Buffer;
  /** The server will close: the next request waits for a new connection. */
  closing: boolean;
}

function closes(head: string): boolean {
  return /^HTTP\/1\.0|\r\nconnection: close/im.test(head);
}

/** The length of the first whole answer in `bytes`, or 0 while it is incomplete. */
function answerLength(bytes: Buffer): number {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return 0;
  const head = bytes.toString("latin1", 0, end);
  const match = /content-length: (\d+)/i.exec(head);
  const total = end + 4 + Number(match?.[1] ?? 0);
  return bytes.length >= total ? total : 0;
}

export async function measure(load: Load): Promise<Measured> {
  const times: number[] = [];
  let failures = 0;
  let firstFailure = "";
  let sent = 0;
  let stopping = false;
  let finish = (): void => undefined;
  const requestsMax = load.requestsMax ?? Number.POSITIVE_INFINITY;
  const interval = load.rate === undefined ? 0 : (load.connections * 1000) / load.rate;

  const send = (connection: Connection): void => {
    if (stopping || sent >= requestsMax) return;
    connection.sentAt = performance.now();
    const request = load.requests[sent++ % load.requests.length];
    if (request) connection.socket.write(request);
  };
  const receive = (connection: Connection, chunk: Buffer): void => {
    connection.pending = connection.pending.length === 0 ? chunk : Buffer.concat([connection.pending, chunk]);
    const length = answerLength(connection.pending);
    if (length === 0) return;
    connection.closing = closes(connection.pending.toString("latin1", 0, 400));
    const took = performance.now() - connection.sentAt;
    times.push(took);
    if (times.length >= requestsMax) finish();
    if (connection.pending[9] !== 0x32) {
      failures += 1;
      firstFailure ||= connection.pending.toString("utf8", 0, Math.min(length, 600));
    }
    connection.pending = connection.pending.subarray(length);
    if (connection.closing) return;
    if (interval === 0) send(connection);
    else setTimeout(send, Math.max(0, interval - took), connection);
  };

  /** Servers without keep-alive close after each answer: then the next request goes by a new connection. */
  const connectAgain = (connection: Connection, ready: () => void): void => {
    connection.pending = Buffer.alloc(0);
    connection.socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true }, ready);
    connection.socket.on("data", (chunk) => receive(connection, chunk));
    connection.socket.on("error", () => undefined);
    connection.socket.once("close", () => {
      if (!stopping) connectAgain(connection, () => send(connection));
    });
  };
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => new Promise<Connection>((resolve) => {
      const fresh = { socket: new Socket(), sentAt: 0, pending: Buffer.alloc(0), closing: false };
      const connection: Connection = fresh;
      connectAgain(connection, () => resolve(connection));
    })),
  );
  const begun = performance.now();
  for (const connection of connections) send(connection);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, load.seconds * 1000);
    finish = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  stopping = true;
  const elapsed = (performance.now() - begun) / 1000;
  for (const { socket } of connections) socket.destroy();
  const perSecond = times.length / elapsed;
  return { perSecond, count: times.length, failures, firstFailure, ...quantiles(times) };
}

function quantiles(times: readonly number[]): Pick<Measured, "p50" | "p99"> {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
