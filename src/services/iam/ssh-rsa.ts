/** RSA public keys in the two forms that IAM takes and gives: `ssh-rsa …` and PEM. */

import { createHash, createPublicKey, type KeyObject } from "node:crypto";

const modulusBitsMin = 2_048;
const keyType = "ssh-rsa";

/** @evidence RFC 4253, 6.6 Public Key Algorithms; RFC 4251, 5 Data Type Representations */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): Buffer | undefined {
    if (this.#at + 4 > this.#bytes.length) return undefined;
    const start = this.#at + 4;
    const end = start + this.#bytes.readUInt32BE(this.#at);
    if (end > this.#bytes.length) return undefined;
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }
}

function field(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number: a zero byte goes before one whose first bit is set. */
function numberField(bytes: Buffer): Buffer {
  return field((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function fromSsh(body: string): KeyObject | undefined {
  const base64 = /^ssh-rsa\s+([A-Za-z0-9+/]+={0,2})(?:\s.*)?$/s.exec(body.trim())?.[1];
  if (base64 === undefined) return undefined;
  const fields = new Fields(Buffer.from(base64, "base64"));
  const [type, e, n] = [fields.next(), fields.next(), fields.next()];
  if (type?.toString("latin1") !== keyType || !e?.length || !n?.length || !fields.ended) return undefined;
  const unsigned = (bytes: Buffer) => (bytes[0] === 0 ? bytes.subarray(1) : bytes).toString("base64url");
  return createPublicKey({ key: { kty: "RSA", e: unsigned(e), n: unsigned(n) }, format: "jwk" });
}

/** Undefined when the text is no RSA public key of at least 2048 bits. */
export function readRsaPublicKey(body: string): KeyObject | undefined {
  try {
    const key = body.includes("PRIVATE KEY") ? undefined : (fromSsh(body) ?? createPublicKey(body));
    if (key?.asymmetricKeyType !== "rsa") return undefined;
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= modulusBitsMin ? key : undefined;
  } catch {
    return undefined;
  }
}

function sshBytes(key: KeyObject): Buffer {
  const { e = "", n = "" } = key.export({ format: "jwk" });
  return Buffer.concat([
    field(Buffer.from(keyType)), numberField(Buffer.from(e, "base64url")),
      numberField(Buffer.from(n, "base64url")),
  ]);
}

export function sshText(key: KeyObject): string {
  return `${keyType} ${sshBytes(key).toString("base64")}`;
}

export function pemText(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** As `ssh-keygen -E md5 -lf` shows it. @evidence IAM API Reference, SSHPublicKey, Fingerprint */
export function fingerprintOf(key: KeyObject): string {
  const digest = createHash("md5").update(sshBytes(key)).digest("hex");
  return digest.match(/../g)?.join(":") ?? "";
}
