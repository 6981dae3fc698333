import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { signRequest } from "../auth/signing.ts";
import { listen } from "./listen.ts";

const body = "Action=GetCallerIdentity&Version=2011-06-15";

async function withSocket(work: (socket: Socket, port: number) => Promise<void>): Promise<void> {
  await using region = await startRegion();
  const port = Number(new URL(await region.endpoint()).port);
  const socket = await opened(port);
  try {
    await work(socket, port);
  } finally {
    socket.destroy();
  }
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

function head(port: number, more: Record<string, string> = {}, length = body.length): string {
  const { headers } = signRequest(
    {
      method: "POST",
      path: "/",
      query: "",
      body: Buffer.from(body),
      headers: { host: `127.0.0.1:${port}`, "content-type": "application/x-www-form-urlencoded" },
    },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: "us-east-1",
      service: "sts",
      nowMs: testEpoch,
    },
  );
  const lines = Object.entries({ ...headers, "content-length": String(length), ...more }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `POST / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** Reads until the text has been seen so often. */
function read(socket: Socket, text: string, times = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const stop = () => reject(new Error(`the connection was closed after: ${seen}`));
    socket.on("data", function onData(chunk: Buffer) {
      seen += chunk.toString();
      if (seen.split(text).length <= times) return;
      socket.off("data", onData);
      socket.off("close", stop);
      resolve(seen);
    });
    socket.once("close", stop);
  });
}

test("one connection serves one request after the other, also when they are sent at once", async () => {
  await withSocket(async (socket, port) => {
    const request = head(port) + body;
    const answers = read(socket, "</GetCallerIdentityResponse>", 3);
    socket.write(request + request + request);
    assert.equal((await answers).match(/HTTP\/1\.1 200 OK/g)?.length, 3);
    const another = read(socket, "</GetCallerIdentityResponse>");
    socket.write(request);
    assert.match(await another, /^HTTP\/1\.1 200 OK/);
  });
});

test("a body that breaks off ends its connection, and the log says why", async () => {
  await using region = await startRegion();
  const failing = Readable.from((async function* () {
    yield "the beginning";
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error("the disk is hurt");
  })());
  region.serve(async () => ({ status: 200, headers: {}, body: failing }));
  const response = await fetch(`${await region.endpoint()}/_local/`);
  await assert.rejects(response.text());
  await region.settled();
  const defects = region.engine.defects.splice(0).map((defect) => (defect as Error).message);
  assert.deepEqual(defects, ["the disk is hurt"]);
});

test("a client that expects 100-continue is told to go on, and then answered", async () => {
  await withSocket(async (socket, port) => {
    const goOn = read(socket, "\r\n\r\n");
    socket.write(head(port, { expect: "100-continue" }));
    assert.equal(await goOn, "HTTP/1.1 100 Continue\r\n\r\n");
    const answer = read(socket, "</GetCallerIdentityResponse>");
    socket.write(body);
    assert.match(await answer, /^HTTP\/1\.1 200 OK/);
  });
});

test("a body that comes byte by byte, or in chunks, is a body", async () => {
  await withSocket(async (socket, port) => {
    const answer = read(socket, "</GetCallerIdentityResponse>");
    for (const byte of head(port) + body) socket.write(byte);
    assert.match(await answer, /^HTTP\/1\.1 200 OK/);
    const chunked = head(port, { "transfer-encoding": "chunked" }).replace(/content-length: \d+\r\n/, "");
    const another = read(socket, "</GetCallerIdentityResponse>");
    socket.write(`${chunked}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    assert.match(await another, /^HTTP\/1\.1 200 OK/);
  });
});

test("a request in the form that proxies are sent is the request itself", async () => {
  await withSocket(async (socket, port) => {
    for (const target of [`http://127.0.0.1:${port}/`, `HTTP://127.0.0.1:${port}`]) {
      const answer = read(socket, "</GetCallerIdentityResponse>");
      socket.write(head(port).replace("POST / ", `POST ${target} `) + body);
      assert.match(await answer, /^HTTP\/1\.1 200 OK/);
    }
    const missing = read(socket, "</Error>");
    socket.write("GET http://missing.localhost?location HTTP/1.1\r\nhost: missing.localhost\r\n\r\n");
    assert.match(await missing, /<Code>NoSuchBucket<\/Code>/);
  });
});

test("what is no HTTP is refused, and others are served meanwhile", async () => {
  await withSocket(async (socket, port) => {
    for (const text of [
      "\r\n\r\n\r\n",
      "\u0016\u0003\u0001",
      "GET\r\n\r\n",
      `POST / HTTP/1.1\r\nx: ${"a".repeat(100_000)}\r\n\r\n`,
      "\u0000".repeat(100),
    ]) {
      const hostile = await opened(port);
      const closed = new Promise<void>((resolve) => hostile.once("close", () => resolve()));
      hostile.resume();
      hostile.end(text);
      await closed;
    }
    const answer = read(socket, "</GetCallerIdentityResponse>");
    socket.write(head(port) + body);
    assert.match(await answer, /^HTTP\/1\.1 200 OK/);
  });
});

test("who says nothing, or never ends a head, is let go", async (context) => {
  await using region = await startRegion();
  const { port, close } = await listen(region.engine, {
    host: "127.0.0.1", port: 0, local: () => undefined, headMilliseconds: 50,
  });
  context.after(close);
  for (const [said, answered] of [["", ""], ["POST / HTTP/1.1\r\nhost: ", "HTTP/1.1 408 Request Timeout"]]) {
    const socket = await opened(port);
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    if (said) socket.write(said);
    await once(socket, "close");
    assert.equal(answer.split("\r\n")[0], answered);
  }
});

test("many connections that send half a head hold up nobody, and end when the region stops", async () => {
  const region: TestRegion = await startRegion();
  const port = Number(new URL(await region.endpoint()).port);
  const slow = await Promise.all(Array.from({ length: 200 }, () => opened(port)));
  for (const socket of slow) socket.write("POST / HTTP/1.1\r\nhost: local");
  const quick = await opened(port);
  const answer = read(quick, "</GetCallerIdentityResponse>");
  quick.write(head(port) + body);
  assert.match(await answer, /^HTTP\/1\.1 200 OK/);
  const closed = Promise.all(
    slow.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))),
  );
  for (const socket of slow) socket.resume();
  await region.stop();
  await closed;
});
