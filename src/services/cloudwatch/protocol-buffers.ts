/**
 * Writes messages of Protocol Buffers, field by field. What has its default value is left out.
 *
 * @evidence protobuf.dev, "Encoding": tags, varints, fixed and length-delimited fields
 */

const lengthDelimited = 2;
const fixed64 = 1;

export class Message {
  readonly #parts: Uint8Array[] = [];

  text(field: number, value: string): this {
    return value === "" ? this : this.#bytes(field, Buffer.from(value));
  }

  message(field: number, value: Message): this {
    return this.#bytes(field, value.encoded());
  }

  double(field: number, value: number): this {
    if (Object.is(value, 0)) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#tag(field, fixed64);
    this.#parts.push(bytes);
    return this;
  }

  fixed64(field: number, value: bigint): this {
    if (value === 0n) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.#tag(field, fixed64);
    this.#parts.push(bytes);
    return this;
  }

  encoded(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #bytes(field: number, bytes: Uint8Array): this {
    this.#tag(field, lengthDelimited);
    this.#parts.push(varint(bytes.length), bytes);
    return this;
  }

  #tag(field: number, type: number): void {
    this.#parts.push(varint(field * 8 + type));
  }
}

/** Seven bits a byte, the lowest first. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
