/**
 * The few forms of DER that a certificate is written in.
 *
 * @evidence ITU-T X.690, 8 and 10
 */

export type Der = Buffer;

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;
const contextSpecific = 0x80;
const constructed = 0x20;

function encoded(tag: number, content: Buffer): Der {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.length % 2 ? `0${digits}` : digits, "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

export function sequence(...items: readonly Der[]): Der {
  return encoded(tags.sequence, Buffer.concat(items));
}

export function set(...items: readonly Der[]): Der {
  return encoded(tags.set, Buffer.concat(items));
}

export function boolean(value: boolean): Der {
  return encoded(tags.boolean, Buffer.from([value ? 0xff : 0]));
}

/** Not negative. @param magnitude big-endian */
export function integer(magnitude: Uint8Array | number): Der {
  let bytes = typeof magnitude === "number" ? Buffer.from([magnitude]) : Buffer.from(magnitude);
  while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1);
  // A first bit of 1 would make it negative.
  return encoded(tags.integer, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function nothing(): Der {
  return encoded(tags.nothing, Buffer.alloc(0));
}

export function octetString(content: Uint8Array): Der {
  return encoded(tags.octetString, Buffer.from(content));
}

/** @param unusedBits how many bits at the end do not count */
export function bitString(content: Uint8Array, unusedBits = 0): Der {
  return encoded(tags.bitString, Buffer.concat([Buffer.from([unusedBits]), content]));
}

export function utf8String(text: string): Der {
  return encoded(tags.utf8String, Buffer.from(text, "utf8"));
}

/** @param dotted `2.5.29.17` */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encoded(tags.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let remaining = value >>> 7; remaining > 0; remaining >>>= 7) bytes.unshift(0x80 | (remaining & 0x7f));
  return bytes;
}

/**
 * Whole seconds, UTC.
 *
 * @param at epoch milliseconds
 * @evidence RFC 5280, 4.1.2.5: two digits for the year until 2049
 */
export function time(at: number): Der {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050
    ? encoded(tags.utcTime, Buffer.from(digits.slice(2), "latin1"))
    : encoded(tags.generalizedTime, Buffer.from(digits, "latin1"));
}

/** `[number] EXPLICIT`, or an implicit one of a constructed type. */
export function tagged(number: number, ...items: readonly Der[]): Der {
  return encoded(contextSpecific | constructed | number, Buffer.concat(items));
}

/** `[number] IMPLICIT` of a primitive type. */
export function implicit(number: number, content: Uint8Array): Der {
  return encoded(contextSpecific | number, Buffer.from(content));
}
