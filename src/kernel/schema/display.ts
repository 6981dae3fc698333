/** Values as AWS's validation errors show them: Java's `toString()`, with what is sensitive left out. */

import type { ServiceModel, Shape } from "../model/model.ts";
import { isRecord } from "./check.ts";
import { lowerFirst } from "./order.ts";

type Shapes = ServiceModel["shapes"];

const REDACTED = "***Sensitive Data Redacted***";

/** What stands between the quotes of `Value '…' at`; undefined when the shape itself must not be shown. */
export function display(value: unknown, shapeName: string, shapes: Shapes): string | undefined {
  return shapes[shapeName]?.sensitive ? undefined : show(value, shapeName, shapes);
}

function show(value: unknown, shapeName: string, shapes: Shapes): string {
  const shape = shapes[shapeName];
  if (value === null || value === undefined) return "null";
  if (!shape) return String(value);
  if (shape.sensitive) return REDACTED;
  if (Array.isArray(value)) {
    const element = shape.member?.shape ?? "";
    return `[${value.map((each) => show(each, element, shapes)).join(", ")}]`;
  }
  if (value instanceof Uint8Array) {
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  }
  if (!isRecord(value)) return isFloating(shape) ? floating(value) : String(value);
  if (shape.type === "map") {
    const entry = shape.value?.shape ?? "";
    return `{${Object.keys(value).map((key) => `${key}=${show(value[key], entry, shapes)}`).join(", ")}}`;
  }
  const members = Object.entries(shape.members ?? {});
  const shown = members.map(([name, ref]) => `${lowerFirst(name)}=${show(value[name], ref.shape, shapes)}`);
  return `${shapeName}(${shown.join(", ")})`;
}

export function isFloating(shape: Shape): boolean {
  return shape.type === "float" || shape.type === "double";
}

/** Java writes a whole number of a floating type as `1.0`. */
export function floating(value: unknown): string {
  return typeof value === "number" && Number.isInteger(value) ? value.toFixed(1) : String(value);
}
