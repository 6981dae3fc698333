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

/** An even load is not counted from its first moment: code that it alone needs is compiled meanwhile. */
const settlingMilliseconds = 4_000;

export interface Measured {
  readonly perSecond: number;
  /** Of all answers, those to the first moment of an even load among them. */
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

const endOfHead = Buffer.from("\r\n\r\n");
/** Of the headers' lines what is the same in all ways of writing them. */
const contentLength = Buffer.from("ength: ");
const connectionClose = Buffer.from("onnection: close");
const zero = 0x30;

function valueAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from, digit; (digit = (bytes[at] ?? 0) - zero) >= 0 && digit <= 9; at += 1) {
    value = value * 10 + digit;
  }
  return value;
}

interface Answer {
  /** Of head and body. */
  readonly length: number;
  readonly closes: boolean;
}

/** The first whole answer in `bytes`. No strings are made: the load's collections would count as waits. */
function answerIn(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end);
  const at = head.indexOf(contentLength);
  const length = end + endOfHead.length + (at < 0 ? 0 : valueAt(bytes, at + contentLength.length));
  const isOld = bytes[httpMinorAt] === zero;
  return bytes.length < length ? undefined : { length, closes: isOld || head.includes(connectionClose) };
}

/** In `HTTP/1.1 200 OK`. */
const httpMinorAt = 7;
const statusAt = 9;
const two = 0x32;

export async function measure(load: Load): Promise<Measured> {
  let times: number[] = [];
  let failures = 0;
  let firstFailure = "";
  let sent = 0;
  let answered = 0;
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
    const answer = answerIn(connection.pending);
    if (!answer) return;
    connection.closing = answer.closes;
    times.push(performance.now() - connection.dueAt);
    answered += 1;
    if (answered >= requestsMax) enough.abort();
    if (connection.pending[statusAt] !== two) {
      failures += 1;
      firstFailure ||= connection.pending.toString("utf8", 0, Math.min(answer.length, 600));
    }
    connection.pending = connection.pending.subarray(answer.length);
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
  const connected = (): Promise<Connection> => new Promise((resolve) => {
    const fresh: Connection = { socket: new Socket(), dueAt: 0, pending: Buffer.alloc(0), closing: false };
    connectAgain(fresh, () => resolve(fresh));
  });
  const connections = await Promise.all(Array.from({ length: load.connections }, connected));
  let begun = performance.now();
  idle.push(...connections);
  const sendFromIdle = (due?: number): boolean => {
    const connection = idle.shift();
    if (connection) send(connection, due);
    return connection !== undefined;
  };
  if (load.rate === undefined) while (sendFromIdle());
  else {
    pace(load.rate, () => stopping, sendFromIdle);
    await pause(settlingMilliseconds);
    times = [];
    begun = performance.now();
  }
  await pause(load.seconds * 1000, undefined, { signal: enough.signal }).catch(() => undefined);
  stopping = true;
  const elapsed = (performance.now() - begun) / 1000;
  for (const { socket } of connections) socket.destroy();
  return { perSecond: times.length / elapsed, count: answered, failures, firstFailure, ...quantiles(times) };
}

/** Longer rests would make answers look late, in milliseconds. */
const paceRestMax = 0.1;

/**
 * Calls `send` with each moment that a request is due, until it is `stopped`. Timers are too coarse; between
 * two requests it sleeps, so that what else the machine has to do need not hold up one of the two cores.
 */
function pace(rate: number, stopped: () => boolean, send: (due: number) => boolean): void {
  let due = performance.now();
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const turn = (): void => {
    if (stopped()) return;
    while (due <= performance.now() && send(due)) due += 1000 / rate;
    const rest = Math.min(due - performance.now(), paceRestMax);
    if (rest > 0) Atomics.wait(sleeper, 0, 0, rest);
    setImmediate(turn);
  };
  turn();
}

function quantiles(times: readonly number[]): Pick<Measured, "p50" | "p99"> {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
