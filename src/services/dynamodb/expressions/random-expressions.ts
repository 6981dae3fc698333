/** Random conditions and updates as texts, for property tests. */

import { NAMES, randomNumberText, randomText, randomValue } from "../values/random-values.ts";
import type { Chance } from "../values/random-values.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import type { Comparator, ConditionSyntax, OperandSyntax, PathSyntax, SetValueSyntax } from "./syntax.ts";

/** Makes syntax, and remembers the values that its placeholders stand for. */
export class RandomSyntax {
  readonly values = new Map<string, AttributeValue>();
  readonly names = new Map([["#proto", "__proto__"], ["#a", "a"]]);
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  path(): PathSyntax {
    const parts: PathSyntax["parts"][number][] = [this.#name()];
    while (this.#chance.once(3)) {
      parts.push(this.#chance.once(2) ? this.#name() : { kind: "index", index: this.#chance.below(4) });
    }
    return { kind: "path", parts };
  }

  #name(): PathSyntax["parts"][number] {
    const name = this.#chance.pick(NAMES);
    if (name === "__proto__") return { kind: "reference", reference: "#proto" };
    if (name === "a" && this.#chance.once(2)) return { kind: "reference", reference: "#a" };
    return { kind: "name", name };
  }

  value(value: AttributeValue): OperandSyntax & { readonly kind: "value" } {
    const reference = `:v${this.values.size}`;
    this.values.set(reference, value);
    return { kind: "value", reference };
  }

  operand(): OperandSyntax {
    switch (this.#chance.below(5)) {
      case 0: case 1: return this.path();
      case 2: return { kind: "call", name: "size", operands: [this.path()] };
      default: return this.value(randomValue(this.#chance));
    }
  }

  /** An operand that has an order. */
  #ordered(): OperandSyntax {
    if (this.#chance.once(2)) return this.path();
    const text = { S: randomText(this.#chance) };
    return this.value(this.#chance.once(2) ? text : { N: randomNumberText(this.#chance) });
  }

  condition(depth: number): ConditionSyntax {
    if (depth > 0 && this.#chance.once(2)) {
      const kind = this.#chance.pick(["and", "or", "not"] as const);
      if (kind === "not") return { kind, condition: this.condition(depth - 1) };
      const length = 2 + this.#chance.below(2);
      return { kind, conditions: Array.from({ length }, () => this.condition(depth - 1)) };
    }
    switch (this.#chance.below(6)) {
      case 0:
        return { kind: "comparison", operator: this.#chance.pick<Comparator>(["<", "<=", ">", ">="]),
          left: this.#ordered(), right: this.#ordered() };
      case 1: {
        const candidates = Array.from({ length: 1 + this.#chance.below(3) }, () => this.operand());
        return { kind: "in", operand: this.operand(), candidates };
      }
      case 2: return { kind: "between", operand: this.#ordered(), low: this.#ordered(), high: this.path() };
      case 3: return this.#call();
      default:
        return { kind: "comparison", operator: this.#chance.pick<Comparator>(["=", "<>"]),
          left: this.operand(), right: this.operand() };
    }
  }

  #call(): ConditionSyntax {
    const name = this.#chance.pick([
      "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains",
    ]);
    if (name.includes("exists")) return { kind: "call", name, operands: [this.path()] };
    if (name === "contains") return { kind: "call", name, operands: [this.path(), this.operand()] };
    const text = name === "begins_with" ? randomText(this.#chance)
      : this.#chance.pick(["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"]);
    return { kind: "call", name, operands: [this.path(), this.value({ S: text })] };
  }

  setValue(): SetValueSyntax {
    switch (this.#chance.below(6)) {
      case 0: return this.path();
      case 1: return { kind: "call", name: "if_not_exists", operands: [this.path(), this.operandOfUpdate()] };
      case 2:
        return { kind: "call", name: "list_append",
          operands: [this.path(), this.value({ L: [randomValue(this.#chance, 0)] })] };
      case 3:
        return { kind: "sum", operator: this.#chance.once(2) ? "+" : "-", left: this.path(),
          right: this.value({ N: String(this.#chance.below(9)) }) };
      default: return this.value(randomValue(this.#chance));
    }
  }

  operandOfUpdate(): OperandSyntax {
    return this.#chance.once(2) ? this.path() : this.value(randomValue(this.#chance));
  }
}

/** Syntax as a text, with all the freedom that a writer has. */
export class Writer {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  #space(): string {
    return this.#chance.pick(["", " ", "  ", "\n"]);
  }

  #keyword(word: string): string {
    return ` ${this.#chance.once(2) ? word : word.toLowerCase()}${this.#chance.pick([" ", "\t"])}`;
  }

  path({ parts }: PathSyntax): string {
    return parts.map((part, index) => {
      if (part.kind === "index") return `[${this.#space()}${part.index}]`;
      const name = part.kind === "name" ? part.name : part.reference;
      return index === 0 ? name : `${this.#space()}.${name}`;
    }).join("");
  }

  operand(operand: OperandSyntax): string {
    const text = this.#bareOperand(operand);
    return this.#chance.once(6) ? `(${text})` : text;
  }

  #bareOperand(operand: OperandSyntax): string {
    if (operand.kind === "path") return this.path(operand);
    if (operand.kind === "value") return operand.reference;
    return this.call(operand.name, operand.operands);
  }

  call(name: string, operands: readonly OperandSyntax[]): string {
    const written = operands.map((operand) => this.operand(operand));
    return `${name}${this.#space()}(${written.join(`,${this.#space()}`)})`;
  }

  setValue(value: SetValueSyntax): string {
    if (value.kind !== "sum") return this.operand(value);
    return `${this.operand(value.left)}${this.#space()}${value.operator}${this.operand(value.right)}`;
  }

  /** `binding` is how tightly what stands around binds: 0 nothing, 1 OR, 2 AND, 3 NOT. */
  condition(condition: ConditionSyntax, binding = 0): string {
    const own = { or: 1, and: 2, not: 3 }[condition.kind as string] ?? 4;
    const needed = own < binding || (own === binding && own < 3);
    const text = this.#bareCondition(condition, needed ? 0 : own);
    return needed || (this.#chance.once(5) && !text.startsWith("(")) ? `(${text})` : text;
  }

  #bareCondition(condition: ConditionSyntax, own: number): string {
    switch (condition.kind) {
      case "and": case "or": {
        const binding = condition.kind === "and" ? 2 : 1;
        const written = condition.conditions.map((each) => this.condition(each, Math.max(own, binding)));
        return written.join(this.#keyword(condition.kind.toUpperCase()));
      }
      case "not": return `NOT ${this.condition(condition.condition, 3)}`;
      case "comparison":
        return this.operand(condition.left) + this.#space() + condition.operator + this.#space() +
          this.operand(condition.right);
      case "between":
        return this.operand(condition.operand) + this.#keyword("BETWEEN") + this.operand(condition.low) +
          this.#keyword("AND") + this.operand(condition.high);
      case "in":
        return `${this.operand(condition.operand)}${this.#keyword("IN")}(${
          condition.candidates.map((each) => this.operand(each)).join(", ")})`;
      case "call": return this.call(condition.name, condition.operands);
    }
  }
}

/** A text with pieces cut out, doubled and put in. */
export function mutated(chance: Chance, text: string, pieces: readonly string[]): string {
  let result = text;
  for (let count = 1 + chance.below(4); count > 0; count--) {
    const at = chance.below(result.length + 1);
    const end = at + chance.below(6);
    const piece = chance.once(3) ? result.slice(at, end) : chance.pick(pieces);
    result = result.slice(0, at) + piece + result.slice(chance.once(2) ? at : end);
  }
  return result;
}
