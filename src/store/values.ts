/**
 * Rows as bytes, exactly: what is decoded equals what was encoded, Buffers and plain byte arrays told apart,
 * objects without a prototype kept so, members named `__proto__` kept as members, text that is not
 * well-formed kept as it is. (JSON has no bytes and no bigint; MessagePack as npm `msgpackr` does it renames
 * `__proto__` and forgets prototypes.)
 *
 * An object is its shape (the names of its members, once, as one text) and its values: rows of a table share
 * few shapes, so that both directions look a shape up instead of reading names one by one.
 */

const NULL = 0;
const UNDEFINED = 1;
const TRUE = 2;
const FALSE = 3;
const INT32 = 4;
const DOUBLE = 5;
const BIGINT = 6;
const ASCII = 7;
const UTF8 = 8;
const UTF16 = 9;
const ARRAY = 10;
const OBJECT = 11;
const OBJECT_WITHOUT_PROTOTYPE = 12;
const NAMED_OBJECT = 13;
const NAMED_OBJECT_WITHOUT_PROTOTYPE = 14;
const BYTES = 15;
const BUFFER = 16;
const SHORT_ASCII = 0x40;
const SMALL_INTEGER = 0x80;

const SHORT_LENGTH_MAX = 0x3f;
const SMALL_INTEGER_MAX = 0x7f;
const SLAB_BYTES = 65_536;
const SHAPES_MAX = 4_096;
const SHAPE_TEXT_LENGTH_MAX = 1_024;
const LATEST_NAMES_MAX = 64;
const NAME_SEPARATOR = "\x00";
/** Deeper than any AWS document; shallow enough that no input reaches the end of the stack. */
const DEPTH_MAX = 1_000;

/** Node's own fast paths beneath `toString` and `write`, which its type declarations leave out. */
interface RawBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, position: number): number;
}

interface Shape {
  readonly names: readonly string[];
  readonly namesProto: boolean;
}

export class ValueCodec {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES) as RawBuffer;
  #start = 0;
  #end = 0;
  readonly #shapeBytes = new Map<string, Buffer | undefined>();
  /** Shapes lately written, by how many names they have: nearly always one that comes again. */
  readonly #latest: { readonly names: readonly string[]; readonly bytes: Buffer }[] = [];
  readonly #shapes = new Map<string, Shape>();

  /** The bytes stay valid; they share memory with those of neighbouring calls, so keep them for short. */
  encode(value: unknown): Buffer {
    this.#start = this.#end;
    try {
      this.#write(value, 0);
      return this.#slab.subarray(this.#start, this.#end);
    } catch (error) {
      this.#end = this.#start;
      throw error;
    }
  }

  decode(bytes: Buffer, sizeBytes = bytes.length): unknown {
    return new Reader(bytes as RawBuffer, sizeBytes, this.#shapes).value();
  }

  #reserve(sizeBytes: number): void {
    if (this.#end + sizeBytes <= this.#slab.length) return;
    const written = this.#end - this.#start;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, (written + sizeBytes) * 2)) as RawBuffer;
    this.#slab.copy(slab, 0, this.#start, this.#end);
    this.#slab = slab;
    this.#start = 0;
    this.#end = written;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#slab[this.#end++] = value;
  }

  #length(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#slab[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#slab[this.#end++] = rest;
  }

  #write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#byte(value ? TRUE : FALSE);
      case "undefined":
        return this.#byte(UNDEFINED);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? this.#byte(NULL) : this.#composite(value, depth);
      default:
        throw new TypeError(`A row is plain data; it cannot hold a ${typeof value}.`);
    }
  }

  #number(value: number): void {
    this.#reserve(9);
    if (value >= 0 && value <= SMALL_INTEGER_MAX && Number.isInteger(value) && !Object.is(value, -0)) {
      this.#slab[this.#end++] = SMALL_INTEGER | value;
    } else if (value === (value | 0) && !Object.is(value, -0)) {
      this.#slab[this.#end++] = INT32;
      this.#end = this.#slab.writeInt32LE(value, this.#end);
    } else {
      this.#slab[this.#end++] = DOUBLE;
      this.#end = this.#slab.writeDoubleLE(value, this.#end);
    }
  }

  #bigint(value: bigint): void {
    const digits = value.toString(36);
    this.#byte(BIGINT);
    this.#length(digits.length);
    this.#reserve(digits.length);
    this.#end += this.#slab.write(digits, this.#end, "latin1");
  }

  #text(text: string): void {
    const length = text.length;
    if (length <= SHORT_LENGTH_MAX && this.#shortAscii(text, length)) return;
    this.#reserve(length * 3 + 6);
    const header = this.#end;
    const written = this.#slab.utf8Write(text, header + 6);
    const ascii = written === length;
    if (!ascii && !text.isWellFormed()) return this.#utf16(text);
    this.#byte(ascii ? ASCII : UTF8);
    this.#length(written);
    // The text went behind the longest header; move it up when the header turned out shorter.
    this.#slab.copyWithin(this.#end, header + 6, header + 6 + written);
    this.#end += written;
  }

  #shortAscii(text: string, length: number): boolean {
    this.#reserve(length + 1);
    const slab = this.#slab;
    const start = this.#end + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      slab[start + index] = code;
    }
    slab[start - 1] = SHORT_ASCII | length;
    this.#end = start + length;
    return true;
  }

  #utf16(text: string): void {
    this.#byte(UTF16);
    this.#length(text.length * 2);
    this.#reserve(text.length * 2);
    this.#end += this.#slab.write(text, this.#end, "utf16le");
  }

  #composite(value: object, depth: number): void {
    if (depth > DEPTH_MAX) throw new RangeError(`A row is nested at most ${DEPTH_MAX} deep.`);
    if (Array.isArray(value)) {
      this.#byte(ARRAY);
      this.#length(value.length);
      for (let index = 0; index < value.length; index++) this.#write(value[index], depth + 1);
    } else if (value instanceof Uint8Array) {
      this.#byte(Buffer.isBuffer(value) ? BUFFER : BYTES);
      this.#length(value.length);
      this.#reserve(value.length);
      this.#slab.set(value, this.#end);
      this.#end += value.length;
    } else {
      this.#object(value as Record<string, unknown>, depth);
    }
  }

  #object(value: Record<string, unknown>, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const kind = value.constructor?.name ?? "class instance";
      throw new TypeError(`A row is plain data; it cannot hold a ${kind}.`);
    }
    const names = presentNames(value);
    const shape = this.#shapeOf(names);
    if (shape) {
      this.#byte(prototype === null ? OBJECT_WITHOUT_PROTOTYPE : OBJECT);
      this.#length(shape.length);
      this.#reserve(shape.length);
      this.#slab.set(shape, this.#end);
      this.#end += shape.length;
      for (const name of names) this.#write(value[name], depth + 1);
    } else {
      this.#byte(prototype === null ? NAMED_OBJECT_WITHOUT_PROTOTYPE : NAMED_OBJECT);
      this.#length(names.length);
      for (const name of names) {
        this.#text(name);
        this.#write(value[name], depth + 1);
      }
    }
  }

  /** Undefined for names that one text cannot say, or that are too many to be worth remembering. */
  #shapeOf(names: readonly string[]): Buffer | undefined {
    const latest = this.#latest[names.length];
    if (latest && sameNames(latest.names, names)) return latest.bytes;
    const bytes = this.#findShape(names);
    if (bytes && names.length <= LATEST_NAMES_MAX) this.#latest[names.length] = { names, bytes };
    return bytes;
  }

  #findShape(names: readonly string[]): Buffer | undefined {
    const text = names.join(NAME_SEPARATOR);
    if (text.length > SHAPE_TEXT_LENGTH_MAX) return undefined;
    let bytes = this.#shapeBytes.get(text);
    if (bytes === undefined && !this.#shapeBytes.has(text)) {
      if (this.#shapeBytes.size >= SHAPES_MAX) this.#shapeBytes.clear();
      const sayable = names.length > 0 && text.isWellFormed();
      bytes = sayable ? Buffer.from(text, "utf8") : undefined;
      this.#shapeBytes.set(text, bytes);
    }
    // A name with the separator in it makes the text read as more names than there are.
    return bytes && separators(text) === names.length - 1 ? bytes : undefined;
  }
}

class Reader {
  readonly #bytes: RawBuffer;
  readonly #sizeBytes: number;
  readonly #shapes: Map<string, Shape>;
  #position = 0;

  constructor(bytes: RawBuffer, sizeBytes: number, shapes: Map<string, Shape>) {
    this.#bytes = bytes;
    this.#sizeBytes = sizeBytes;
    this.#shapes = shapes;
  }

  value(): unknown {
    const tag = this.#byte();
    if (tag >= SMALL_INTEGER) return tag & SMALL_INTEGER_MAX;
    if (tag >= SHORT_ASCII) return this.#latin1(tag & SHORT_LENGTH_MAX);
    switch (tag) {
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case INT32:
        return this.#bytes.readInt32LE(this.#advance(4));
      case DOUBLE:
        return this.#bytes.readDoubleLE(this.#advance(8));
      case BIGINT:
        return bigintOf(this.#latin1(this.#length()));
      case ARRAY:
        return this.#array();
      case OBJECT:
        return this.#object({});
      case OBJECT_WITHOUT_PROTOTYPE:
        return this.#object(Object.create(null) as Record<string, unknown>);
      case NAMED_OBJECT:
        return this.#namedObject({});
      case NAMED_OBJECT_WITHOUT_PROTOTYPE:
        return this.#namedObject(Object.create(null) as Record<string, unknown>);
      default:
        return this.#sequence(tag);
    }
  }

  #sequence(tag: number): unknown {
    const length = this.#length();
    const start = this.#advance(length);
    const end = start + length;
    if (tag === ASCII) return this.#bytes.latin1Slice(start, end);
    if (tag === UTF8) return this.#bytes.utf8Slice(start, end);
    if (tag === UTF16) return this.#bytes.toString("utf16le", start, end);
    const copy = new Uint8Array(length);
    for (let index = 0; length < 64 && index < length; index++) copy[index] = this.#bytes[start + index] ?? 0;
    if (length >= 64) copy.set(new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length));
    if (tag === BYTES) return copy;
    if (tag === BUFFER) return Buffer.from(copy.buffer);
    throw new Error(`A row that cannot be read: unknown tag ${tag}.`);
  }

  #array(): unknown[] {
    const length = this.#length();
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.value());
    return items;
  }

  #object(target: Record<string, unknown>): Record<string, unknown> {
    const text = this.#latin1(this.#length());
    const shape = this.#shapes.get(text) ?? this.#learn(text);
    for (const name of shape.names) {
      if (shape.namesProto && name === "__proto__") define(target, name, this.value());
      else target[name] = this.value();
    }
    return target;
  }

  #namedObject(target: Record<string, unknown>): Record<string, unknown> {
    const length = this.#length();
    for (let index = 0; index < length; index++) define(target, this.value() as string, this.value());
    return target;
  }

  #learn(text: string): Shape {
    const names = Buffer.from(text, "latin1").toString("utf8").split(NAME_SEPARATOR);
    const shape: Shape = { names, namesProto: names.includes("__proto__") };
    if (this.#shapes.size >= SHAPES_MAX) this.#shapes.clear();
    this.#shapes.set(text, shape);
    return shape;
  }

  #byte(): number {
    // Reading behind the end gives undefined, which no tag is; `#advance` bounds everything longer.
    return this.#bytes[this.#advance(1)] ?? NULL;
  }

  #advance(sizeBytes: number): number {
    const start = this.#position;
    this.#position = start + sizeBytes;
    if (this.#position > this.#sizeBytes) throw new Error("A row that cannot be read: it ends too early.");
    return start;
  }

  #latin1(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.latin1Slice(start, start + length);
  }

  #length(): number {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) return length >>> 0;
    }
  }
}

function presentNames(value: Record<string, unknown>): string[] {
  const names = Object.keys(value);
  for (const name of names) {
    if (value[name] === undefined) return names.filter((each) => value[each] !== undefined);
  }
  return names;
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function separators(text: string): number {
  let count = 0;
  for (let at = text.indexOf(NAME_SEPARATOR); at >= 0; at = text.indexOf(NAME_SEPARATOR, at + 1)) count++;
  return count;
}

function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

function bigintOf(digits: string): bigint {
  const negative = digits.startsWith("-");
  let value = 0n;
  for (const digit of negative ? digits.slice(1) : digits) value = value * 36n + BigInt(parseInt(digit, 36));
  return negative ? -value : value;
}
