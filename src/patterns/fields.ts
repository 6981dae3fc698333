/**
 * An event as patterns see it: its values by the names that lead to them, joined by dots. Values in arrays of
 * objects remember which elements they come from, and a pattern is only satisfied by values that can stand
 * together: those of one element, not of two.
 *
 * @evidence Event Ruler, "And and Or" and "Array consistency"
 */

import { matchesValue, type Matcher, type Scalar } from "./matchers.ts";
import type { Branch } from "./parse.ts";

/** An element of an array that a value is in. */
interface Place {
  /** Numbers the arrays of an event. */
  readonly array: number;
  readonly index: number;
}

export interface FieldValue {
  readonly value: Scalar;
  readonly places: readonly Place[];
}

export type Fields = ReadonlyMap<string, readonly FieldValue[]>;

/** The names that some patterns look at, with all beginnings that lead to them. */
export class Wanted {
  readonly names = new Set<string>();
  readonly #leading = new Set<string>();

  add(name: string): void {
    if (this.names.has(name)) return;
    this.names.add(name);
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      this.#leading.add(name.slice(0, dot));
    }
  }

  leadsOn(name: string): boolean {
    return this.#leading.has(name);
  }
}

/** Deeper than any event that a service accepts. */
const depthMax = 1_500;

export function fieldsOf(event: unknown, wanted: Wanted): Fields {
  const fields = new Map<string, FieldValue[]>();
  let arrays = 0;

  const visitObject = (value: object, prefix: string, places: readonly Place[], depth: number): void => {
    for (const key of Object.keys(value)) {
      const name = prefix === "" ? key : `${prefix}.${key}`;
      if (wanted.names.has(name) || wanted.leadsOn(name)) {
        visit((value as Record<string, unknown>)[key], name, places, depth + 1);
      }
    }
  };
  const visit = (value: unknown, name: string, places: readonly Place[], depth: number): void => {
    if (depth > depthMax) return;
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) {
        const isObject = typeof element === "object" && element !== null && !Array.isArray(element);
        visit(element, name, isObject ? [...places, { array, index }] : places, depth + 1);
      }
    } else if (typeof value === "object" && value !== null) {
      if (wanted.leadsOn(name)) visitObject(value, name, places, depth);
    } else if (wanted.names.has(name) && value !== undefined) {
      const known = fields.get(name);
      const found = { value: value as Scalar, places };
      if (known) known.push(found);
      else fields.set(name, [found]);
    }
  };

  if (typeof event === "object" && event !== null && !Array.isArray(event)) visitObject(event, "", [], 0);
  return fields;
}

export function matches(branches: readonly Branch[], event: unknown): boolean {
  const wanted = new Wanted();
  for (const branch of branches) for (const field of branch) wanted.add(field.name);
  const fields = fieldsOf(event, wanted);
  return branches.some((branch) => matchesBranch(branch, fields));
}

const absentAnywhere: readonly FieldValue[] = [];

export function matchesBranch(branch: Branch, fields: Fields): boolean {
  /** What is left of each field: the values that match, where it matters which of them. */
  const choices: (readonly FieldValue[])[] = [];
  for (const { name, anyOf } of branch) {
    const found = fields.get(name) ?? absentAnywhere;
    if (found.length === 0) {
      if (!anyOf.some((matcher) => matcher.type === "absent")) return false;
      continue;
    }
    if (found.length === 1 && found[0]?.places.length === 0) {
      if (!matchesAny(anyOf, found[0].value)) return false;
      continue;
    }
    const matching = found.filter(({ value }) => matchesAny(anyOf, value));
    if (matching.length === 0) return false;
    if (matching.every(({ places }) => places.length > 0)) choices.push(matching);
  }
  return choices.length < 2 || canStandTogether(choices);
}

function matchesAny(anyOf: readonly Matcher[], value: Scalar): boolean {
  for (const matcher of anyOf) if (matchesValue(matcher, value)) return true;
  return false;
}

/**
 * Goes from field to field with all that may have been chosen so far, of which only the arrays matter that
 * fields to come are in too: else what is chosen would multiply.
 */
function canStandTogether(choices: readonly (readonly FieldValue[])[]): boolean {
  let chosen: ReadonlyMap<number, number>[] = [new Map()];
  for (const [at, values] of choices.entries()) {
    const later = choices.slice(at + 1).flat();
    const toCome = new Set(later.flatMap(({ places }) => places.map(({ array }) => array)));
    const next = new Map<string, ReadonlyMap<number, number>>();
    for (const before of chosen) {
      for (const { places } of values) {
        const after = joined(before, places);
        if (!after) continue;
        const kept = new Map([...after].filter(([array]) => toCome.has(array)).sort(([a], [b]) => a - b));
        next.set(JSON.stringify([...kept]), kept);
      }
    }
    chosen = [...next.values()];
    if (chosen.length === 0) return false;
  }
  return true;
}

function joined(
  before: ReadonlyMap<number, number>,
  places: readonly Place[],
): ReadonlyMap<number, number> | undefined {
  for (const { array, index } of places) {
    const known = before.get(array);
    if (known !== undefined && known !== index) return undefined;
  }
  const after = new Map(before);
  for (const { array, index } of places) after.set(array, index);
  return after;
}
