/**
 * ExpressionAttributeNames and ExpressionAttributeValues: what the placeholders of a request's expressions
 * stand for.
 */

import { AwsError } from "../../../kernel/errors.ts";
import { normalizeValue } from "../values/attribute-values.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { valueSizeBytes } from "../values/sizes.ts";
import { ATTRIBUTE_NAME_TOO_LARGE, EMPTY_ATTRIBUTE_NAME, EMPTY_VALUE } from "../values/value-errors.ts";
import type { Layer } from "../values/value-errors.ts";
import {
  attributesTooLarge, emptyMap, invalidKey, invalidMapValue, undefinedName, undefinedValue, unused,
} from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import type { ExpressionSyntax } from "./syntax.ts";

const NAME_REFERENCE = /^#[0-9A-Za-z_]+$/;
const VALUE_REFERENCE = /^:[0-9A-Za-z_]+$/;
const NAME_BYTES_MAX = 65_535;
/** Documented: the names and the values that expressions substitute. */
const SIZE_BYTES_MAX = 2 * 1024 * 1024;

export interface ExpressionParameters {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined;
}

/** Where bound expressions get names and values from. */
export interface Substitutes {
  /** @throws the complaint's error where nothing has this name */
  name(reference: string, complain: Complaint): string;
  value(reference: string, complain: Complaint): AttributeValue;
}

/** The substitutes of one request. Values are in normal form. */
export class ExpressionAttributes implements Substitutes {
  readonly #names = new Map<string, string>();
  readonly #values = new Map<string, AttributeValue>();
  readonly #used = new Set<string>();
  readonly #layer: Layer;

  /** @throws ValidationException for keys and values that may not be there */
  constructor(parameters: ExpressionParameters, layer: Layer = "older") {
    this.#layer = layer;
    const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = parameters;
    let size = 0;
    if (names !== undefined) size += this.#addNames(names);
    if (values !== undefined) size += this.#addValues(values);
    if (size <= SIZE_BYTES_MAX) return;
    throw attributesTooLarge(values === undefined ? "ExpressionAttributeNames" : "ExpressionAttributeValues");
  }

  #addNames(names: Readonly<Record<string, string>>): number {
    const parameter = "ExpressionAttributeNames";
    const keys = Object.keys(names);
    if (keys.length === 0) throw emptyMap(parameter);
    for (const key of keys) if (!NAME_REFERENCE.test(key)) throw invalidKey(parameter, key);
    let size = 0;
    for (const key of keys) {
      const name = names[key] ?? "";
      const bytes = Buffer.byteLength(name);
      if (bytes === 0) throw invalidMapValue(parameter, EMPTY_ATTRIBUTE_NAME, key);
      if (bytes > NAME_BYTES_MAX) throw invalidMapValue(parameter, ATTRIBUTE_NAME_TOO_LARGE, key);
      size += bytes;
      this.#names.set(key, name);
    }
    return size;
  }

  #addValues(values: Readonly<Record<string, AttributeValue>>): number {
    const parameter = "ExpressionAttributeValues";
    const keys = Object.keys(values);
    if (keys.length === 0) throw emptyMap(parameter);
    for (const key of keys) if (!VALUE_REFERENCE.test(key)) throw invalidKey(parameter, key);
    let size = 0;
    for (const key of keys) {
      const value = normalizedFor(key, values[key] ?? {}, this.#layer);
      size += valueSizeBytes(value);
      this.#values.set(key, value);
    }
    return size;
  }

  name(reference: string, complain: Complaint): string {
    const name = this.#names.get(reference);
    if (name === undefined) throw complain(undefinedName(reference));
    return name;
  }

  value(reference: string, complain: Complaint): AttributeValue {
    const value = this.#values.get(reference);
    if (value === undefined) throw complain(undefinedValue(reference));
    return value;
  }

  /** Remembers what an expression of the request uses. */
  use({ references }: ExpressionSyntax): void {
    for (const reference of references) this.#used.add(reference);
  }

  /** @throws ValidationException for names and values that no expression used */
  requireAllUsed(): void {
    const isUnused = (reference: string): boolean => !this.#used.has(reference);
    const names = [...this.#names.keys()].filter(isUnused);
    if (names.length > 0) throw unused("ExpressionAttributeNames", names);
    const values = [...this.#values.keys()].filter(isUnused);
    if (values.length > 0) throw unused("ExpressionAttributeValues", values);
  }
}

/** The older layer names the placeholder of a wrong value, the current one only that of an empty one. */
function normalizedFor(key: string, value: AttributeValue, layer: Layer): AttributeValue {
  try {
    return normalizeValue(value, layer);
  } catch (error) {
    if (!(error instanceof AwsError) || (layer === "current" && error.message !== EMPTY_VALUE)) throw error;
    throw invalidMapValue("ExpressionAttributeValues", error.message, key);
  }
}
