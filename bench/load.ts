/** A load generator: requests made ready as bytes beforehand, replayed over keep-alive connections. */

import { connect, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface Load {
  readonly port: number;
  /** Whole requests as bytes, sent in turn. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  /** For how long at most. */
  readonly seconds: number;
  /** How many requests at most. */
  readonly requestsMax?: number;
  /**
   * Requests a second to hold, due evenly one after another. A request that finds every connection busy waits
   * for one, and its wait counts: times run from when a request was due. Default: as many as go, each when
   * its connection is free.
   */
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
  dueAt: number;
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
  const enough = new AbortController();
  const requestsMax = load.requestsMax ?? Number.POSITIVE_INFINITY;
  const idle: Connection[] = [];

  const send = (connection: Connection, due = performance.now()): void => {
    if (stopping || sent >= requestsMax) return;
    connection.dueAt = due;
    const request = load.requests[sent++ % load.requests.length];
    if (request) connection.socket.write(request);
  };
  const receive = (connection: Connection, chunk: Buffer): void => {
    connection.pending = connection.pending.length === 0 ? chunk : Buffer.concat([connection.pending, chunk]);
    const length = answerLength(connection.pending);
    if (length === 0) return;
    connection.closing = closes(connection.pending.toString("latin1", 0, 400));
    const took = performance.now() - connection.dueAt;
    times.push(took);
    if (times.length >= requestsMax) enough.abort();
    if (connection.pending[9] !== 0x32) {
      failures += 1;
      firstFailure ||= connection.pending.toString("utf8", 0, Math.min(length, 600));
    }
    connection.pending = connection.pending.subarray(length);
    if (connection.closing) return;
    if (load.rate === undefined) send(connection);
    else idle.push(connection);
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
      const fresh = { socket: new Socket(), dueAt: 0, pending: Buffer.alloc(0), closing: false };
      const connection: Connection = fresh;
      connectAgain(connection, () => resolve(connection));
    })),
  );
  const begun = performance.now();
  idle.push(...connections);
  const sendFromIdle = (due?: number): boolean => {
    const connection = idle.shift();
    if (connection) send(connection, due);
    return connection !== undefined;
  };
  if (load.rate === undefined) while (sendFromIdle());
  else pace(load.rate, () => stopping, sendFromIdle);
  await pause(load.seconds * 1000, undefined, { signal: enough.signal }).catch(() => undefined);
  stopping = true;
  const elapsed = (performance.now() - begun) / 1000;
  for (const { socket } of connections) socket.destroy();
  const perSecond = times.length / elapsed;
  return { perSecond, count: times.length, failures, firstFailure, ...quantiles(times) };
}

/**
 * Calls `send` with each moment that a request is due, until it is `stopped`. Timers are too coarse: it turns
 * without rest.
 */
function pace(rate: number, stopped: () => boolean, send: (due: number) => boolean): void {
  let due = performance.now();
  const turn = (): void => {
    if (stopped()) return;
    while (due <= performance.now() && send(due)) due += 1000 / rate;
    setImmediate(turn);
  };
  turn();
}

function quantiles(times: readonly number[]): Pick<Measured, "p50" | "p99"> {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
