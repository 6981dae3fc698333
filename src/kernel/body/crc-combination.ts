/**
 * The cyclic redundancy check of two byte sequences in a row, from the checks of each: what follows a
 * sequence of n bytes multiplies its check by x to the 8n-th, modulo the polynomial.
 */

const polynomials = {
  CRC32: { bits: 32, polynomial: 0xedb88320n },
  CRC32C: { bits: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

export type CombinableChecksum = keyof typeof polynomials;

export function isCombinable(algorithm: string): algorithm is CombinableChecksum {
  return Object.hasOwn(polynomials, algorithm);
}

export interface CheckedPart {
  /** Big-endian. */
  readonly checksum: Buffer;
  readonly sizeBytes: number;
}

/** The check of all parts one after another. Looks at no byte of them. */
export function combineChecksums(algorithm: CombinableChecksum, parts: Iterable<CheckedPart>): Buffer {
  const { bits, polynomial } = polynomials[algorithm];
  // Parts of an upload have few different sizes.
  const powers = new Map<number, bigint>();
  let combined = 0n;
  for (const { checksum, sizeBytes } of parts) {
    let power = powers.get(sizeBytes);
    if (power === undefined) powers.set(sizeBytes, (power = powerOf(sizeBytes, bits, polynomial)));
    combined = multiply(power, combined, bits, polynomial) ^ BigInt(`0x${checksum.toString("hex")}`);
  }
  return Buffer.from(combined.toString(16).padStart(bits / 4, "0"), "hex");
}

/** x to the power of 8 times `bytes`. Bits are reflected: the highest is that of x to the power of 0. */
function powerOf(bytes: number, bits: number, polynomial: bigint): bigint {
  let result = 1n << BigInt(bits - 1);
  let square = 1n << BigInt(bits - 1 - 8);
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(square, result, bits, polynomial);
    square = multiply(square, square, bits, polynomial);
  }
  return result;
}

function multiply(left: bigint, right: bigint, bits: number, polynomial: bigint): bigint {
  let product = 0n;
  let factor = right;
  for (let mask = 1n << BigInt(bits - 1); mask > 0n; mask >>= 1n) {
    if ((left & mask) !== 0n) product ^= factor;
    factor = (factor & 1n) === 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}
