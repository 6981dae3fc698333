/**
 * Cyclic redundancy checks that Node does not bring: eight bytes a step, one table a byte ("slicing by 8").
 */

const CRC32C_POLYNOMIAL = 0x82f63b78;
/** @evidence NVM Express Base Specification, 64-bit CRC, reflected polynomial */
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

/** Eight tables of 256 entries, one after the other. */
type Tables = Uint32Array;

interface WideTables {
  readonly high: Tables;
  readonly low: Tables;
}

const CRC32C = narrowTables(CRC32C_POLYNOMIAL);
const CRC64NVME = wideTables(CRC64NVME_POLYNOMIAL);

function narrowTables(polynomial: number): Tables {
  const { low } = wideTables(BigInt(polynomial));
  return low;
}

function wideTables(polynomial: bigint): WideTables {
  const entries = new BigUint64Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let entry = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1)
      entry = (entry & 1n) === 1n ? (entry >> 1n) ^ polynomial : entry >> 1n;
    entries[byte] = entry;
  }
  for (let index = 256; index < entries.length; index += 1) {
    const before = entries[index - 256] ?? 0n;
    entries[index] = (before >> 8n) ^ (entries[Number(before & 0xffn)] ?? 0n);
  }
  return {
    high: Uint32Array.from(entries, (entry) => Number(entry >> 32n)),
    low: Uint32Array.from(entries, (entry) => Number(entry & 0xffffffffn)),
  };
}

/** Continues `crc` (0 at the start) over `data`. */
export function crc32c(data: Uint8Array, crc: number): number {
  const table = CRC32C;
  let state = ~crc;
  let position = 0;
  // Every index below is inside its array: the position by the loop's bound, the table's by the byte mask.
  for (const end = data.length - 7; position < end; position += 8) {
    state ^=
      at(data, position) |
      (at(data, position + 1) << 8) |
      (at(data, position + 2) << 16) |
      (at(data, position + 3) << 24);
    state =
      at(table, 1792 + (state & 0xff)) ^
      at(table, 1536 + ((state >>> 8) & 0xff)) ^
      at(table, 1280 + ((state >>> 16) & 0xff)) ^
      at(table, 1024 + (state >>> 24)) ^
      at(table, 768 + at(data, position + 4)) ^
      at(table, 512 + at(data, position + 5)) ^
      at(table, 256 + at(data, position + 6)) ^
      at(table, at(data, position + 7));
  }
  for (; position < data.length; position += 1) {
    state = at(table, (state ^ at(data, position)) & 0xff) ^ (state >>> 8);
  }
  return ~state >>> 0;
}

/** The two halves of a 64-bit state, kept apart so that no step allocates. */
export class Crc64Nvme {
  #high = ~0;
  #low = ~0;

  update(data: Uint8Array): void {
    const { high: highs, low: lows } = CRC64NVME;
    let high = this.#high;
    let low = this.#low;
    let position = 0;
    for (const end = data.length - 7; position < end; position += 8) {
      low ^=
        at(data, position) |
        (at(data, position + 1) << 8) |
        (at(data, position + 2) << 16) |
        (at(data, position + 3) << 24);
      high ^=
        at(data, position + 4) |
        (at(data, position + 5) << 8) |
        (at(data, position + 6) << 16) |
        (at(data, position + 7) << 24);
      const i0 = 1792 + (low & 0xff);
      const i1 = 1536 + ((low >>> 8) & 0xff);
      const i2 = 1280 + ((low >>> 16) & 0xff);
      const i3 = 1024 + (low >>> 24);
      const i4 = 768 + (high & 0xff);
      const i5 = 512 + ((high >>> 8) & 0xff);
      const i6 = 256 + ((high >>> 16) & 0xff);
      const i7 = high >>> 24;
      low =
        at(lows, i0) ^
        at(lows, i1) ^
        at(lows, i2) ^
        at(lows, i3) ^
        at(lows, i4) ^
        at(lows, i5) ^
        at(lows, i6) ^
        at(lows, i7);
      high =
        at(highs, i0) ^
        at(highs, i1) ^
        at(highs, i2) ^
        at(highs, i3) ^
        at(highs, i4) ^
        at(highs, i5) ^
        at(highs, i6) ^
        at(highs, i7);
    }
    for (; position < data.length; position += 1) {
      const index = (low ^ at(data, position)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ at(lows, index);
      high = (high >>> 8) ^ at(highs, index);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes;
  }
}

function at(numbers: Uint8Array | Uint32Array, index: number): number {
  // The index is in range at every call above, and a check here would cost half the speed.
  return numbers[index] as number;
}
