/** What clients are slow to send, never send, or are told to stop sending: bodies, mostly. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { requestTimedOut } from "../body/body-errors.ts";
import { streamOf } from "./http2.ts";

/** @evidence S3 closes connections over which nothing comes for about 20 seconds */
export const idleMillisecondsDefault = 20_000;

/** What is read of a body that was refused, so that its sender comes to read the refusal. */
const lingerBytesMax = 16 * 1024 * 1024;
const lingerMilliseconds = 5_000;

/** Who connects and says nothing is not kept for ever. Gives what is to be called once something is said. */
export function endSilence(socket: Socket, milliseconds: number): () => void {
  const end = (): void => void socket.destroy();
  socket.setTimeout(milliseconds).once("timeout", end);
  return () => void socket.setTimeout(0).off("timeout", end);
}

/**
 * Closes a connection over HTTP/2 on which nothing is asked for so long. Who listens to a subscription is not
 * idle, however seldom there is something to hear.
 */
export function endIdleSession(session: ServerHttp2Session, milliseconds: number): void {
  let open = 0;
  session.on("stream", (stream) => {
    open += 1;
    stream.once("close", () => (open -= 1));
  });
  session.on("timeout", () => {
    if (open === 0) session.close();
  });
  session.setTimeout(milliseconds);
}

/** Over HTTP/2 bodies need not say that they come, nor how long they are. */
export function hasBody(request: IncomingMessage): boolean {
  const stream = streamOf(request);
  if (stream) return !stream.endAfterHeaders;
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Nothing came for so long, although it was waited for: whoever reads the body gets an error, and answers it.
 * Only the client's silence counts, not the time that what it sent takes.
 */
export function endIdleUpload(request: IncomingMessage, idleMilliseconds: number): void {
  const stream = streamOf(request);
  const timer: { setTimeout(milliseconds: number): unknown } = stream ?? request.socket;
  const ring = (): void => {
    const isWaitedFor = request.readableFlowing !== null && request.readableLength === 0;
    if (isWaitedFor && request.listenerCount("error") > 0) request.emit("error", requestTimedOut());
    // It rings once: who was not waited for yet is waited for anew.
    else timer.setTimeout(idleMilliseconds);
  };
  (stream ?? request).on("timeout", ring);
  timer.setTimeout(idleMilliseconds);
  request.once("end", () => timer.setTimeout(0));
}

/**
 * A client that asks before it sends a body is told to go on once the body is wanted: what can be refused or
 * redirected by the head alone costs no upload.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read.bind(request);
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent) response.writeContinue();
    read(size);
  };
}

/**
 * Answered before all of the body is there: the connection ends with the answer, or over HTTP/2 the request's
 * part of it. It is not torn down at once, which could take the answer from a client that is still sending.
 */
export function closeAfterAnswer(request: IncomingMessage, response: ServerResponse): void {
  const stream = streamOf(request);
  if (stream) {
    stream.once("finish", () => stream.close());
    return;
  }
  const { socket } = request;
  response.setHeader("connection", "close");
  socket.destroySoon = () => linger(request, socket);
}

function linger(request: IncomingMessage, socket: Socket): void {
  const readBytes = socket.bytesRead;
  const end = setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
  socket.once("close", () => clearTimeout(end));
  socket.once("end", () => socket.destroy());
  request.unpipe();
  request.on("data", () => {
    if (socket.bytesRead - readBytes > lingerBytesMax) socket.destroy();
  });
  request.resume();
  socket.end();
}
