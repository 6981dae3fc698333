/**
 * Conditions and updates read literally, for tests to compare with: no bound forms, no shared paths, equality
 * by one canonical text, order by exact arithmetic and by bytes, updates one after the other on a copy.
 */

import type { AttributeValue, Item } from "../values/attribute-values.ts";
import type { ConditionSyntax, OperandSyntax, PathSyntax, SetValueSyntax } from "./syntax.ts";

export interface Given {
  readonly names: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, AttributeValue>;
}

/** Equal values have equal texts. */
export function canonical(value: AttributeValue): string {
  const [[type, member] = ["", undefined]] = Object.entries(value);
  if (type === "N") return `N${exactText(String(member))}`;
  if (type === "B") return `B${(member as Buffer).toString("hex")}`;
  if (type === "NS") return `NS${(member as string[]).map(exactText).sort().join()}`;
  if (type === "SS") return `SS${JSON.stringify([...(member as string[])].sort())}`;
  if (type === "BS") return `BS${(member as Buffer[]).map((each) => each.toString("hex")).sort().join()}`;
  if (type === "L") return `L[${(member as AttributeValue[]).map(canonical).join()}]`;
  if (type === "M") return `M${canonicalItem(member as Item)}`;
  return type + JSON.stringify(member);
}

export function canonicalItem(item: Item): string {
  const entries = Object.keys(item).sort().map((name) => {
    const value = item[name];
    return JSON.stringify(name) + (value ? canonical(value) : "");
  });
  return `{${entries.join()}}`;
}

/** A number scaled to 150 places behind the point. */
function scaled(text: string): bigint {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace(/^[+-]/, "").split(".");
  const places = 150 - fraction.length + Number(power);
  const value = BigInt(`${whole}${fraction}` || "0") * 10n ** BigInt(places);
  return mantissa.startsWith("-") ? -value : value;
}

function exactText(text: string): string {
  return String(scaled(text));
}

export class NaiveEvaluator {
  readonly #given: Given;
  readonly #item: Item;

  constructor(given: Given, item: Item) {
    this.#given = given;
    this.#item = item;
  }

  condition(condition: ConditionSyntax): boolean {
    switch (condition.kind) {
      case "and": return !condition.conditions.some((each) => !this.condition(each));
      case "or": return condition.conditions.some((each) => this.condition(each));
      case "not": return !this.condition(condition.condition);
      case "comparison":
        return holds(condition.operator, this.operand(condition.left), this.operand(condition.right));
      case "between":
        return holds("<=", this.operand(condition.low), this.operand(condition.operand)) &&
          holds(">=", this.operand(condition.high), this.operand(condition.operand));
      case "in":
        return condition.candidates.some(
          (each) => holds("=", this.operand(each), this.operand(condition.operand)),
        );
      case "call": return this.#call(condition.name, condition.operands.map((each) => this.operand(each)));
    }
  }

  #call(name: string, [first, second]: readonly (AttributeValue | undefined)[]): boolean {
    if (name === "attribute_exists") return first !== undefined;
    if (name === "attribute_not_exists") return first === undefined;
    if (!first || !second) return false;
    if (name === "attribute_type") return Object.keys(first)[0] === second.S;
    const bytes = (value: AttributeValue): Buffer | undefined =>
      value.B ?? (value.S === undefined ? undefined : Buffer.from(value.S));
    const alike = Object.keys(first)[0] === Object.keys(second)[0];
    const [whole, part] = [bytes(first), bytes(second)];
    if (name === "begins_with") return alike && !!whole && !!part && whole.indexOf(part) === 0;
    if (whole) return alike && !!part && whole.includes(part);
    const wrapped: AttributeValue[] = first.L ?? [
      ...(first.SS ?? []).map((S) => ({ S })), ...(first.NS ?? []).map((N) => ({ N })),
      ...(first.BS ?? []).map((B) => ({ B })),
    ];
    return wrapped.some((member) => canonical(member) === canonical(second));
  }

  operand(operand: OperandSyntax): AttributeValue | undefined {
    if (operand.kind === "value") return this.#given.values.get(operand.reference);
    if (operand.kind === "path") return this.#at(this.path(operand));
    const [first] = operand.operands.map((each) => this.operand(each));
    if (operand.name !== "size" || !first) return undefined;
    const [[type, member] = ["", undefined]] = Object.entries(first);
    if (["N", "BOOL", "NULL"].includes(type)) return undefined;
    return { N: String(type === "M" ? Object.keys(member as object).length : (member as string).length) };
  }

  path({ parts }: PathSyntax): (string | number)[] {
    return parts.map((part) => {
      if (part.kind === "index") return part.index;
      return part.kind === "name" ? part.name : this.#given.names.get(part.reference) ?? "";
    });
  }

  #at(path: readonly (string | number)[]): AttributeValue | undefined {
    let value: AttributeValue | undefined = { M: this.#item };
    for (const part of path) {
      const entries: object = (typeof part === "number" ? value?.L : value?.M) ?? {};
      value = Object.getOwnPropertyDescriptor(entries, part)?.value as AttributeValue | undefined;
    }
    return value;
  }

  /** What an attribute is set to; undefined where that is an error. */
  setValue(value: SetValueSyntax): AttributeValue | undefined {
    if (value.kind === "sum") {
      const [left, right] = [this.operand(value.left)?.N, this.operand(value.right)?.N];
      if (left === undefined || right === undefined) return undefined;
      const sum = value.operator === "+" ? scaled(left) + scaled(right) : scaled(left) - scaled(right);
      return { N: `${sum}e-150` };
    }
    if (value.kind !== "call") return this.operand(value);
    const [left, right] = value.operands.map((each) => this.operand(each));
    if (value.name === "if_not_exists") return left ?? right;
    return left?.L && right?.L ? { L: [...left.L, ...right.L] } : undefined;
  }
}

function holds(
  operator: string, left: AttributeValue | undefined, right: AttributeValue | undefined,
): boolean {
  if (!left || !right) return operator === "<>";
  const equal = canonical(left) === canonical(right);
  if (operator === "=") return equal;
  if (operator === "<>") return !equal;
  let order: number;
  if (left.N !== undefined && right.N !== undefined) {
    const difference = scaled(left.N) - scaled(right.N);
    order = difference < 0n ? -1 : difference > 0n ? 1 : 0;
  } else if (left.S !== undefined && right.S !== undefined) {
    order = Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
  } else if (left.B && right.B) {
    order = Buffer.compare(left.B, right.B);
  } else return false;
  return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[operator] ?? false;
}
