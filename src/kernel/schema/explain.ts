/**
 * Names every constraint that an input misses, in AWS's words and order. Runs only for inputs that miss
 * one.
 */

import type { ServiceModel, Shape } from "../model/model.ts";
import { isRecord, membersSet } from "./check.ts";
import type { CheckCompiler } from "./check.ts";
import { display, floating, isFloating } from "./display.ts";
import { codePoints } from "./length.ts";
import { enumValueSet, lowerFirst, memberOrder } from "./order.ts";

export type ConstraintKind = "required" | "length" | "range" | "pattern" | "enum" | "union";

export interface Violation {
  readonly kind: ConstraintKind;
  /** As AWS's framework writes it: `tags.1.member.key`. */
  readonly path: string;
  /** The innermost member, as the model spells it, with the list element it is in: `Id`, `Entry.1.Id`. */
  readonly parameter: string;
  /** Undefined for what must not be shown, `null` for what is absent. */
  readonly shown: string | null | undefined;
  /** `Member must not be null`. */
  readonly constraint: string;
}

export interface ExplainOptions {
  readonly constraints: boolean;
  /** Services whose framework also says of list elements and map entries that they must not be null. */
  readonly elementsNotNull: boolean;
}

/** Texts repeat the values they complain about; a hostile input must not make more of them than this. */
const CHARACTERS_MAX = 1_000_000;

export function explain(
  input: unknown,
  shapeName: string,
  service: ServiceModel,
  checks: CheckCompiler,
  options: ExplainOptions,
): Violation[] {
  const explanation = new Explanation(service.shapes, checks, options);
  explanation.structure(input, shapeName, "", "");
  return explanation.violations;
}

class Explanation {
  readonly violations: Violation[] = [];
  readonly #shapes: ServiceModel["shapes"];
  readonly #checks: CheckCompiler;
  readonly #options: ExplainOptions;
  #characters = 0;

  constructor(shapes: ServiceModel["shapes"], checks: CheckCompiler, options: ExplainOptions) {
    this.#shapes = shapes;
    this.#checks = checks;
    this.#options = options;
  }

  structure(value: unknown, shapeName: string, path: string, parameter: string): void {
    const shape = this.#shapes[shapeName];
    if (!shape?.members || !isRecord(value)) return;
    if (shape.union && membersSet(value) !== 1) {
      // No recorded answer says how AWS words this one.
      const text = "Member must have exactly one of its members set";
      this.#add("union", path, parameter, display(value, shapeName, this.#shapes), text);
    }
    for (const name of memberOrder(Object.keys(shape.members))) {
      const ref = shape.members[name];
      const member = value[name];
      const memberPath = path === "" ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
      const memberParameter = parameter === "" ? name : `${parameter}.${name}`;
      if (member !== undefined && member !== null) {
        this.#value(member, ref?.shape ?? "", memberPath, memberParameter);
      } else if (shape.required?.includes(name)) {
        const shown = this.#shapes[ref?.shape ?? ""]?.sensitive ? undefined : null;
        this.#add("required", memberPath, memberParameter, shown, "Member must not be null");
      }
    }
  }

  #value(value: unknown, shapeName: string, path: string, parameter: string): void {
    const shape = this.#shapes[shapeName];
    if (!shape || this.#checks.check(shapeName)?.(value) !== false) return;
    if (this.#characters > CHARACTERS_MAX) return;
    if (shape.type === "structure") return this.structure(value, shapeName, path, parameter);
    for (const { kind, text } of this.#missed(value, shape)) {
      this.#add(kind, path, parameter, display(value, shapeName, this.#shapes), text);
    }
    if (Array.isArray(value)) this.#elements(value, shapeName, path, parameter);
    else if (shape.type === "map" && isRecord(value)) this.#entries(value, shapeName, path, parameter);
  }

  #elements(value: readonly unknown[], shapeName: string, path: string, parameter: string): void {
    const element = this.#shapes[shapeName]?.member?.shape ?? "";
    const place = { container: value, shapeName, path, parameter };
    this.#inside(place, element, value, "Member must satisfy constraint");
    const name = this.#shapes[element]?.type === "structure" ? element : parameter;
    value.forEach((each, index) => {
      this.#nested(each, element, `${path}.${index + 1}.member`, `${name}.${index + 1}`);
    });
  }

  #entries(map: Readonly<Record<string, unknown>>, shapeName: string, path: string, parameter: string): void {
    const shape = this.#shapes[shapeName];
    const place = { container: map, shapeName, path, parameter };
    const element = shape?.value?.shape ?? "";
    this.#inside(place, shape?.key?.shape ?? "", Object.keys(map), "Map keys must satisfy constraint");
    this.#inside(place, element, Object.values(map), "Map value must satisfy constraint");
    for (const [key, value] of Object.entries(map)) {
      this.#nested(value, element, `${path}.${key}.member`, `${parameter}.${key}`);
    }
  }

  /** One violation names all constraints of the elements, however many elements miss however many of them. */
  #inside(place: Place, elementName: string, elements: readonly unknown[], words: string): void {
    const shape = this.#shapes[elementName];
    if (!shape || shape.type === "structure") return;
    const missed = elements.map((each) => this.#missed(each, shape)[0]).find((each) => each !== undefined);
    if (!missed) return;
    const constraints = elementConstraints(shape, this.#options.elementsNotNull).join(", ");
    const shown = shape.sensitive ? undefined : display(place.container, place.shapeName, this.#shapes);
    this.#add(missed.kind, place.path, place.parameter, shown, `${words}: [${constraints}]`);
  }

  /** What is inside an element; what the element itself misses has been said of its container. */
  #nested(value: unknown, shapeName: string, path: string, parameter: string): void {
    const shape = this.#shapes[shapeName];
    if (!shape || this.#checks.check(shapeName)?.(value) !== false) return;
    if (this.#characters > CHARACTERS_MAX) return;
    if (shape.type === "structure") this.structure(value, shapeName, path, parameter);
    else if (Array.isArray(value)) this.#elements(value, shapeName, path, parameter);
    else if (shape.type === "map" && isRecord(value)) this.#entries(value, shapeName, path, parameter);
  }

  #missed(value: unknown, shape: Shape): Missed[] {
    if (!this.#options.constraints) return [];
    if (typeof value === "string") return this.#missedByText(value, shape);
    if (typeof value === "number" || typeof value === "bigint") return missedBounds("range", value, shape);
    if (Array.isArray(value) || value instanceof Uint8Array) {
      return missedBounds("length", value.length, shape);
    }
    if (shape.type !== "map" || !isRecord(value)) return [];
    return missedBounds("length", Object.keys(value).length, shape);
  }

  /**
   * A pattern is asked whatever the length: a text can be both too long and of the wrong form.
   *
   * @evidence STS AssumeRole with 2,049 wrong characters as `roleArn` names the pattern, then the length
   */
  #missedByText(value: string, shape: Shape): Missed[] {
    const missed: Missed[] = [];
    if (shape.enum && !shape.enum.includes(value)) missed.push({ kind: "enum", text: enumText(shape.enum) });
    const pattern = shape.pattern === undefined ? undefined : this.#checks.pattern(shape.pattern);
    if (pattern && shape.pattern !== undefined && !pattern(value)) {
      missed.push({ kind: "pattern", text: patternText(shape.pattern) });
    }
    const isLonger = shape.max !== undefined && value.length > shape.max * 2;
    return [...missed, ...missedBounds("length", isLonger ? value.length : codePoints(value), shape)];
  }

  #add(kind: ConstraintKind, path: string, parameter: string, shown: Violation["shown"], text: string): void {
    if (this.#characters > CHARACTERS_MAX) return;
    this.#characters += path.length + (shown?.length ?? 0) + text.length;
    this.violations.push({ kind, path, parameter, shown, constraint: text });
  }
}

/** A list or a map, and where it stands. */
interface Place {
  readonly container: unknown;
  readonly shapeName: string;
  readonly path: string;
  readonly parameter: string;
}

interface Missed {
  readonly kind: ConstraintKind;
  readonly text: string;
}

function missedBounds(kind: "length" | "range", measured: number | bigint, shape: Shape): Missed[] {
  const { min, max } = boundTexts(shape);
  if (min !== undefined && !(measured >= (shape.min ?? -Infinity))) return [{ kind, text: min }];
  if (max !== undefined && !(measured <= (shape.max ?? Infinity))) return [{ kind, text: max }];
  return [];
}

function boundTexts(shape: Shape): { min: string | undefined; max: string | undefined } {
  const numeric = !["string", "character", "blob", "list", "map"].includes(shape.type);
  const bound = (limit: number): string =>
    isFloating(shape) ? floating(limit) : String(limit);
  const words = `Member must have ${numeric ? "value" : "length"}`;
  return {
    min: shape.min === undefined ? undefined : `${words} greater than or equal to ${bound(shape.min)}`,
    max: shape.max === undefined ? undefined : `${words} less than or equal to ${bound(shape.max)}`,
  };
}

/**
 * @evidence Recorded texts: ACM RequestCertificate `subjectAlternativeNames` (length, length, pattern),
 *   Lambda CreateFunctionUrlConfig `cors.allowMethods` (length, length, pattern, null), EventBridge
 *   PutTargets `inputPathsMap` (map keys), DynamoDB BatchWriteItem `requestItems` (map value)
 */
function elementConstraints(shape: Shape, notNull: boolean): string[] {
  const { min, max } = boundTexts(shape);
  const pattern = shape.pattern === undefined ? undefined : patternText(shape.pattern);
  const values = shape.enum && enumText(shape.enum);
  const texts = [max, min, pattern, values, notNull ? "Member must not be null" : undefined];
  return texts.filter((text) => text !== undefined);
}

function enumText(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${enumValueSet(values)}]`;
}

export function patternText(pattern: string): string {
  return `Member must satisfy regular expression pattern: ${pattern}`;
}
