/**
 * X.509 certificates: an authority's own, those that it signs for servers, and those that vouch for
 * signatures of messages.
 *
 * @evidence RFC 5280, 4
 */

import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import {
  bitString,
  boolean,
  implicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  time,
  utf8String,
  type Der,
} from "./der.ts";

const oids = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  rsaWithSha256: "1.2.840.113549.1.1.11",
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

const dnsName = 2;
const ipAddress = 7;

export interface Validity {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

export interface Authority {
  readonly commonName: string;
  readonly privateKey: KeyObject;
}

export interface ServerCertificate {
  readonly authority: Authority;
  readonly publicKey: KeyObject;
  /** DNS names, with wildcards, and IP addresses. The first is the subject. */
  readonly names: readonly string[];
  readonly validity: Validity;
}

/**
 * An authority that vouches for this machine and nothing else: a program that trusts it can still not be led
 * astray about any name outside `localhost`, whoever gets hold of the key.
 *
 * @returns PEM
 * @evidence RFC 5280, 4.2.1.10
 */
export function authorityCertificate(authority: Authority, validity: Validity): string {
  const publicKey = createPublicKey(authority.privateKey);
  const permitted = [
    sequence(implicit(dnsName, Buffer.from("localhost"))),
    sequence(implicit(ipAddress, Buffer.from([127, 0, 0, 0, 255, 0, 0, 0]))),
    sequence(implicit(ipAddress, Buffer.concat([addressBytes("::1"), Buffer.alloc(16, 0xff)]))),
  ];
  return signed(authority, {
    subject: authority.commonName,
    publicKey,
    validity,
    extensions: [
      extension(oids.basicConstraints, true, sequence(boolean(true), integer(0))),
      // keyCertSign and cRLSign: bits 5 and 6.
      extension(oids.keyUsage, true, bitString(Buffer.from([0b0000_0110]), 1)),
      extension(oids.nameConstraints, true, sequence(tagged(0, ...permitted))),
      extension(oids.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    ],
  });
}

/** @returns PEM */
export function serverCertificate({ authority, publicKey, names, validity }: ServerCertificate): string {
  const authorityKey = createPublicKey(authority.privateKey);
  return signed(authority, {
    subject: names[0] ?? "localhost",
    publicKey,
    validity,
    extensions: [
      extension(oids.basicConstraints, true, sequence()),
      // digitalSignature: bit 0.
      extension(oids.keyUsage, true, bitString(Buffer.from([0b1000_0000]), 7)),
      extension(oids.extendedKeyUsage, false, sequence(objectIdentifier(oids.serverAuthentication))),
      extension(oids.subjectAlternativeName, false, sequence(...names.map(generalName))),
      extension(oids.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
      extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, keyIdentifier(authorityKey)))),
    ],
  });
}

/**
 * A certificate by itself, whose key signs messages.
 *
 * @returns PEM
 */
export function signingCertificate({ commonName, privateKey }: Authority, validity: Validity): string {
  const publicKey = createPublicKey(privateKey);
  return signed({ commonName, privateKey }, {
    subject: commonName,
    publicKey,
    validity,
    extensions: [
      extension(oids.basicConstraints, true, sequence()),
      // digitalSignature: bit 0.
      extension(oids.keyUsage, true, bitString(Buffer.from([0b1000_0000]), 7)),
      extension(oids.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    ],
  });
}

interface Content {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Der[];
}

function signed(authority: Authority, { subject, publicKey, validity, extensions }: Content): string {
  const algorithm =
    authority.privateKey.asymmetricKeyType === "rsa"
      ? sequence(objectIdentifier(oids.rsaWithSha256), nothing())
      : sequence(objectIdentifier(oids.ecdsaWithSha256));
  const unnumbered = [
    algorithm,
    nameOf(authority.commonName),
    sequence(time(validity.from), time(validity.to)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions)),
  ];
  const version3 = tagged(0, integer(2));
  const content = sequence(version3, integer(serialNumber(unnumbered)), ...unnumbered);
  const signature = sign("sha256", content, authority.privateKey);
  return pem(sequence(content, algorithm, bitString(signature)));
}

/** Two certificates with different content have different numbers; 20 bytes at most. */
function serialNumber(content: readonly Der[]): Buffer {
  const digest = createHash("sha256").update(Buffer.concat(content)).digest().subarray(0, 16);
  digest[0] = ((digest[0] ?? 0) & 0x7f) | 0x40;
  return digest;
}

function nameOf(commonName: string): Der {
  return sequence(set(sequence(objectIdentifier(oids.commonName), utf8String(commonName))));
}

function extension(oid: string, critical: boolean, content: Der): Der {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(content));
}

function generalName(name: string): Der {
  return isIP(name) ? implicit(ipAddress, addressBytes(name)) : implicit(dnsName, Buffer.from(name, "ascii"));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined): number[] =>
    text ? text.split(":").map((group) => parseInt(group, 16)) : [];
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Buffer.from(all.flatMap((group) => [group >>> 8, group & 0xff]));
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
}

function pem(der: Der): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
