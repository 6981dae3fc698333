/**
 * Updates whose names and values are known: what UpdateExpression, AttributeUpdates and PartiQL's UPDATE all
 * become, and what they make of an item.
 */

import { attributeOf, copyItem, emptyItem, requireNesting } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { addNumbers, subtractNumbers } from "../values/numbers.ts";
import { invalidUpdatePath, missingAttribute, wrongUpdateType } from "./expression-errors.ts";
import { pathTree, valueAt } from "./paths.ts";
import type { Path, PathNode } from "./paths.ts";
import { without, withMembers } from "./set-arithmetic.ts";

/** What an attribute is set to; paths are those of the item before the update. */
export type UpdateValue =
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "if-not-exists"; readonly path: Path; readonly otherwise: UpdateValue }
  | { readonly kind: "append"; readonly left: UpdateValue; readonly right: UpdateValue }
  | {
    readonly kind: "sum";
    readonly operator: "+" | "-";
    readonly left: UpdateValue;
    readonly right: UpdateValue;
  };

export type Action =
  | { readonly kind: "set"; readonly value: UpdateValue }
  | { readonly kind: "remove" }
  /** A number is added, a set united; `list` also lets lists be joined, as AttributeUpdates do. */
  | { readonly kind: "add"; readonly value: AttributeValue; readonly list?: boolean }
  | { readonly kind: "delete"; readonly value: AttributeValue };

export interface PathAction {
  readonly path: Path;
  readonly action: Action;
}

export interface Update {
  readonly actions: readonly PathAction[];
  readonly tree: PathNode<Action>;
  /** What the error of an attribute of the wrong type is: expressions and AttributeUpdates differ. */
  readonly wrongType: () => Error;
}

/** An update of paths that are apart. */
export function updateOf(actions: readonly PathAction[], wrongType: () => Error): Update {
  return { actions, tree: pathTree(actions.map(({ path, action }) => ({ path, value: action }))), wrongType };
}

/**
 * The item after the update; the one before stays as it is.
 *
 * @param item the item before, or undefined where there is none
 * @param key what a new item begins with
 * @throws ValidationException where the item has not what the update needs
 */
export function applyUpdate(update: Update, item: Item | undefined, key: Item): Item {
  return new Application(update, item).apply(key);
}

/** What is left of an attribute, map entry or list element: nothing when undefined. */
type Result = AttributeValue | undefined;

class Application {
  readonly #update: Update;
  readonly #before: Item;
  readonly #isNew: boolean;
  /** Values are read before anything is written. */
  readonly #values = new Map<Action, AttributeValue>();

  constructor(update: Update, item: Item | undefined) {
    this.#update = update;
    this.#before = item ?? emptyItem();
    this.#isNew = item === undefined;
  }

  apply(key: Item): Item {
    if (this.#isNew) Object.assign(this.#before, key);
    for (const { action } of this.#update.actions) {
      if (action.kind === "set") this.#values.set(action, this.#evaluate(action.value));
    }
    const after = copyItem(this.#before);
    for (const [name, node] of this.#update.tree.names) {
      const before = attributeOf(this.#before, name);
      const value = this.#changed(node, before);
      if (value === undefined) delete after[name];
      else after[name] = value;
      // Only a document that was reached into can have become deeper than what was checked already.
      if (value !== undefined && node.value === undefined) requireNesting(value);
    }
    return after;
  }

  #evaluate(value: UpdateValue): AttributeValue {
    switch (value.kind) {
      case "value": return value.value;
      case "path": {
        const found = valueAt(this.#before, value.path);
        if (found === undefined) throw missingAttribute();
        return found;
      }
      case "if-not-exists": return valueAt(this.#before, value.path) ?? this.#evaluate(value.otherwise);
      case "append": {
        const [left, right] = [this.#evaluate(value.left), this.#evaluate(value.right)];
        if (left.L === undefined || right.L === undefined) throw wrongUpdateType();
        return { L: [...left.L, ...right.L] };
      }
      case "sum": {
        const [left, right] = [this.#evaluate(value.left), this.#evaluate(value.right)];
        if (left.N === undefined || right.N === undefined) throw wrongUpdateType();
        return { N: value.operator === "+" ? addNumbers(left.N, right.N) : subtractNumbers(left.N, right.N) };
      }
    }
  }

  /** What the actions at the node and below it leave of `before`. */
  #changed(node: PathNode<Action>, before: Result): Result {
    if (node.value) return this.#acted(node.value, before);
    if (before === undefined && this.#mayBeMissing(node)) return undefined;
    if (node.names.size > 0) {
      if (before?.M === undefined) throw invalidUpdatePath();
      return { M: this.#changedEntries(node, before.M) };
    }
    if (before?.L === undefined) throw invalidUpdatePath();
    return { L: this.#changedElements(node, before.L) };
  }

  /**
   * Removing from a document that is not there is an error, unless there is no item at all.
   *
   * @evidence scylladb, test_update_expression.py, test_nested_attribute_remove_from_missing_item
   */
  #mayBeMissing(node: PathNode<Action>): boolean {
    if (!this.#isNew) return false;
    if (node.value) return node.value.kind === "remove";
    return [...node.names.values(), ...node.indexes.values()].every((child) => this.#mayBeMissing(child));
  }

  #changedEntries(node: PathNode<Action>, before: Item): Record<string, AttributeValue> {
    const after = copyItem(before);
    for (const [name, child] of node.names) {
      const value = this.#changed(child, attributeOf(before, name));
      if (value === undefined) delete after[name];
      else after[name] = value;
    }
    return after;
  }

  /** Positions are those before the update; what is set behind the end is appended in their order. */
  #changedElements(node: PathNode<Action>, before: readonly AttributeValue[]): AttributeValue[] {
    const after: Result[] = [...before];
    for (const [index, child] of [...node.indexes].sort(([left], [right]) => left - right)) {
      const value = this.#changed(child, before[index]);
      if (index < before.length) after[index] = value;
      else after.push(value);
    }
    return after.filter((element) => element !== undefined);
  }

  #acted(action: Action, before: Result): Result {
    switch (action.kind) {
      case "set": return this.#values.get(action);
      case "remove": return undefined;
      case "add": return before === undefined ? action.value : this.#added(action, before);
      case "delete": {
        if (before === undefined) return undefined;
        const left = without(before, action.value);
        if (left === undefined) throw this.#update.wrongType();
        // A set that has lost its last member goes with it.
        return (left.SS ?? left.NS ?? left.BS)?.length === 0 ? undefined : left;
      }
    }
  }

  #added({ value, list }: Extract<Action, { kind: "add" }>, before: AttributeValue): AttributeValue {
    if (before.N !== undefined && value.N !== undefined) return { N: addNumbers(before.N, value.N) };
    if (list === true && before.L !== undefined && value.L !== undefined) {
      return { L: [...before.L, ...value.L] };
    }
    const united = withMembers(before, value);
    if (united === undefined) throw this.#update.wrongType();
    return united;
  }
}
