/**
 * Parts of outputs that are JSON already. A service that keeps documents as text hands the text on: JSON
 * protocols copy it, and only who needs the value, another protocol or a caller in this process, reads it.
 */

export class JsonText {
  /** As the operation's protocol would have written the value. */
  readonly text: string;
  readonly #read: () => unknown;

  constructor(text: string, read: () => unknown) {
    this.text = text;
    this.#read = read;
  }

  value(): unknown {
    return this.#read();
  }
}

/** Stands in an output for the value that `read` reads. */
export function jsonText<Value>(text: string, read: () => Value): Value {
  return new JsonText(text, read) as unknown as Value;
}

/** The output with every text in it read. What holds none is given back as it is. */
export function withoutTexts<Value>(value: Value): Value {
  return read(value) as Value;
}

function read(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof JsonText) return value.value();
  if (Array.isArray(value)) return readElements(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return readMembers(value as Record<string, unknown>, prototype);
}

function readElements(elements: readonly unknown[]): readonly unknown[] {
  let values: unknown[] | undefined;
  for (const [index, element] of elements.entries()) {
    const value = read(element);
    if (value !== element) (values ??= [...elements])[index] = value;
  }
  return values ?? elements;
}

function readMembers(record: Record<string, unknown>, prototype: object | null): Record<string, unknown> {
  let values: Record<string, unknown> | undefined;
  for (const name of Object.keys(record)) {
    const value = read(record[name]);
    if (value === record[name]) continue;
    values ??= prototype === null ? { __proto__: null, ...record } : { ...record };
    Object.defineProperty(values, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return values ?? record;
}
