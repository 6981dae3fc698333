/**
 * The key by which a region signs what it sends to people's endpoints, and the certificate that verifies it:
 * made when the first message is signed, and kept. It is served to everybody who can reach the region.
 */

import { createHash, createPrivateKey, generateKeyPair, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { table } from "../store/types.ts";
import { signingCertificate } from "../tls/certificate.ts";
import type { BodyContext } from "./context.ts";
import type { Kernel } from "./kernel.ts";
import { partitionCell } from "./partition.ts";

interface SigningKey {
  readonly region: string;
  /** 32 hexadecimal digits, in the address of the certificate. */
  readonly id: string;
  /** PEM. */
  readonly privateKey: string;
  readonly certificate: string;
}

const signingKeys = table<SigningKey>("kernel.signingKeys", { key: (row) => row.region });

/** Below this path of the region's endpoint, certificates are served. */
export const certificatesPath = "/_local/v1/certificates/";

export interface MessageSigner {
  readonly certificateUrl: string;
  /** Base64. */
  sign(digest: "sha1" | "sha256", text: string): Promise<string>;
}

const generate = promisify(generateKeyPair);
const signAside = promisify<string, Buffer, KeyObject, Buffer>(sign);
const validYears = 10;
const dayMilliseconds = 86_400_000;

/** @param commonName whom the certificate names, as `sns.amazonaws.com` */
export async function messageSigner(ctx: BodyContext, commonName: string): Promise<MessageSigner> {
  // The store may have been restored: what it holds counts.
  const { id, privateKey } = findKey(ctx) ?? (await makeKey(ctx, commonName));
  const cache = ctx.kernel.cacheFor<KeyObject>("messageSigner");
  let key = cache.get(id);
  if (!key) cache.set(id, (key = createPrivateKey(privateKey)));
  const signingKey = key;
  const endpoint = ctx.kernel.endpoint("sns", ctx.region);
  return {
    certificateUrl: `${endpoint}${certificatesPath}SimpleNotificationService-${id}.pem`,
    // A quarter of a millisecond, for which others need not wait.
    sign: async (digest, text) =>
      (await signAside(digest, Buffer.from(text), signingKey)).toString("base64"),
  };
}

function findKey({ kernel, region }: BodyContext): SigningKey | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(signingKeys).get(region));
}

async function makeKey(ctx: BodyContext, commonName: string): Promise<SigningKey> {
  const { privateKey } = await generate("rsa", { modulusLength: 2048 });
  const now = ctx.clock.now();
  const validity = { from: now - dayMilliseconds, to: now + validYears * 365 * dayMilliseconds };
  const certificate = signingCertificate({ commonName, privateKey }, validity);
  const made: SigningKey = {
    region: ctx.region,
    id: createHash("sha256").update(certificate).digest("hex").slice(0, 32),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate,
  };
  // Whoever was first has made it.
  return ctx.partition((transaction) => {
    const rows = transaction.rows(signingKeys);
    return rows.get(ctx.region) ?? rows.put(made);
  });
}

/** PEM; undefined when no key has this id. */
export function findCertificate(kernel: Kernel, id: string): string | undefined {
  return kernel.read(partitionCell, (transaction) => {
    for (const key of transaction.rows(signingKeys).list()) if (key.id === id) return key.certificate;
    return undefined;
  });
}
