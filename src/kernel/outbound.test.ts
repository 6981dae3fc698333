import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer as createSocketServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { localCertificate } from "../tls/authority.ts";
import { authorityFile } from "../tls/authority-file.ts";
import { OutboundFailure, sendOutbound, type OutboundAnswer, type OutboundRequest } from "./outbound.ts";

async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function served(answer: RequestListener): ReturnType<typeof listening> {
  return listening(createServer(answer));
}

function send(url: string, more: Partial<OutboundRequest> = {}): Promise<OutboundAnswer> {
  return sendOutbound({
    url: new URL(url), method: "POST", timeoutMilliseconds: 5_000, bytesMax: 1_000,
    signal: new AbortController().signal, ...more,
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function failure(reason: OutboundFailure["reason"], message: string): object {
  return { name: "OutboundFailure", reason, message };
}

test("method, headers and body arrive, at every name below localhost; any status is an answer", async () => {
  await using server = await served((request, response) => {
    void textOf(request).then((text) => {
      const { method, headers } = request;
      response.writeHead(418, { "x-pot": "tea" });
      response.end(`${method} ${headers["x-a"] as string} ${headers.host} ${text}`);
    });
  });
  const host = `a.b.localhost:${server.port}`;
  const answer = await send(`http://${host}/path`, { method: "PUT", headers: { "X-A": "1" }, body: "é" });
  assert.equal(answer.status, 418);
  assert.equal(answer.headers["x-pot"], "tea");
  assert.equal(answer.body.toString(), `PUT 1 ${host} é`);
  assert.equal(answer.isCut, false);
});

test("an answer that is too long is cut", async () => {
  await using server = await served((_request, response) => response.end("x".repeat(100_000)));
  const { body, isCut } = await send(`http://localhost:${server.port}/`);
  assert.deepEqual([body.length, isCut], [1_000, true]);
});

test("redirects are answers unless they are to be followed, and credentials stay behind", async () => {
  await using other = await served((request, response) => {
    void textOf(request).then((text) => {
      const { authorization, "x-a": own } = request.headers;
      response.end([request.method, String(authorization), own, text].join(" "));
    });
  });
  await using server = await served((request, response) => {
    const location = request.url === "/loop" ? "/loop" : `http://127.0.0.1:${other.port}/`;
    response.writeHead(Number(request.url?.slice(1)) || 302, { location }).end();
  });
  const url = `http://localhost:${server.port}`;
  const rules = { headers: { authorization: "secret", "x-a": "1" }, body: "text", redirectsMax: 2 };
  assert.equal((await send(`${url}/302`)).status, 302);
  assert.equal((await send(`${url}/302`, rules)).body.toString(), "GET undefined 1 ");
  assert.equal((await send(`${url}/307`, rules)).body.toString(), "POST undefined 1 text");
  await assert.rejects(
    send(`${url}/loop`, rules), failure("redirects", `localhost:${server.port} redirects more than 2 times.`),
  );
});

test("each way to fail has its words", async () => {
  const hung = new AbortController();
  await using silent = await served(() => hung.abort());
  await using slow = await served((_request, response) => response.write("x"));
  await using rude = await listening(createSocketServer((socket) => socket.destroy()));
  await using odd = await listening(createSocketServer((socket) => socket.resume().end("SSH-2.0\r\n\r\n")));
  const { port: closed } = await (async () => {
    await using brief = await served(() => undefined);
    return { port: brief.port };
  })();
  const at = (port: number) => [`http://127.0.0.1:${port}/`, `127.0.0.1:${port}`] as const;

  const [silentUrl, silentHost] = at(silent.port);
  await assert.rejects(
    send(silentUrl, { signal: hung.signal }),
    failure("stopped", `The request to ${silentHost} was given up.`),
  );
  const [slowUrl, slowHost] = at(slow.port);
  await assert.rejects(
    send(slowUrl, { timeoutMilliseconds: 50 }), failure("timeout", `${slowHost} took too long to answer.`),
  );
  const [rudeUrl, rudeHost] = at(rude.port);
  await assert.rejects(send(rudeUrl), failure("broken", `${rudeHost} broke the connection off.`));
  const [oddUrl, oddHost] = at(odd.port);
  await assert.rejects(send(oddUrl), failure("malformed", `${oddHost} does not speak HTTP.`));
  const [closedUrl, closedHost] = at(closed);
  await assert.rejects(send(closedUrl), failure("refused", `${closedHost} refuses connections.`));
  await assert.rejects(send("http://nowhere.invalid/"), { reason: "unresolved" });
  await assert.rejects(send("ftp://localhost/"), failure("malformed", "Nothing can be sent by ftp:"));
  await assert.rejects(send(closedUrl, { headers: { "x-a": "\n" } }), { reason: "malformed" });
});

test("certificates must be vouched for: by an authority that is named, or by a thumbprint", async () => {
  const folder = mkdtempSync(join(tmpdir(), "outbound-"));
  const { key, cert } = localCertificate(folder, performance.timeOrigin);
  const authority = readFileSync(authorityFile(folder), "utf8");
  rmSync(folder, { recursive: true });
  await using server = await listening(createSecureServer({ key, cert }, (_request, response) => {
    response.end("in private");
  }));
  const url = `https://localhost:${server.port}/`;
  await assert.rejects(
    send(url),
    failure("untrusted", `localhost:${server.port} has a certificate that no known authority signed.`),
  );
  const { body } = await send(url, { authorities: [authority] });
  assert.equal(body.toString(), "in private");
  await assert.rejects(
    send(`https://127.0.0.2:${server.port}/`, { authorities: [authority] }), { name: "OutboundFailure" },
  );
  await assert.rejects(
    send(url, { thumbprints: ["00"] }),
    failure("untrusted", "No authority and no thumbprint vouches for the certificate."),
  );
});
