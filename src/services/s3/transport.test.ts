import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketLoggingCommand,
  PutBucketPolicyCommand, PutBucketWebsiteCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../test/data-folder.ts";
import { http } from "../../../test/http.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { presign } from "../../kernel/auth/signing.ts";
import { authorityFile } from "../../tls/authority-file.ts";
import { localCertificate } from "../../tls/authority.ts";

/** The path and query of a presigned GET. */
function presigned(host: string): string {
  const { path, query } = presign(
    { method: "GET", path: "/bucket/key", query: "", headers: { host } },
    {
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      region: "us-east-1",
      service: "s3",
      nowMs: testEpoch,
    },
  );
  return `${path}?${query}`;
}

async function withObject(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "plain content" }));
  return s3;
}

test("s3-http-endpoint: over HTTP the bytes of the body are those on the wire", async () => {
  await using region = await startRegion();
  await withObject(region);
  const socket = connect(Number(new URL(await region.endpoint()).port), "127.0.0.1");
  socket.write(`GET ${presigned("localhost")} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  let seen = "";
  socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
  await once(socket, "close");
  assert.match(seen, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nplain content$/);
});

interface Secured {
  readonly status: number | undefined;
  readonly text: string;
}

function overTls(port: string, ca: string, host: string, path: string): Promise<Secured> {
  return new Promise((resolve, reject) => {
    const where = { host: "127.0.0.1", port, path, servername: "localhost", ca };
    const sent = request({ ...where, headers: { host } }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("s3-https-endpoint: the same port answers HTTPS, and logs say how it was secured", async () => {
  using folder = withDataFolder();
  await using region = await startRegion({ certificate: localCertificate(folder.path, testEpoch) });
  const s3 = await withObject(region);
  await s3.send(new CreateBucketCommand({ Bucket: "logs" }));
  const Statement = {
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::logs/*",
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "logs", Policy }));
  const LoggingEnabled = { TargetBucket: "logs", TargetPrefix: "" };
  await s3.send(new PutBucketLoggingCommand({ Bucket: "bucket", BucketLoggingStatus: { LoggingEnabled } }));
  const WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" } };
  await s3.send(new PutBucketWebsiteCommand({ Bucket: "bucket", WebsiteConfiguration }));

  const { port } = new URL(await region.endpoint());
  const ca = readFileSync(authorityFile(folder.path), "utf8");
  const secured = await overTls(port, ca, "localhost", presigned("localhost"));
  assert.deepEqual([secured.status, secured.text], [200, "plain content"]);
  assert.equal((await http(region, presigned("localhost"), { host: "localhost" })).text, "plain content");
  // Websites are not to be had by HTTPS.
  assert.equal((await overTls(port, ca, "bucket.s3-website.localhost", "/")).status, 400);

  await region.clock.advance({ minutes: 5 });
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "logs" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "logs", Key: Contents?.[0]?.Key ?? "" }));
  const lines = (await Body?.transformToString())?.split("\n").filter((line) => line.includes("GET"));
  const shown = lines?.map((line) => line.split(" ").slice(-7, -3).join(" "));
  assert.match(shown?.[0] ?? "", /^TLS_[A-Z0-9_]+ QueryString localhost TLSv1\.3$/);
  assert.equal(shown?.[1], "- QueryString localhost -");
});
