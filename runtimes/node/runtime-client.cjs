// Speaks HTTP/1.1 with the Runtime API. Node's own client is a tenth of a cold start; what is needed of HTTP here
// is little: answers have a length.
"use strict";

const { openChannel } = require("./channel.cjs");

const version = "/2018-06-01/runtime";
const separator = "\r\n\r\n";
const lineEnd = Buffer.from("\r\n");

class RuntimeClient {
  /** @param channel the runtime's own way to the API, where it was given one */
  constructor(address, channel) {
    this.host = address;
    this.nextText = `${this.begin("GET", "/invocation/next", {})}\r\n`;
    this.responseEnd = ` HTTP/1.1\r\nhost: ${address}\r\ncontent-type: application/json\r\ncontent-length: `;
    this.waiting = [];
    this.received = [];
    this.length = 0;
    this.needed = 0;
    const take = (bytes, length) => this.take(bytes, length);
    this.link = openChannel(address, channel, take) ?? connection(address, take);
  }

  /** The event loop may end while a function runs; not while the next event is waited for. */
  hold() {
    this.link.hold();
  }

  release() {
    this.link.release();
  }

  next() {
    this.link.write(this.nextText);
    return this.answer();
  }

  /** Answers, and asks for the next event: one write for both. */
  respondAndNext(requestId, body) {
    const length = Buffer.byteLength(body);
    const path = `${version}/invocation/${requestId}/response`;
    this.link.write(`POST ${path}${this.responseEnd}${length}\r\n\r\n${body}${this.nextText}`);
    this.waiting.push(ignored);
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
    this.link.write(
      `${this.begin(method, path, headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
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
    this.link.write(`${this.begin("POST", `/invocation/${requestId}/response`, headers)}\r\n`);
    return {
      write: (chunk, done) => {
        if (chunk.length === 0) return done();
        const size = Buffer.from(`${chunk.length.toString(16)}\r\n`);
        this.link.writeSlowly(Buffer.concat([size, chunk, lineEnd]), done);
      },
      end: (error) => {
        const trailers =
          error === undefined
            ? ""
            : `Lambda-Runtime-Function-Error-Type: ${headerText(error.errorType)}\r\n` +
              `Lambda-Runtime-Function-Error-Body: ${Buffer.from(JSON.stringify(error)).toString("base64")}\r\n`;
        this.link.write(`0\r\n${trailers}\r\n`);
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
    const answered = new Promise((resolve) => this.waiting.push(resolve));
    this.link.expect();
    return answered;
  }

  /** @param bytes may be overwritten afterwards @returns whether there is more to come */
  take(bytes, length) {
    this.length += length;
    // A large event is put together once, when all of it is here.
    if (this.length < this.needed) this.received.push(Buffer.from(bytes.subarray(0, length)));
    else if (this.received.length === 0) this.cut(bytes, length);
    else this.cut(Buffer.concat([...this.received, bytes.subarray(0, length)]), this.length);
    return this.waiting.length > 0;
  }

  cut(bytes, length) {
    let at = 0;
    this.needed = 0;
    while (at < length) {
      const end = bytes.indexOf(separator, at);
      if (end < 0 || end >= length) break;
      const head = new Head(bytes.latin1Slice(at, end));
      const bodyAt = end + separator.length;
      const next = bodyAt + Number(head.get("content-length") ?? 0);
      if (next > length) {
        this.needed = next - at;
        break;
      }
      const resolve = this.waiting.shift();
      if (resolve !== ignored) resolve?.({ head, body: bytes.utf8Slice(bodyAt, next) });
      at = next;
    }
    this.received = at === length ? [] : [Buffer.from(bytes.subarray(at, length))];
    this.length = length - at;
  }
}

/** The head of an answer. */
class Head {
  constructor(text) {
    this.text = text;
    this.lower = text.toLowerCase();
  }

  /** @param name in lower case */
  get(name) {
    const start = this.lower.indexOf(`\r\n${name}:`);
    if (start < 0) return undefined;
    const end = this.text.indexOf("\r\n", start + 2);
    return this.text.slice(start + name.length + 3, end < 0 ? undefined : end).trim();
  }
}

/** Takes an answer that nobody waits for. */
function ignored() {}

function connection(address, take) {
  const { Connection } = require("./connection.cjs");
  return new Connection(address, take);
}

/** What an error calls itself may hold anything. */
function headerText(text) {
  return String(text)
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 1024);
}

module.exports = { RuntimeClient };
