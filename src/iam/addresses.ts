/** IP addresses and ranges in CIDR notation. */

export interface Address {
  readonly bits: 32 | 128;
  /** One 32-bit word for IPv4, four for IPv6, most significant first. */
  readonly words: readonly number[];
}

export interface AddressRange {
  readonly address: Address;
  readonly prefixLength: number;
}

export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  return text.includes(":") ? parseVersion6(text) : parseVersion4(text);
}

function parseVersion4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    word = word * 256 + Number(part);
  }
  return { bits: 32, words: [word] };
}

function parseVersion6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "");
  const tail = parseGroups(halves[1] ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail];
  const words = [0, 2, 4, 6].map((at) => ((groups[at] ?? 0) * 65536) + (groups[at + 1] ?? 0));
  // A dual-stack socket reports an IPv4 caller in this form; policies mean the IPv4 address.
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return { bits: 32, words: words.slice(3) };
  return { bits: 128, words };
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const word = parseVersion4(part)?.words[0];
      if (word === undefined) return undefined;
      groups.push(Math.floor(word / 65536), word % 65536);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** An address alone is the range of just that address. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, prefixLength: address.bits };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const mapped = address.bits === 32 && text.includes(":");
  const prefixLength = Number(length) - (mapped ? 96 : 0);
  return prefixLength < 0 || prefixLength > address.bits ? undefined : { address, prefixLength };
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  if (range.address.bits !== address.bits) return false;
  let remaining = range.prefixLength;
  for (let at = 0; remaining > 0; at++, remaining -= 32) {
    const difference = ((range.address.words[at] ?? 0) ^ (address.words[at] ?? 0)) >>> 0;
    if (difference >>> (remaining >= 32 ? 0 : 32 - remaining) !== 0) return false;
  }
  return true;
}
