// Speaks HTTP/1.1 with the Runtime API over one connection. Node's own client is a tenth of a cold start; what is
// needed of HTTP here is little: answers have a length.
"use strict";

const { connect } = require("node:net");

const version = "/2018-06-01/runtime";
const separator = Buffer.from("\r\n\r\n");

class RuntimeClient {
  constructor(address) {
    const colon = address.lastIndexOf(":");
    this.host = address;
    this.nextText = `${this.begin("GET", "/invocation/next", {})}\r\n`;
    this.responseEnd = ` HTTP/1.1\r\nhost: ${address}\r\ncontent-type: application/json\r\ncontent-length: `;
    this.waiting = [];
    this.received = [];
    this.length = 0;
    this.needed = 0;
    this.head = undefined;
    this.socket = connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      noDelay: true,
    });
    this.socket.on("data", (chunk) => this.take(chunk));
    // Without its Runtime API there is nothing left to do.
    this.socket.on("error", () => process.exit(1));
    this.socket.on("close", () => process.exit(1));
  }

  /** The event loop may end while a function runs; not while the next event is waited for. */
  hold() {
    this.socket.ref();
  }

  release() {
    this.socket.unref();
  }

  next() {
    this.socket.write(this.nextText);
    return this.answer();
  }

  /** Answers, and asks for the next event: one write for both. */
  respondAndNext(requestId, body) {
    const length = Buffer.byteLength(body);
    const path = `${version}/invocation/${requestId}/response`;
    this.socket.write(`POST ${path}${this.responseEnd}${length}\r\n\r\n${body}${this.nextText}`);
    void this.answer();
    return this.answer();
  }

  fail(requestId, error) {
    return this.post(`/invocation/${requestId}/error`, error);
  }

  failInit(error) {
    return this.post("/init/error", error);
  }

  post(path, error) {
    const headers = {
      "content-type": "application/json",
      "lambda-runtime-function-error-type": headerText(error.errorType),
    };
    return this.send("POST", path, headers, JSON.stringify(error));
  }

  send(method, path, headers, body) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    this.socket.cork();
    this.socket.write(
      `${this.begin(method, path, headers)}${bytes === undefined ? "" : `content-length: ${bytes.length}\r\n`}\r\n`,
    );
    if (bytes !== undefined) this.socket.write(bytes);
    this.socket.uncork();
    return this.answer();
  }

  /** A body that comes in pieces. */
  stream(requestId, contentType) {
    const headers = {
      "content-type": contentType,
      "lambda-runtime-function-response-mode": "streaming",
      "transfer-encoding": "chunked",
      trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    };
    this.socket.write(`${this.begin("POST", `/invocation/${requestId}/response`, headers)}\r\n`);
    return {
      write: (chunk, done) => {
        if (chunk.length === 0) return done();
        this.socket.cork();
        this.socket.write(`${chunk.length.toString(16)}\r\n`);
        this.socket.write(chunk);
        this.socket.write("\r\n", done);
        this.socket.uncork();
      },
      end: (error) => {
        const trailers =
          error === undefined
            ? ""
            : `Lambda-Runtime-Function-Error-Type: ${headerText(error.errorType)}\r\n` +
              `Lambda-Runtime-Function-Error-Body: ${Buffer.from(JSON.stringify(error)).toString("base64")}\r\n`;
        this.socket.write(`0\r\n${trailers}\r\n`);
        return this.answer();
      },
    };
  }

  begin(method, path, headers) {
    let text = `${method} ${version}${path} HTTP/1.1\r\nhost: ${this.host}\r\n`;
    for (const name of Object.keys(headers)) text += `${name}: ${headers[name]}\r\n`;
    return text;
  }

  answer() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  take(chunk) {
    this.received.push(chunk);
    this.length += chunk.length;
    // A large event is put together once, when all of it is here.
    if (this.length < this.needed) return;
    let bytes = this.received.length === 1 ? chunk : Buffer.concat(this.received);
    this.needed = 0;
    for (;;) {
      this.head ??= this.cutHead(bytes);
      if (this.head === undefined) break;
      const { start, size, status, headers } = this.head;
      if (bytes.length < start + size) {
        this.needed = start + size;
        break;
      }
      this.head = undefined;
      this.waiting.shift()?.({ status, headers, body: bytes.subarray(start, start + size) });
      bytes = bytes.subarray(start + size);
      if (bytes.length === 0) break;
    }
    this.received = bytes.length === 0 ? [] : [bytes];
    this.length = bytes.length;
  }

  cutHead(bytes) {
    const end = bytes.indexOf(separator);
    if (end < 0) return undefined;
    const [first, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    return {
      start: end + separator.length,
      size: Number(headers["content-length"] ?? 0),
      status: Number(first.slice(9, 12)),
      headers,
    };
  }
}

/** What an error calls itself may hold anything. */
function headerText(text) {
  return String(text)
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 1024);
}

module.exports = { RuntimeClient };
