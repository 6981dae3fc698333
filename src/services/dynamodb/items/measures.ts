/**
 * How large items are, and whether there is binary in them: found out in one walk, which also tells whether
 * an item that a request gave is in normal form already. Nearly all are, and are taken as they are.
 */

import { normalizeItem, type AttributeValue, type Item } from "../values/attribute-values.ts";
import { isNormalNumber, numberSizeBytes } from "../values/numbers.ts";
import { itemSizeBytes, textSizeBytes } from "../values/sizes.ts";
import type { Layer } from "../values/value-errors.ts";

export interface Measured {
  /** In normal form. */
  readonly item: Item;
  readonly sizeBytes: number;
  readonly isBinary: boolean;
}

/** Deeper and longer than this is looked at closely. */
const plainLevels = 30;
const plainCharacters = 60_000;
const unknown = -1;
const documentBytes = 3;

/** Sizes are `unknown` for what is not plain to see. */
class Walk {
  isBinary = false;

  entries(entries: Item, level: number): number {
    let size = 0;
    for (const name in entries) {
      const value = entries[name];
      if (value === undefined || name === "" || name.length > plainCharacters) return unknown;
      const bytes = this.#value(value, level);
      if (bytes === unknown) return unknown;
      size += textSizeBytes(name) + bytes;
      if (level > 0) size += 1;
    }
    return size;
  }

  #value(value: AttributeValue, level: number): number {
    let type: string | undefined;
    for (const member in value) {
      if (type !== undefined) return unknown;
      type = member;
    }
    switch (type) {
      case "S": return value.S === undefined ? unknown : textSizeBytes(value.S);
      case "N":
        return value.N !== undefined && isNormalNumber(value.N) ? numberSizeBytes(value.N) : unknown;
      case "BOOL": return value.BOOL === undefined ? unknown : 1;
      case "NULL": return value.NULL === true ? 1 : unknown;
      case "B":
        this.isBinary = true;
        return value.B === undefined ? unknown : value.B.length;
      case "L": return value.L === undefined || level >= plainLevels ? unknown : this.#list(value.L, level);
      case "M": {
        if (value.M === undefined || level >= plainLevels) return unknown;
        const size = this.entries(value.M, level + 1);
        return size === unknown ? unknown : documentBytes + size;
      }
      // Members of sets have to be compared.
      default: return unknown;
    }
  }

  #list(elements: readonly AttributeValue[], level: number): number {
    let size = documentBytes;
    for (const element of elements) {
      const bytes = this.#value(element, level + 1);
      if (bytes === unknown) return unknown;
      size += 1 + bytes;
    }
    return size;
  }
}

function holdsBinary(value: AttributeValue | undefined): boolean {
  if (value === undefined || value.S !== undefined || value.N !== undefined) return false;
  if (value.B !== undefined || value.BS !== undefined) return true;
  if (value.L !== undefined) return value.L.some(holdsBinary);
  return value.M !== undefined && holdsBinaries(value.M);
}

function holdsBinaries(item: Item): boolean {
  return Object.keys(item).some((name) => holdsBinary(item[name]));
}

/** @param item in normal form */
export function measured(item: Item): Measured {
  const walk = new Walk();
  const sizeBytes = walk.entries(item, 0);
  if (sizeBytes !== unknown) return { item, sizeBytes, isBinary: walk.isBinary };
  return { item, sizeBytes: itemSizeBytes(item), isBinary: holdsBinaries(item) };
}

/**
 * An item as a request gave it, in normal form.
 *
 * @throws ValidationException for the first thing that is wrong with it
 */
export function readItem(given: Item, layer: Layer): Measured {
  const walk = new Walk();
  const sizeBytes = walk.entries(given, 0);
  if (sizeBytes !== unknown) return { item: given, sizeBytes, isBinary: walk.isBinary };
  return measured(normalizeItem(given, layer));
}
