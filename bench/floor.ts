/**
 * The floor of every benchmark: a bare `node:http` server that reads the body, verifies the SigV4 signature
 * with a
 * cached key, and answers fixed bytes. Arguments: port, secret, status, content type, answer in base64.
 */

import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";

const [port = "0", secret = "", status = "200", contentType = "", answer = ""] = process.argv.slice(2);
const body = Buffer.from(answer, "base64");
const keys = new Map<string, KeyObject>();

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function signingKey(date: string, region: string, service: string): KeyObject {
  const name = `${date}/${region}/${service}`;
  let key = keys.get(name);
  if (!key) {
    const raw = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
    keys.set(name, (key = createSecretKey(raw)));
  }
  return key;
}

function verified(request: IncomingMessage, bytes: Buffer): boolean {
  const { headers } = request;
  const match =
    /Credential=[^/]+\/(\d+)\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
      headers.authorization ?? "",
    );
  if (!match) return false;
  const [, date = "", region = "", service = "", names = "", signature = ""] = match;
  const canonicalHeaders = names
    .split(";")
    .map((name) => `${name}:${String(headers[name] ?? "").trim()}\n`)
    .join("");
  const payload = createHash("sha256").update(bytes).digest("hex");
  const canonical = `${request.method}\n${request.url}\n\n${canonicalHeaders}\n${names}\n${payload}`;
  const digest = createHash("sha256").update(canonical).digest("hex");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${String(headers["x-amz-date"])}\n${scope}\n${digest}`;
  const expected = createHmac("sha256", signingKey(date, region, service))
    .update(toSign)
    .digest("hex");
  return timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (verified(request, Buffer.concat(chunks))) {
      response.writeHead(Number(status), { "content-type": contentType, "content-length": body.length });
      response.end(body);
    } else {
      response.writeHead(403);
      response.end();
    }
  });
}).listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
