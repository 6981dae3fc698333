// `awslambda`: functions that answer in pieces.
"use strict";

const streamingMark = Symbol.for("aws.lambda.runtime.handler.streaming");
const waterMark = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const integrationType = "application/vnd.awslambda.http-integration-response";

function installStreaming() {
  globalThis.awslambda = {
    ...globalThis.awslambda,
    streamifyResponse(handler, options) {
      handler[streamingMark] = "response";
      if (options?.highWaterMark !== undefined) handler[waterMark] = Number(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: {
      from(stream, prelude) {
        stream.setContentType(integrationType);
        const text = JSON.stringify(prelude ?? {});
        stream._onBeforeFirstWrite = (write) => {
          write(text);
          write(Buffer.alloc(8));
        };
        return stream;
      },
    },
  };
}

function isStreaming(handler) {
  return handler[streamingMark] === "response";
}

/** The stream that the handler writes to. `opened` says whether anything of it is on its way. */
function responseStream(client, requestId, handler) {
  const { Writable } = require("node:stream");
  let contentType = "application/octet-stream";
  let body;
  let ended;
  const open = () => {
    if (body !== undefined) return;
    body = client.stream(requestId, contentType);
    const before = stream._onBeforeFirstWrite;
    before?.((chunk) => body.write(Buffer.from(chunk), () => undefined));
  };
  const stream = new Writable({
    ...(handler[waterMark] !== undefined && { highWaterMark: handler[waterMark] }),
    write(chunk, encoding, done) {
      open();
      body.write(Buffer.from(chunk, encoding), done);
    },
    final(done) {
      open();
      ended ??= body.end();
      void ended.then(() => done());
    },
  });
  stream.setContentType = (type) => {
    if (body !== undefined) throw new Error("Content type cannot be set after the first write.");
    contentType = type;
  };
  return {
    stream,
    opened: () => body !== undefined,
    /** In the middle of the answer: the rest of it is why there is none. */
    fail(error) {
      ended ??= body.end(error);
      return ended;
    },
  };
}

module.exports = { installStreaming, isStreaming, responseStream };
