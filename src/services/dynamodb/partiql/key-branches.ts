/**
 * What a condition says of keys, as alternatives: a SELECT reads each of them by itself. A condition that
 * names no key stays whole, as a filter.
 */

import type { Condition, Operand } from "../expressions/conditions.ts";
import type { KeyCondition } from "../expressions/key-conditions.ts";
import type { KeySchema } from "../expressions/key-ranges.ts";
import { conditionPaths } from "../expressions/used-paths.ts";
import type { AttributeValue } from "../values/attribute-values.ts";

/** Conditions that hold together. */
export interface KeyBranch {
  readonly keys: readonly KeyCondition[];
  readonly filters: readonly Condition[];
}

/** Far more than may be read, far fewer than alternatives can multiply to. */
const BRANCHES_MAX = 1000;

/** The branches of a condition; undefined where they are too many to be told. */
export function keyBranches(condition: Condition, schema: KeySchema): KeyBranch[] | undefined {
  return new BranchFinder(schema).branches(condition);
}

class BranchFinder {
  readonly #partition: string;
  readonly #sort: string | undefined;

  constructor({ partition, sort }: KeySchema) {
    this.#partition = partition[0]?.name ?? "";
    this.#sort = sort[0]?.name;
  }

  branches(condition: Condition): KeyBranch[] | undefined {
    const alternatives = this.#keyConditions(condition);
    if (alternatives) return alternatives.map((key) => ({ keys: [key], filters: [] }));
    if (condition.kind === "and") return this.#product(condition.conditions);
    if (condition.kind === "or" && condition.conditions.some((each) => this.#namesKey(each))) {
      const branches: KeyBranch[] = [];
      for (const each of condition.conditions) {
        const found = this.branches(each);
        if (!found || branches.length + found.length > BRANCHES_MAX) return undefined;
        branches.push(...found);
      }
      return branches;
    }
    return [{ keys: [], filters: [condition] }];
  }

  /** Every branch of one condition with every branch of the others. */
  #product(conditions: readonly Condition[]): KeyBranch[] | undefined {
    let product: { keys: KeyCondition[]; filters: Condition[] }[] = [{ keys: [], filters: [] }];
    for (const condition of conditions) {
      const found = this.branches(condition);
      if (!found || product.length * found.length > BRANCHES_MAX) return undefined;
      const [only] = found;
      if (only && found.length === 1) {
        for (const branch of product) {
          branch.keys.push(...only.keys);
          branch.filters.push(...only.filters);
        }
        continue;
      }
      product = product.flatMap((branch) => found.map(({ keys, filters }) => ({
        keys: [...branch.keys, ...keys], filters: [...branch.filters, ...filters],
      })));
    }
    return product;
  }

  #namesKey(condition: Condition): boolean {
    if (condition.kind === "and" || condition.kind === "or") {
      return condition.conditions.some((each) => this.#namesKey(each));
    }
    return this.#keyConditions(condition) !== undefined;
  }

  /** What a comparison says of a key, as alternatives; undefined where it is none of a key. */
  #keyConditions(condition: Condition): KeyCondition[] | undefined {
    const found = keyConditionsOf(condition);
    const [first] = found;
    if (first?.attribute === this.#partition) return first.operator === "=" ? found : undefined;
    return first && first.attribute === this.#sort ? found : undefined;
  }
}

/** Whether a condition binds the partition attribute to values, whichever of its alternatives holds. */
export function bindsPartition(condition: Condition, { partition }: KeySchema): boolean {
  switch (condition.kind) {
    case "and": return condition.conditions.some((each) => bindsPartition(each, { partition, sort: [] }));
    case "or": return condition.conditions.every((each) => bindsPartition(each, { partition, sort: [] }));
    default: {
      const [first] = keyConditionsOf(condition);
      return first?.operator === "=" && first.attribute === partition[0]?.name;
    }
  }
}

/** Whether a filter says what the sort attribute is not: by NOT or by <>. */
export function negatesSort(filter: Condition, { sort }: KeySchema): boolean {
  const isUnequal = filter.kind === "comparison" && filter.operator === "<>";
  if (filter.kind !== "not" && !isUnequal) return false;
  return [...conditionPaths(filter)].some(([head]) => head === sort[0]?.name);
}

const REVERSED = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/** The comparisons that an index can answer; an IN has one for each of its values. */
function keyConditionsOf(condition: Condition): KeyCondition[] {
  switch (condition.kind) {
    case "comparison": {
      const { left, right, operator } = condition;
      if (operator === "<>") return [];
      const [attribute, value] = [nameOf(left), valueOf(right)];
      if (attribute !== undefined && value) return [{ attribute, operator, values: [value] }];
      const [other, first] = [nameOf(right), valueOf(left)];
      if (other === undefined || !first) return [];
      return [{ attribute: other, operator: REVERSED[operator], values: [first] }];
    }
    case "between": {
      const [attribute, low, high] = [
        nameOf(condition.operand), valueOf(condition.low), valueOf(condition.high),
      ];
      return attribute !== undefined && low && high
        ? [{ attribute, operator: "between", values: [low, high] }] : [];
    }
    case "begins-with": {
      const [attribute, part] = [nameOf(condition.operand), valueOf(condition.part)];
      return attribute !== undefined && part
        ? [{ attribute, operator: "begins-with", values: [part] }] : [];
    }
    case "in": {
      const attribute = nameOf(condition.operand);
      const values = condition.candidates.map(valueOf);
      if (attribute === undefined || !values.every((value) => value !== undefined)) return [];
      return values.map((value) => ({ attribute, operator: "=", values: [value] }));
    }
    default: return [];
  }
}

function nameOf(operand: Operand): string | undefined {
  return operand.kind === "path" && operand.path.length === 1 ? operand.path[0] : undefined;
}

function valueOf(operand: Operand): AttributeValue | undefined {
  return operand.kind === "value" ? operand.value : undefined;
}
