import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startRegion } from "../../test/region.ts";
import { authorityFile } from "./authority-file.ts";
import { localCertificate } from "./authority.ts";
import { authorityCertificate, serverCertificate } from "./certificate.ts";
import { integer, objectIdentifier, sequence, time } from "./der.ts";
import { trustStorePlan } from "./trust-store.ts";

const now = Math.round(performance.timeOrigin);
const validity = { from: now - 86_400_000, to: now + 86_400_000 };

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "us-local-1-tls-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function openssl(...options: string[]): string {
  const { status, stdout, stderr } = spawnSync("openssl", options, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("DER writes numbers, object identifiers and times as X.690 says", () => {
  assert.equal(integer(2).toString("hex"), "020102");
  assert.equal(integer(Buffer.from("0080", "hex")).toString("hex"), "02020080");
  assert.equal(objectIdentifier("1.2.840.10045.4.3.2").toString("hex"), "06082a8648ce3d040302");
  assert.equal(
    time(Date.UTC(2026, 0, 2, 3, 4, 5))
      .toString("latin1")
      .slice(2),
    "260102030405Z",
  );
  assert.equal(
    time(Date.UTC(2050, 0, 1))
      .toString("latin1")
      .slice(2),
    "20500101000000Z",
  );
  assert.equal(sequence(Buffer.alloc(200)).subarray(0, 3).toString("hex"), "3081c8");
  assert.equal(sequence(Buffer.alloc(70_000)).subarray(0, 5).toString("hex"), "3083011170");
});

test("OpenSSL reads and verifies the certificates, and holds the authority to this machine", (context) => {
  const path = folder(context);
  const authority = {
    commonName: "test authority",
    privateKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  };
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const written = (file: string, text: string): string => {
    writeFileSync(join(path, file), text);
    return join(path, file);
  };
  const ca = written("ca.pem", authorityCertificate(authority, validity));
  const leafFor = (...names: string[]): string =>
    serverCertificate({ authority, publicKey, names, validity });
  const good = written("good.pem", leafFor("localhost", "*.s3.localhost", "127.0.0.1", "::1"));
  const foreign = written("foreign.pem", leafFor("example.com"));

  assert.equal(openssl("verify", "-CAfile", ca, good), `${good}: OK\n`);
  const refused = spawnSync("openssl", ["verify", "-CAfile", ca, foreign], { encoding: "utf8" });
  assert.match(refused.stderr + refused.stdout, /permitted subtree violation/);

  const text = openssl("x509", "-in", good, "-noout", "-text");
  assert.match(
    text,
    /DNS:localhost, DNS:\*\.s3\.localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/,
  );
  assert.match(text, /TLS Web Server Authentication/);
  const authorityText = openssl("x509", "-in", ca, "-noout", "-text");
  assert.match(authorityText, /CA:TRUE, pathlen:0/);
  assert.match(authorityText, /Certificate Sign, CRL Sign/);
  assert.match(authorityText, /Permitted:\s+DNS:localhost\s+IP:127\.0\.0\.0\/255\.0\.0\.0/);
});

test("the authority is made once, kept to its owner, and made anew before it ends", (context) => {
  const path = folder(context);
  localCertificate(path, now);
  const first = readFileSync(authorityFile(path), "utf8");
  assert.equal(statSync(join(path, "tls", "ca-key.pem")).mode & 0o777, 0o600);
  localCertificate(path, now);
  assert.equal(readFileSync(authorityFile(path), "utf8"), first);
  localCertificate(path, now + 3_640 * 86_400_000);
  assert.notEqual(readFileSync(authorityFile(path), "utf8"), first);
});

test("HTTPS and HTTP answer on one port, for every name below localhost", async (context) => {
  const path = folder(context);
  const region = await startRegion({ certificate: localCertificate(path, now) });
  context.after(() => region.stop());
  const endpoint = await region.endpoint();
  const port = Number(new URL(endpoint).port);
  assert.equal(endpoint, `https://localhost:${port}`);

  const ca = readFileSync(authorityFile(path), "utf8");
  for (const name of ["localhost", "sqs.localhost", "bucket.s3.eu-west-1.localhost"]) {
    assert.equal((await get({ port, ca, name })).status, 200, name);
  }
  assert.equal((await get({ port, ca, name: "127.0.0.1" })).status, 200);
  await assert.rejects(get({ port, ca: undefined, name: "localhost" }), {
    code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  });
  await assert.rejects(get({ port, ca, name: "example.com" }), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  assert.equal((await fetch(`http://localhost:${port}/_local/v1/status`)).status, 200);
  assert.ok(new X509Certificate(ca).ca);
});

function get({
  port,
  ca,
  name,
}: {
  port: number;
  ca: string | undefined;
  name: string;
}): Promise<{ status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path: "/_localstack/health",
        headers: { host: `${name}:${port}` },
        agent: false,
        ...(name !== "127.0.0.1" && { servername: name }),
        ...(ca !== undefined && { ca }),
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode }));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

test("each system has its own place for trusted authorities", () => {
  const plan = (platform: NodeJS.Platform, ...folders: string[]) =>
    trustStorePlan(platform, "/data/tls/ca.pem", (folder) => folders.includes(folder))?.commands;
  assert.deepEqual(plan("linux", "/usr/local/share/ca-certificates"), [
    ["cp", "/data/tls/ca.pem", "/usr/local/share/ca-certificates/us-local-1.crt"],
    ["update-ca-certificates"],
  ]);
  assert.deepEqual(plan("linux", "/etc/pki/ca-trust/source/anchors"), [
    ["cp", "/data/tls/ca.pem", "/etc/pki/ca-trust/source/anchors/us-local-1.crt"],
    ["update-ca-trust"],
  ]);
  assert.deepEqual(plan("darwin"), [
    [
      "security",
      "add-trusted-cert",
      "-d",
      "-r",
      "trustRoot",
      "-k",
      "/Library/Keychains/System.keychain",
      "/data/tls/ca.pem",
    ],
  ]);
  assert.equal(plan("linux"), undefined);
});
