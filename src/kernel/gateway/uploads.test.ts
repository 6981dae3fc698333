import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { element } from "../../../test/http.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { signRequest } from "../auth/signing.ts";
import { endSilence } from "./uploads.ts";

interface Line {
  readonly socket: Socket;
  /** What has come until the text has been seen, or until the connection ended. */
  until(text: string): Promise<string>;
  readonly ended: Promise<string>;
}

async function dial(region: TestRegion): Promise<Line> {
  const port = Number(new URL(await region.endpoint()).port);
  const socket = connect({ port, host: "127.0.0.1" });
  let seen = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
  await once(socket, "connect");
  const ended = once(socket, "close").then(() => seen);
  const until = async (text: string): Promise<string> => {
    while (!seen.includes(text)) await once(socket, "data");
    return seen;
  };
  return { socket, until, ended };
}

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  return s3;
}

function putHead(sizeBytes: number, more: Record<string, string> = {}, bucket = "bucket"): string {
  const { headers } = signRequest(
    { method: "PUT", path: `/${bucket}/key`, query: "", headers: { host: "localhost" } },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: "us-east-1",
      service: "s3",
      nowMs: testEpoch,
      payloadHash: "UNSIGNED-PAYLOAD",
    },
  );
  const all = Object.entries({ ...headers, "content-length": String(sizeBytes), ...more });
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return `PUT /${bucket}/key HTTP/1.1\r\n${lines.join("")}\r\n`;
}

test("who connects and says nothing is let go; who spoke may be silent later", async (context) => {
  const server = createServer((socket) => {
    const heard = endSilence(socket, 20);
    socket.once("data", heard);
  }).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const speaking = connect(port, "127.0.0.1").resume();
  speaking.write("a");
  for (let silent = 0; silent < 3; silent += 1) await once(connect(port, "127.0.0.1").resume(), "close");
  assert.equal(speaking.readyState, "open");
  speaking.destroy();
});

const timedOut =
  "Your socket connection to the server was not read from or written to within the timeout period. Idle " +
  "connections will be closed.";

test("an upload that stops midway is told so, and its connection ends", async () => {
  for (const uploadIdleMilliseconds of [1, 50]) await stopMidway(uploadIdleMilliseconds);
});

async function stopMidway(uploadIdleMilliseconds: number): Promise<void> {
  await using region = await startRegion({ uploadIdleMilliseconds });
  await withBucket(region);
  for (const sizeBytes of [1_000, 1_000_000]) {
    const line = await dial(region);
    line.socket.write(putHead(sizeBytes) + "the first bytes");
    const answer = await line.ended;
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(answer, /\r\nconnection: close\r\n/i);
    assert.equal(element(answer, "Code"), "RequestTimeout");
    assert.equal(element(answer, "Message"), timedOut);
  }
  assert.deepEqual(blobsOf(region), []);
}

function blobsOf(region: TestRegion): string[] {
  const files = readdirSync(region.engine.store.folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.parentPath.includes("blobs"))
    .map((file) => join(file.parentPath, file.name));
}

test("a client that asks first sends nothing that is refused or redirected anyway", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const refused = await dial(region);
  refused.socket.write(putHead(1_000_000, { expect: "100-continue" }, "nobodys"));
  const answer = await refused.until("</Error>");
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(answer, /\r\nconnection: close\r\n/i);
  refused.socket.end();
  await refused.ended;

  const line = await dial(region);
  line.socket.write(putHead(1_000_000, { expect: "100-continue" }));
  assert.equal(await line.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  line.socket.write(Buffer.alloc(1_000_000, "x"));
  assert.match(await line.until("HTTP/1.1 200"), /HTTP\/1\.1 200 OK/);
  line.socket.destroy();
  const { ContentLength } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key" }));
  assert.equal(ContentLength, 1_000_000);
});

test("gigabytes that are refused are not read, and whoever sends them reads the refusal", async () => {
  await using region = await startRegion();
  await withBucket(region);
  const line = await dial(region);
  line.socket.write(putHead(5 * 1024 ** 3, {}, "nobodys"));
  const piece = Buffer.alloc(1024 * 1024);
  const send = (): void => {
    while (line.socket.writable && line.socket.write(piece));
  };
  line.socket.on("drain", send);
  send();
  const answer = await line.ended;
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.equal(element(answer, "Code"), "NoSuchBucket");
  assert.ok(line.socket.bytesWritten < 1024 ** 3, `${line.socket.bytesWritten} bytes were sent`);
});

test("an answer whose reader hangs up lets go of the body's file", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Body = Buffer.alloc(50_000_000, "x");
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body }));
  assert.equal(blobsOf(region).length, 1);
  const { headers } = signRequest(
    { method: "GET", path: "/bucket/key", query: "", headers: { host: "localhost" } },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: "us-east-1",
      service: "s3",
      nowMs: testEpoch,
    },
  );
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const line = await dial(region);
  line.socket.write(`GET /bucket/key HTTP/1.1\r\n${lines.join("")}\r\n`);
  await line.until("xxxx");
  line.socket.destroy();
  await line.ended;
  // The file goes with the object, because nobody reads it any more.
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "small" }));
  for (let turn = 0; turn < 1_000 && blobsOf(region).length > 0; turn++) await region.settled();
  assert.deepEqual(blobsOf(region), []);
});

test("a body is followed by the next request on the same connection", async () => {
  await using region = await startRegion();
  await withBucket(region);
  const line = await dial(region);
  const large = Buffer.alloc(300_000, "y");
  line.socket.write(Buffer.concat([
    Buffer.from(putHead(large.length)), large, Buffer.from(putHead(4)), Buffer.from("text"),
    Buffer.from(putHead(large.length)), large,
  ]));
  while ((await line.until("200 OK")).match(/HTTP\/1\.1 200 OK/g)?.length !== 3) await region.settled();
  line.socket.destroy();
});

test("a megabyte of headers is refused, and others are served meanwhile", async () => {
  await using region = await startRegion();
  const line = await dial(region);
  line.socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx-large: ${"a".repeat(1024 * 1024)}\r\n\r\n`);
  assert.match(await line.ended, /^HTTP\/1\.1 431 /);
  await withBucket(region);
});
