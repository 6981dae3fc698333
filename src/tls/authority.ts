/** The region's own certificate authority: made once for a data folder, and kept in its `tls/`. */

import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Certificate } from "../kernel/gateway/listen.ts";
import { makeFolder } from "../store/region-folder.ts";
import { authorityFile } from "./authority-file.ts";
import { authorityCertificate, serverCertificate, type Authority, type Validity } from "./certificate.ts";

const dayMilliseconds = 86_400_000;
const authorityDays = 3_650;
/** What browsers take at most for a server. */
const serverDays = 397;
const renewBeforeDays = 30;
/** Clocks of containers and machines differ a little. */
const backdatedDays = 1;
const namesRemembered = 1_000;
const commonName = "us-local-1 local authority";

/**
 * Certificates for `localhost`, the names below it, and the loopback addresses. Any name below `localhost` is
 * vouched for when a client asks for it, since clients take `*.localhost` for too wide a wildcard.
 *
 * @param now epoch milliseconds by the machine's clock
 */
export function localCertificate(dataDir: string, now: number): Certificate {
  const authority = openAuthority(dataDir, now);
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = server.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const validity = { from: now - backdatedDays * dayMilliseconds, to: now + serverDays * dayMilliseconds };
  const certificateFor = (names: readonly string[]): string =>
    serverCertificate({ authority, publicKey: server.publicKey, names, validity });

  const contexts = new Map<string, SecureContext>();
  const contextOf = (name: string): SecureContext => {
    let context = contexts.get(name);
    if (!context) {
      context = createSecureContext({ key, cert: certificateFor([name, ...defaultNames.slice(1)]) });
      if (contexts.size >= namesRemembered) contexts.clear();
      contexts.set(name, context);
    }
    return context;
  };
  return {
    key,
    cert: certificateFor(defaultNames),
    authority: readFileSync(authorityFile(dataDir), "utf8"),
    SNICallback(name, answer) {
      const asked = name.toLowerCase();
      // Without a context, the one of the server's own certificate is taken.
      answer(null, localNamePattern.test(asked) ? contextOf(asked) : undefined);
    },
  };
}

const defaultNames = [
  "localhost",
  "*.localhost",
  "*.s3.localhost",
  "*.us-east-1.localhost",
  "127.0.0.1",
  "::1",
];
const localNamePattern = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,8}localhost$/;

function openAuthority(dataDir: string, now: number): Authority {
  const certificatePath = authorityFile(dataDir);
  const keyPath = join(dataDir, "tls", "ca-key.pem");
  if (existsSync(certificatePath) && existsSync(keyPath)) {
    const certificate = new X509Certificate(readFileSync(certificatePath));
    const privateKey = createPrivateKey(readFileSync(keyPath));
    const lasts = Date.parse(certificate.validTo) > now + renewBeforeDays * dayMilliseconds;
    if (lasts && certificate.checkPrivateKey(privateKey)) return { commonName, privateKey };
  }
  return makeAuthority(certificatePath, keyPath, {
    from: now - backdatedDays * dayMilliseconds,
    to: now + authorityDays * dayMilliseconds,
  });
}

function makeAuthority(certificatePath: string, keyPath: string, validity: Validity): Authority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const authority = { commonName, privateKey };
  makeFolder(dirname(certificatePath), 0o700);
  writeWhole(keyPath, exported(privateKey), 0o600);
  writeWhole(certificatePath, authorityCertificate(authority, validity), 0o644);
  return authority;
}

function exported(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
