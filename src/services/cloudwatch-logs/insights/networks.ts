/** Addresses and the networks that they are in. */

import { isIP } from "node:net";

export interface Address {
  readonly version: number;
  readonly bits: bigint;
}

export interface Network extends Address {
  readonly prefixLength: number;
}

const widths: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

function bitsOfV4(text: string): bigint {
  return text.split(".").reduce((bits, part) => (bits << 8n) + BigInt(part), 0n);
}

function bitsOfV6(text: string): bigint {
  const embedded = /[\d.]+$/.exec(text)?.[0] ?? "";
  const plain = embedded.includes(".")
    ? text.slice(0, -embedded.length) + hexPair(bitsOfV4(embedded)) : text;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce((bits, part) => (bits << 16n) + BigInt(`0x${part}`), 0n);
}

function hexPair(bits: bigint): string {
  return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

/** Undefined when the text is none. */
export function parseAddress(text: string): Address | undefined {
  const version = isIP(text);
  if (version === 0 || text.includes("%")) return undefined;
  return { version, bits: version === 4 ? bitsOfV4(text) : bitsOfV6(text) };
}

export function parseNetwork(text: string): Network | undefined {
  const [, base = "", digits = ""] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(base);
  const prefixLength = Number(digits);
  if (!address || prefixLength > (widths[address.version] ?? 0)) return undefined;
  return { ...address, prefixLength };
}

export function contains(network: Network, address: Address): boolean {
  if (network.version !== address.version) return false;
  const shift = BigInt((widths[network.version] ?? 0) - network.prefixLength);
  return network.bits >> shift === address.bits >> shift;
}
