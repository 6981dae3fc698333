/**
 * Inputs that satisfy a model, made from the model: what property tests feed to validation and to
 * protocols.
 */

import type { OperationModel, ServiceModel, Shape } from "../model/model.ts";
import type { Value } from "../protocol/protocol.ts";
import { lengthWithin } from "./length.ts";
import { parsePattern } from "./pattern/parse.ts";
import type { Node } from "./pattern/parse.ts";
import { compilePattern } from "./pattern/pattern.ts";

/** A seeded source of numbers from 0 up to 1, 1 not included. */
export type Chance = () => number;

/** Shapes that contain themselves are left out below this depth. */
const DEPTH_MAX = 8;
const TEXT_ATTEMPTS = 60;
/** What a text without a pattern is made of: one character takes two units, one is outside ASCII. */
const CHARACTERS = [..."abcXYZ019-_é𐐷"];

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Undefined when a required member is of a shape for which no value was found. */
export function sampleInput(
  operation: OperationModel,
  service: ServiceModel,
  random: Chance,
): Value | undefined {
  if (!operation.input) return {};
  return new Sampler(service, random).value(operation.input.shape, 0) as Value | undefined;
}

/** A text that matches the pattern, if one is found. */
export function sampleText(pattern: string, min: number, max: number, random: Chance): string | undefined {
  const matches = compilePattern(pattern);
  if (!matches) return undefined;
  const node = parsePattern(pattern);
  for (let attempt = 0; attempt < TEXT_ATTEMPTS; attempt++) {
    // Later attempts repeat more, for texts that must be long.
    const text = textOf(node, random, attempt < 20 ? 3 : min + (attempt % 4) * 8);
    if (lengthWithin(text, min, max) && matches(text)) return text;
  }
  return undefined;
}

class Sampler {
  readonly #service: ServiceModel;
  readonly #random: Chance;

  constructor(service: ServiceModel, random: Chance) {
    this.#service = service;
    this.#random = random;
  }

  value(name: string, depth: number): unknown {
    const shape = this.#service.shapes[name];
    if (!shape || depth > DEPTH_MAX) return undefined;
    if (shape.eventstream || shape.streaming || shape.document) return undefined;
    switch (shape.type) {
      case "structure":
        return this.#structure(shape, depth);
      case "list":
        return this.#elements(shape, () => this.value(shape.member?.shape ?? "", depth + 1));
      case "map":
        return this.#map(shape, depth);
      case "string":
      case "character":
        return this.#text(shape);
      case "blob":
        return Buffer.alloc(Math.max(shape.min ?? 0, Math.min(4, shape.max ?? 4)), 1);
      case "boolean":
        return this.#random() < 0.5;
      case "timestamp":
        return 1_700_000_000_000;
      default:
        return this.#number(shape);
    }
  }

  #structure(shape: Shape, depth: number): Value | undefined {
    const members = Object.entries(shape.members ?? {});
    const only = shape.union ? members[Math.floor(this.#random() * members.length)]?.[0] : undefined;
    const made: Value = {};
    for (const [name, ref] of members) {
      const required = shape.required?.includes(name) ?? false;
      const wanted = shape.union ? name === only : required || this.#random() < 0.5 / (depth + 1);
      const value = wanted ? this.#member(ref.shape, required, depth + 1) : undefined;
      if (value !== undefined) made[name] = value;
      else if (required || name === only) return undefined;
    }
    return made;
  }

  /** A stream is left out, where it may be. */
  #member(name: string, required: boolean, depth: number): unknown {
    const { type, streaming } = this.#service.shapes[name] ?? {};
    return required && streaming && type === "blob" ? Buffer.from("{}") : this.value(name, depth);
  }

  #elements(shape: Shape, make: () => unknown): unknown[] | undefined {
    const min = shape.min ?? 0;
    const count = Math.min(shape.max ?? Infinity, min + Math.floor(this.#random() * 2));
    const made = Array.from({ length: count }, make).filter((each) => each !== undefined);
    return made.length >= min ? made : undefined;
  }

  #map(shape: Shape, depth: number): Value | undefined {
    const made = Object.create(null) as Value;
    const entries = this.#elements(shape, () => {
      const key = this.value(shape.key?.shape ?? "", depth + 1);
      const value = this.value(shape.value?.shape ?? "", depth + 1);
      return typeof key === "string" && value !== undefined ? [key, value] : undefined;
    });
    for (const [key, value] of (entries ?? []) as [string, unknown][]) made[key] = value;
    return Object.keys(made).length >= (shape.min ?? 0) ? made : undefined;
  }

  #text(shape: Shape): string | undefined {
    if (shape.enum) return shape.enum[Math.floor(this.#random() * shape.enum.length)];
    const min = shape.min ?? 0;
    const max = shape.max ?? Infinity;
    if (shape.pattern !== undefined) return sampleText(shape.pattern, min, max, this.#random);
    const length = Math.min(max, min + Math.floor(this.#random() * 6));
    return Array.from({ length }, () => pick(CHARACTERS, this.#random) ?? "a").join("");
  }

  #number(shape: Shape): number {
    const min = shape.min ?? (shape.max === undefined || shape.max >= 0 ? 0 : shape.max);
    return Math.min(shape.max ?? Infinity, min + Math.floor(this.#random() * 3));
  }
}

/** Looks around are ignored: a text that fails them is thrown away by whoever asked. */
function textOf(node: Node, random: Chance, repeats: number): string {
  switch (node.type) {
    case "set": {
      const first = 32 + Math.floor(random() * 95);
      for (let offset = 0; offset < 128; offset++) {
        const code = (first + offset) % 128;
        if (node.set.has(code)) return String.fromCharCode(code);
      }
      return "é";
    }
    case "sequence":
      return node.nodes.map((each) => textOf(each, random, repeats)).join("");
    case "choice":
      return textOf(pick(node.nodes, random) ?? { type: "sequence", nodes: [] }, random, repeats);
    case "repeat": {
      const spread = Math.min(node.max, node.min + repeats) - node.min;
      const length = node.min + Math.floor(random() * (spread + 1));
      return Array.from({ length }, () => textOf(node.node, random, Math.min(repeats, 3))).join("");
    }
    default:
      return "";
  }
}

function pick<T>(values: readonly T[], random: Chance): T | undefined {
  return values[Math.floor(random() * values.length)];
}
