import assert from "node:assert/strict";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { ApiConnection, type Reply } from "./api-connection.ts";
import type { ApiRequest } from "./api-request.ts";

const held: Reply[] = [];
const cut: string[] = [];
const heard = new Map<string, () => void>();

/** Says back what it got. */
async function answer(request: ApiRequest, reply: Reply): Promise<void> {
  if (request.url === "/held") return void held.push(reply);
  if (request.url === "/early") return reply({ status: 413, body: "no" });
  if (request.url === "/told") return reply({ status: 202, mayWait: true });
  if (request.url === "/header") return reply({ status: 200, headers: { said: "a\r\nb: \u20ac" } });
  heard.get(request.url)?.();
  let body = "";
  try {
    for await (const chunk of request) body += chunk.toString();
  } catch {
    cut.push(request.url);
    return;
  }
  reply({ status: 200, body: `${request.method} ${body} ${request.trailers["t"] ?? ""}` });
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  new ApiConnection({ source: socket, sink: socket }, (request, reply) => void answer(request, reply));
});
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(() => {
  server.close();
});

interface Client {
  readonly socket: Socket;
  text(): string;
  /** Until the text matches. */
  until(pattern: RegExp): Promise<string>;
  readonly closed: Promise<void>;
}

function open(): Client {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  let look = (): void => undefined;
  socket.on("data", (chunk) => {
    text += chunk.toString();
    look();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const until = (pattern: RegExp): Promise<string> => new Promise((resolve) => {
    look = () => {
      if (pattern.test(text)) resolve(text);
    };
    look();
  });
  return { socket, text: () => text, until, closed };
}

async function exchange(text: string, pattern = /\r\n\r\n/): Promise<string> {
  const client = open();
  client.socket.write(text);
  const got = await client.until(pattern);
  client.socket.destroy();
  return got;
}

const chunked = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";

test("bodies by length and in chunks, with trailers, byte by byte as well", async () => {
  const sized = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  assert.match(await exchange(sized, /POST abc $/), /^HTTP\/1\.1 200 OK\r\n.*content-length: 9\r\n\r\n/s);
  const pieces = `${chunked}3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nT: end\r\n\r\n`;
  assert.match(await exchange(pieces, /POST abcde end$/), /200 OK/);
  const client = open();
  for (const letter of pieces + sized) {
    client.socket.write(letter);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await client.until(/abcde end.*POST abc $/s)).match(/200 OK/g)?.length, 2);
  client.socket.destroy();
});

test("what is no request is refused, and its connection closed", async () => {
  const refused: readonly (readonly [string, number])[] = [
    ["hello\r\n\r\n", 400],
    ["GET / HTTP/3.0\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nno colon\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nbad name: x\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 400],
    [`${chunked}zz\r\n`, 400],
    [`${chunked}1\r\nabc\r\n`, 400],
    [`GET /${"a".repeat(140_000)}`, 431],
    [`${chunked}0\r\n${"t: x\r\n".repeat(30_000)}`, 431],
    ["GET /held HTTP/1.1\r\n\r\n".repeat(65), 400],
  ];
  for (const [text, status] of refused) {
    const client = open();
    client.socket.write(text);
    await client.closed;
    assert.match(client.text(), new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 60));
  }
});

test("answers keep the order of their requests", async () => {
  held.length = 0;
  const client = open();
  client.socket.write("GET /held HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\n\r\n");
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  held[0]?.({ status: 200, body: "first" });
  assert.match(await client.until(/GET/), /first.*GET/s);
  client.socket.destroy();
});

test("what may wait goes out with what was asked for behind it, and otherwise at once", async () => {
  assert.match(await exchange("POST /told HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 202 Accepted/);
  held.length = 0;
  const client = open();
  client.socket.write("POST /told HTTP/1.1\r\n\r\nGET /held HTTP/1.1\r\n\r\n");
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(client.text(), "");
  held[0]?.({ status: 200, body: "event" });
  assert.match(await client.until(/event/), /202 Accepted.*200 OK.*event$/s);
  client.socket.destroy();
});

test("a body that is answered before its end is thrown away, and the next request is read", async () => {
  const large = "x".repeat(3_000_000);
  const early = `POST /early HTTP/1.1\r\ncontent-length: ${large.length}\r\n\r\n${large}`;
  assert.match(await exchange(`${early}GET /a HTTP/1.1\r\n\r\n`, /GET/), /^HTTP\/1\.1 413 .*200 OK/s);
});

test("whoever leaves in the middle is noticed; whoever only stops sending gets an answer", async () => {
  const client = open();
  const isHeard = new Promise<void>((resolve) => heard.set("/gone", resolve));
  client.socket.write("POST /gone HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc");
  await isHeard;
  client.socket.destroy();
  while (!cut.includes("/gone")) await new Promise((resolve) => setTimeout(resolve, 5));
  const half = open();
  half.socket.end("GET /a HTTP/1.1\r\n\r\n");
  await half.closed;
  assert.match(half.text(), /GET/);
});

test("a client that asks whether it may send is told to, and old clients are hung up on", async () => {
  const client = open();
  client.socket.write("POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n");
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  client.socket.write("x");
  await client.until(/POST x/);
  client.socket.destroy();
  const old = open();
  old.socket.write("GET /a HTTP/1.0\r\n\r\n");
  await old.closed;
  assert.match(old.text(), /GET/);
});

test("nothing that is said can begin a header of its own", async () => {
  const text = await exchange("GET /header HTTP/1.1\r\n\r\n");
  assert.match(text, /said: a {2}b: \\u20ac\r\n/);
});
