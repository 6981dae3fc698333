import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectSession, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { http2Connections } from "./http2.ts";
import { endIdleSession } from "./uploads.ts";

const listQueues = {
  ":method": "POST", ":path": "/", "content-type": "application/x-amz-json-1.0",
  "x-amz-target": "AmazonSQS.ListQueues",
};

function dial(endpoint: string): ClientHttp2Session {
  return connectSession(endpoint).on("error", () => undefined);
}

async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
  const [headers] = (await once(stream.resume(), "response")) as [{ readonly ":status"?: number }];
  return headers[":status"];
}

test("a body over HTTP/2 that stops coming is refused, though it never said how long it is", async () => {
  await using region = await startRegion({ uploadIdleMilliseconds: 50 });
  const session = dial(await region.endpoint());
  const uploads = Array.from({ length: 3 }, () => session.request(listQueues, { endStream: false }));
  for (const upload of uploads) upload.write("{");
  for (const upload of uploads) assert.equal(await statusOf(upload), 400);
  await Promise.all(uploads.map((upload) => upload.closed || once(upload, "close")));
  session.destroy();
});

test("a body over HTTP/2 that is too large is refused, and its stream ends with the answer", async () => {
  await using region = await startRegion();
  const session = dial(await region.endpoint());
  const upload = session.request({ ...listQueues, "content-length": String(64 * 1_048_576) });
  const over = once(upload, "aborted");
  const status = statusOf(upload);
  const piece = Buffer.alloc(1_048_576);
  let written = 0;
  const write = (): void => {
    while (!upload.closed && written++ < 64 && upload.write(piece));
  };
  upload.on("drain", write).on("error", () => undefined);
  write();
  assert.equal(await status, 413);
  await over;
  const next = session.request({
    ":method": "POST", ":path": "/_local/v1/clock", "content-type": "application/json",
  });
  next.end(`${" ".repeat(200_000)}{}`);
  assert.equal(await statusOf(next), 400, "the connection goes on, with bodies of all sizes");
  session.destroy();
});

test("a connection over HTTP/2 is closed when nothing is asked, but not under an answer", async (t) => {
  const answers: (() => void)[] = [];
  const second = http2Connections(
    (_request, response) => answers.push(() => response.end("late")),
    (session) => endIdleSession(session, 30),
  );
  const server = createServer(second).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waiting = dial(endpoint);
  const asked = waiting.request({ ":path": "/" });
  const idle = dial(endpoint);
  await once(idle, "close");
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await once(dial(endpoint), "close");
  assert.equal(waiting.destroyed, false);
  answers[0]?.();
  assert.equal(await statusOf(asked), 200);
  await once(waiting, "close");
});
