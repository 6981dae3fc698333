/**
 * The question every request asks: does this input satisfy the model? Compiled once for each shape into
 * closures that answer true or false and allocate nothing. Which constraint was missed is asked of
 * `explain.ts`, and only then.
 */

import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import { lengthWithin } from "./length.ts";
import { compilePattern } from "./pattern/pattern.ts";
import type { Pattern } from "./pattern/pattern.ts";

/** Values of a type that the shape does not have are the protocol's to refuse; here they pass. */
export type Check = (value: unknown) => boolean;

export interface CheckOptions {
  /**
   * Whether enumerations, lengths, ranges and patterns are AWS's front end's business, or the service's
   * own.
   */
  readonly constraints: boolean;
}

export class CheckCompiler {
  readonly #shapes: ServiceModel["shapes"];
  readonly #constraints: boolean;
  readonly #checks = new Map<string, Check | undefined>();
  readonly #constrained = new Map<string, boolean>();
  readonly #patterns = new Map<string, Pattern | undefined>();

  constructor(shapes: ServiceModel["shapes"], options: CheckOptions) {
    this.#shapes = shapes;
    this.#constraints = options.constraints;
  }

  /** Undefined when nothing under the shape is constrained. */
  check(name: string): Check | undefined {
    if (this.#checks.has(name)) return this.#checks.get(name);
    const shape = this.#shapes[name];
    if (!shape || !this.#isConstrained(name)) {
      this.#checks.set(name, undefined);
      return undefined;
    }
    // A shape that contains itself meets this stand-in, which by then knows the real check.
    let real: Check = () => true;
    this.#checks.set(name, (value) => real(value));
    real = this.#compile(shape);
    this.#checks.set(name, real);
    return real;
  }

  pattern(source: string): Pattern | undefined {
    if (!this.#patterns.has(source)) this.#patterns.set(source, compilePattern(source));
    return this.#patterns.get(source);
  }

  #compile(shape: Shape): Check {
    switch (shape.type) {
      case "structure":
        return this.#structure(shape);
      case "list":
        return this.#list(shape);
      case "map":
        return this.#map(shape);
      case "string":
      case "character":
        return this.#string(shape);
      case "blob":
        return blobCheck(shape.min ?? 0, shape.max ?? Infinity);
      default:
        return rangeCheck(shape.min ?? -Infinity, shape.max ?? Infinity);
    }
  }

  #structure(shape: Shape): Check {
    const required = new Set(shape.required);
    const members = Object.entries(shape.members ?? {})
      .map(([name, ref]) => ({ name, required: required.has(name), check: this.check(ref.shape) }))
      .filter((member) => member.required || member.check);
    const names = members.map(({ name }) => name);
    const needed = members.map((member) => member.required);
    const checks = members.map(({ check }) => check);
    const union = shape.union === true;

    return (value) => {
      if (!isRecord(value)) return true;
      for (let index = 0; index < names.length; index++) {
        const member = value[names[index] ?? ""];
        if (member === undefined || member === null) {
          if (needed[index]) return false;
          continue;
        }
        const check = checks[index];
        if (check !== undefined && !check(member)) return false;
      }
      return !union || membersSet(value) === 1;
    };
  }

  #list(shape: Shape): Check {
    const { min, max } = this.#bounds(shape);
    const check = this.#refCheck(shape.member);
    return (value) => {
      if (!Array.isArray(value)) return true;
      if (value.length < min || value.length > max) return false;
      if (check === undefined) return true;
      for (let index = 0; index < value.length; index++) {
        const element: unknown = value[index];
        if (element !== null && element !== undefined && !check(element)) return false;
      }
      return true;
    };
  }

  #map(shape: Shape): Check {
    const { min, max } = this.#bounds(shape);
    const checkKey = this.#refCheck(shape.key);
    const checkValue = this.#refCheck(shape.value);
    return (value) => {
      if (!isRecord(value)) return true;
      let count = 0;
      for (const key in value) {
        count++;
        if (checkKey !== undefined && !checkKey(key)) return false;
        const entry = value[key];
        if (checkValue === undefined || entry === null || entry === undefined) continue;
        if (!checkValue(entry)) return false;
      }
      return count >= min && count <= max;
    };
  }

  #string(shape: Shape): Check {
    const min = shape.min ?? 0;
    const max = shape.max ?? Infinity;
    const values = shape.enum && new Set(shape.enum);
    const pattern = shape.pattern === undefined ? undefined : this.pattern(shape.pattern);
    return (value) => {
      if (typeof value !== "string") return true;
      if (!lengthWithin(value, min, max)) return false;
      if (values !== undefined && !values.has(value)) return false;
      return pattern === undefined || pattern(value);
    };
  }

  #bounds(shape: Shape): { min: number; max: number } {
    if (!this.#constraints) return { min: 0, max: Infinity };
    return { min: shape.min ?? 0, max: shape.max ?? Infinity };
  }

  #refCheck(ref: ShapeRef | undefined): Check | undefined {
    return ref && this.check(ref.shape);
  }

  #isConstrained(name: string): boolean {
    const known = this.#constrained.get(name);
    if (known !== undefined) return known;
    const seen = new Set([name]);
    let found = false;
    for (const each of seen) {
      const shape = this.#shapes[each];
      if (!shape || shape.eventstream || shape.streaming || shape.document) continue;
      found ||= this.#isConstrainedItself(shape);
      for (const ref of references(shape)) seen.add(ref.shape);
    }
    this.#constrained.set(name, found);
    return found;
  }

  #isConstrainedItself(shape: Shape): boolean {
    if (shape.type === "structure") return (shape.required?.length ?? 0) > 0 || shape.union === true;
    if (!this.#constraints) return false;
    return [shape.min, shape.max, shape.pattern, shape.enum].some((constraint) => constraint !== undefined);
  }
}

function references(shape: Shape): ShapeRef[] {
  const { member, key, value } = shape;
  return [...Object.values(shape.members ?? {}), ...[member, key, value].filter((ref) => ref !== undefined)];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function membersSet(value: Readonly<Record<string, unknown>>): number {
  let count = 0;
  for (const name in value) if (value[name] !== undefined && value[name] !== null) count++;
  return count;
}

function blobCheck(min: number, max: number): Check {
  return (value) => !(value instanceof Uint8Array) || (value.length >= min && value.length <= max);
}

function rangeCheck(min: number, max: number): Check {
  return (value) => {
    if (typeof value !== "number" && typeof value !== "bigint") return true;
    return value >= min && value <= max;
  };
}
