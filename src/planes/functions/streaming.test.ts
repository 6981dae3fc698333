import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startPlane } from "../../../test/functions-plane.ts";
import { settled } from "../../../test/processes.ts";
import type { ResponseSink } from "./contract.ts";

interface Taken {
  readonly sink: ResponseSink;
  readonly head: () => { contentType: string; streaming: boolean } | undefined;
  readonly chunks: string[];
}

function taker(): Taken {
  let head: { contentType: string; streaming: boolean } | undefined;
  const chunks: string[] = [];
  const sink: ResponseSink = {
    start: (given) => void (head = given),
    write(chunk) {
      chunks.push(Buffer.from(chunk).toString("latin1"));
    },
  };
  return { sink, head: () => head, chunks };
}

test("a stream comes as it is written", async (context) => {
  const { function: create } = await startPlane(context);
  const { sink, head, chunks } = taker();
  // The function goes on once what it wrote has come.
  const server = createServer((request, response) => {
    request.resume();
    void settled(() => chunks.length > 0).then(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { run } = create({
    "index.mjs": `
      export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
        stream.setContentType("text/plain");
        stream.write("first");
        if (event.port) await (await fetch("http://127.0.0.1:" + event.port)).text();
        stream.write("second");
        stream.end();
      });`,
  });
  const outcome = await run({ port }, { response: sink });
  assert.deepEqual(head(), { contentType: "text/plain", streaming: true });
  assert.equal(chunks.join("|"), "first|second");
  assert.equal(outcome.functionError, undefined);
  assert.equal(outcome.payload.length, 0);
  const whole = await run();
  assert.equal(whole.contentType, "text/plain");
});

test("an HTTP stream begins with its head and eight zeros", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      export const handler = awslambda.streamifyResponse(async (event, stream) => {
        const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "b" } });
        http.end("body");
      });`,
  });
  const { sink, head, chunks } = taker();
  await run({}, { response: sink });
  assert.equal(head()?.contentType, "application/vnd.awslambda.http-integration-response");
  assert.equal(chunks.join(""), `{"statusCode":201,"headers":{"x-a":"b"}}${"\0".repeat(8)}body`);
});

test("a stream that fails midway says so behind what it wrote", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      export const handler = awslambda.streamifyResponse(async ({ when }, stream) => {
        if (when === "before") throw new TypeError("early");
        stream.write("half");
        await new Promise((done) => setTimeout(done, 50));
        if (when === "exit") process.exit(4);
        throw new RangeError("late");
      });`,
  });
  const late = taker();
  const failed = await run({}, { response: late.sink });
  assert.equal(late.chunks.join(""), "half");
  assert.equal(failed.functionError, "Unhandled");
  assert.equal(failed.streamError?.type, "RangeError");
  assert.equal(
    (JSON.parse(failed.streamError?.details ?? "") as { errorMessage: string }).errorMessage,
    "late",
  );
  assert.equal(failed.payload.length, 0);

  const early = await run({ when: "before" }, { response: taker().sink });
  assert.deepEqual([early.error.errorType, early.error.errorMessage], ["TypeError", "early"]);
  assert.equal(early.streamError, undefined);

  const gone = await run({ when: "exit" }, { response: taker().sink });
  assert.equal(gone.streamError?.type, "Runtime.ExitError");
});

test("a function that does not stream answers at once", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({ "index.mjs": "export const handler = async () => ({ statusCode: 200 });" });
  const { sink, head, chunks } = taker();
  await run({}, { response: sink });
  assert.deepEqual(head(), { contentType: "application/json", streaming: false });
  assert.equal(chunks.join(""), '{"statusCode":200}');
});
