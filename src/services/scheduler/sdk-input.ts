/** The JSON that a universal target is given, as the input of the operation that it names. */

import type { ServiceModel, Shape } from "../../kernel/model/model.ts";

/** Why a text is no input of an operation. */
export class UnfitInput extends Error {}

type Json = Readonly<Record<string, unknown>>;

const depthMax = 50;

/** @throws UnfitInput */
export function inputOf(
  text: string, shape: string | undefined, model: ServiceModel,
): Record<string, unknown> {
  const value = parsed(text);
  if (!isObject(value)) throw new UnfitInput("The input is not a JSON object.");
  if (shape === undefined) return {};
  return structure(value, model.shapes[shape], model, 0);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnfitInput("The input is not valid JSON.");
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members may begin with a small letter or a large one, as the API has them or as SDKs do. */
function structure(
  value: Json, shape: Shape | undefined, model: ServiceModel, depth: number,
): Record<string, unknown> {
  const members = shape?.members ?? {};
  const result: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const own = [name, upperFirst(name), lowerFirst(name)].find((one) => Object.hasOwn(members, one));
    const member = own === undefined ? undefined : members[own];
    if (own === undefined || !member) throw new UnfitInput(`The field "${name}" is not supported.`);
    result[own] = converted(part, model.shapes[member.shape], model, depth + 1);
  }
  return result;
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** What does not fit is left as it is: the operation's own validation says so. */
function converted(value: unknown, shape: Shape | undefined, model: ServiceModel, depth: number): unknown {
  if (depth > depthMax) throw new UnfitInput("The input is nested too deeply.");
  if (shape?.type === "structure" && isObject(value)) return structure(value, shape, model, depth);
  if (shape?.type === "list" && Array.isArray(value)) {
    const item = shape.member && model.shapes[shape.member.shape];
    return value.map((part) => converted(part, item, model, depth + 1));
  }
  if (shape?.type === "map" && isObject(value)) {
    const item = shape.value && model.shapes[shape.value.shape];
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key, converted(part, item, model, depth + 1)]),
    );
  }
  if (shape?.type === "blob" && typeof value === "string") return Buffer.from(value);
  if (shape?.type === "blob" && isObject(value)) return Buffer.from(JSON.stringify(value));
  return shape?.type === "timestamp" ? instant(value) : value;
}

/** Seconds, or ISO 8601. */
function instant(value: unknown): unknown {
  if (typeof value === "number") return Math.round(value * 1_000);
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? value : at;
}
