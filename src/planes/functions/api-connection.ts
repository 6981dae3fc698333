/**
 * One connection of an environment's process: HTTP/1.1, read and written by hand, because what Node's server
 * does for each request costs more than most functions. Answers go out in the order of their requests, head
 * and body in one piece. Whatever is no HTTP/1.1 is refused, and the connection closed.
 *
 * @evidence RFC 9112, "HTTP/1.1"
 */

import type { Socket } from "node:net";
import { ApiRequest, type Fields } from "./api-request.ts";
import type { Channel } from "./sandbox/sandbox.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Fields;
  readonly body?: Uint8Array | string;
  /** Whoever has asked for more already does not wait for this: it goes out with what is answered next. */
  readonly mayWait?: boolean;
}

/** What is said back once it is known: an event may be long in coming. */
export type Reply = (answer: Answer) => void;

const headBytesMax = 131_072;
/** Requests on one connection that are not answered yet. */
const pendingMax = 64;
const noBytes = Buffer.alloc(0);
const headEnd = "\r\n\r\n";
const continues = `HTTP/1.1 100 Continue${headEnd}`;
/** What says where a request ends says it once. */
const onlyOnce: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

interface Pending {
  readonly request: ApiRequest;
  answer: Answer | undefined;
}

type Part = "head" | "sized" | "chunk-size" | "chunk" | "chunk-end" | "trailers";

class Malformed extends Error {
  readonly status: number;

  constructor(status: number) {
    super("malformed request");
    this.status = status;
  }
}

export class ApiConnection {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #onRequest: (request: ApiRequest, reply: Reply) => void;
  readonly #pending: Pending[] = [];
  #bytes: Buffer = noBytes;
  #part: Part = "head";
  /** Of the body, or of its chunk, that are still to come. */
  #left = 0;
  #trailers = "";
  /** Whose body is being read. */
  #request: ApiRequest | undefined;
  /** The connection ends with its answer. */
  #last: ApiRequest | undefined;
  #isReading = false;
  #isOver = false;

  constructor({ source, sink }: Channel, onRequest: (request: ApiRequest, reply: Reply) => void) {
    this.#source = source;
    this.#sink = sink;
    this.#onRequest = onRequest;
    sink.setNoDelay(true);
    source.on("data", (chunk: Buffer) => this.#take(chunk));
    source.on("error", () => undefined);
    source.on("end", () => this.#halfClosed());
    source.on("close", () => this.#request?.cut());
    sink.on("error", () => undefined);
    sink.on("drain", () => this.#read());
  }

  #take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#read();
  }

  #read(): void {
    if (this.#isReading || this.#isOver) return;
    this.#isReading = true;
    try {
      while (!this.#mustWait() && this.#readPart());
    } catch (error) {
      this.#refuse(error instanceof Malformed ? error.status : 400);
    }
    this.#isReading = false;
    if (this.#isOver) return;
    if (this.#mustWait()) this.#source.pause();
    else if (this.#source.isPaused()) this.#source.resume();
  }

  #mustWait(): boolean {
    return this.#request?.isFull === true || this.#sink.writableNeedDrain;
  }

  /** @returns whether there may be more */
  #readPart(): boolean {
    if (this.#part === "head") return this.#last === undefined && this.#readHead();
    if (this.#part === "sized" || this.#part === "chunk") return this.#readBody();
    const line = this.#takeLine();
    if (line === undefined) return false;
    if (this.#part === "chunk-end") {
      if (line !== "") throw new Malformed(400);
      this.#part = "chunk-size";
    } else if (this.#part === "chunk-size") this.#beginChunk(line);
    else this.#readTrailer(line);
    return true;
  }

  #readHead(): boolean {
    const end = this.#bytes.indexOf(headEnd);
    if (end > headBytesMax || (end < 0 && this.#bytes.length > headBytesMax)) throw new Malformed(431);
    if (end < 0) return false;
    const text = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + headEnd.length);
    const lineEnd = text.indexOf("\r\n");
    const [, method, url, version] =
      /^([A-Z]+) ([^ \0-\x1f]+) HTTP\/1\.([01])$/.exec(lineEnd < 0 ? text : text.slice(0, lineEnd)) ?? [];
    if (method === undefined || url === undefined) throw new Malformed(400);
    const headers = fieldsOf(lineEnd < 0 ? "" : text.slice(lineEnd + 2));
    if (this.#pending.length >= pendingMax) throw new Malformed(400);
    const request = new ApiRequest(method, url, headers, () => this.#read());
    const connection = headers["connection"]?.toLowerCase();
    const isLast = connection === "close" || (version === "0" && connection !== "keep-alive");
    if (isLast) this.#last = request;
    this.#begin(request);
    return true;
  }

  #begin(request: ApiRequest): void {
    const { headers } = request;
    const length = headers["content-length"];
    const encoding = headers["transfer-encoding"];
    // Two answers to where it ends, or one that is not understood, are none.
    if (encoding !== undefined && (length !== undefined || encoding.toLowerCase() !== "chunked"))
      throw new Malformed(400);
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Malformed(400);
    this.#request = request;
    this.#left = Number(length ?? 0);
    this.#part = encoding === undefined ? "sized" : "chunk-size";
    if (headers["expect"]?.toLowerCase() === "100-continue") this.#sink.write(continues);
    const pending: Pending = { request, answer: undefined };
    this.#pending.push(pending);
    if (this.#part === "sized" && this.#left <= this.#bytes.length) this.#readBody();
    this.#onRequest(request, (answer) => {
      pending.answer ??= answer;
      this.#flush();
    });
  }

  #readBody(): boolean {
    const piece = this.#bytes.subarray(0, this.#left);
    this.#bytes = this.#bytes.subarray(piece.length);
    this.#left -= piece.length;
    this.#request?.push(piece);
    if (this.#left > 0) return false;
    if (this.#part === "chunk") this.#part = "chunk-end";
    else this.#complete({});
    return true;
  }

  #beginChunk(line: string): void {
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new Malformed(400);
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "chunk";
  }

  #readTrailer(line: string): void {
    if (line !== "") {
      this.#trailers += `${line}\r\n`;
      if (this.#trailers.length > headBytesMax) throw new Malformed(431);
      return;
    }
    const text = this.#trailers;
    this.#trailers = "";
    this.#complete(fieldsOf(text.slice(0, -2)));
  }

  #takeLine(): string | undefined {
    const end = this.#bytes.indexOf("\r\n");
    if (end > headBytesMax || (end < 0 && this.#bytes.length > headBytesMax)) throw new Malformed(431);
    if (end < 0) return undefined;
    const line = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + 2);
    return line;
  }

  #complete(trailers: Fields): void {
    this.#request?.complete(trailers);
    this.#request = undefined;
    this.#part = "head";
  }

  /** Writes what is known, in order. */
  #flush(): void {
    let ready = 0;
    while (this.#pending[ready]?.answer !== undefined) ready += 1;
    if (ready === 0) return;
    // A next request that is here already shows that nobody waits for what may wait.
    const isBehind = this.#pending.length > ready;
    if (isBehind && this.#pending.slice(0, ready).every(({ answer }) => answer?.mayWait)) return;
    const done = this.#pending.splice(0, ready);
    const isLast = done.some(({ request }) => request === this.#last);
    // What is left of a body that was answered before its end is read, and thrown away.
    if (this.#request && done.some(({ request }) => request === this.#request)) this.#request.drop();
    if (!this.#sink.writable) return;
    this.#sink.write(bytesOf(done.flatMap(({ answer }) => answer ?? []), isLast));
    if (isLast) this.#close();
  }

  /** Nothing more comes: what was asked for is answered. */
  #halfClosed(): void {
    this.#request?.cut();
    this.#last = this.#pending.at(-1)?.request;
    if (!this.#last) this.#close();
  }

  #refuse(status: number): void {
    this.#request?.cut();
    this.#sink.write(bytesOf([{ status }], true));
    this.#close();
  }

  /** What still comes is read, so that what was written arrives, and thrown away. */
  #close(): void {
    this.#isOver = true;
    this.#bytes = noBytes;
    this.#sink.end();
    this.#source.removeAllListeners("data");
    this.#source.resume();
  }
}

function fieldsOf(text: string): Fields {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let at = 0; at < text.length;) {
    const lineEnd = text.indexOf("\r\n", at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const colon = text.indexOf(":", at);
    if (colon <= at || colon > end) throw new Malformed(400);
    const name = text.slice(at, colon).toLowerCase();
    if (/[^!#$%&'*+\-.^_`|~0-9a-z]/.test(name)) throw new Malformed(400);
    const value = text.slice(colon + 1, end).trim();
    if (name in fields && onlyOnce.has(name)) throw new Malformed(400);
    fields[name] ??= value;
    at = end + 2;
  }
  return fields;
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
  413: "Payload Too Large", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
};

function bytesOf(answers: readonly Answer[], closes: boolean): Buffer {
  const pieces: Uint8Array[] = [];
  for (const { status, headers = {}, body = noBytes } of answers) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    let head = `HTTP/1.1 ${status} ${reasons[status] ?? "Status"}\r\ncontent-type: application/json\r\n`;
    for (const name in headers) head += `${name}: ${safe(headers[name] ?? "")}\r\n`;
    if (closes) head += "connection: close\r\n";
    pieces.push(Buffer.from(`${head}content-length: ${bytes.length}${headEnd}`, "latin1"), bytes);
  }
  return Buffer.concat(pieces);
}

/** What may not be in a header is written as in JSON, which what holds such text is. */
function safe(value: string): string {
  if (!/[^\x20-\x7e]/.test(value)) return value;
  return value
    .replace(/[\r\n\t]/g, " ")
    .replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
