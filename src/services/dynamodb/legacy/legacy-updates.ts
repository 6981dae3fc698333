/** AttributeUpdates and AttributesToGet, as the updates and projections that expressions become. */

import type { AttributeValueUpdate } from "../../../generated/dynamodb.ts";
import { pathTree } from "../expressions/paths.ts";
import type { Path } from "../expressions/paths.ts";
import type { Projection } from "../expressions/projections.ts";
import { updateOf } from "../expressions/updates.ts";
import type { Action, Update } from "../expressions/updates.ts";
import { normalizeValue, requireAttributeName, typeOf } from "../values/attribute-values.ts";
import type { AttributeType } from "../values/attribute-values.ts";
import type { Layer } from "../values/value-errors.ts";
import {
  addNotSupported, deleteNotSupported, duplicateAttribute, valueMissing, wrongAttributeType,
} from "./legacy-errors.ts";

const SETS: readonly AttributeType[] = ["SS", "NS", "BS"];
/** Lists are joined, which an expression's ADD does not. */
const ADDABLE: readonly AttributeType[] = ["N", "L", ...SETS];

/** @throws ValidationException, which UpdateItem puts in its envelope */
export function attributeUpdates(
  updates: Readonly<Record<string, AttributeValueUpdate>>, layer: Layer = "current",
): Update {
  const actions = Object.keys(updates).map((name) => {
    requireAttributeName(name);
    const path: Path = [name];
    return { path, action: actionOf(updates[name] ?? {}, layer) };
  });
  return updateOf(actions, wrongAttributeType);
}

function actionOf({ Value, Action: action = "PUT" }: AttributeValueUpdate, layer: Layer): Action {
  if (Value === undefined) {
    if (action !== "DELETE") throw valueMissing();
    return { kind: "remove" };
  }
  const value = normalizeValue(Value, layer);
  const type = typeOf(value);
  switch (action) {
    case "PUT": return { kind: "set", value: { kind: "value", value } };
    case "ADD":
      if (!ADDABLE.includes(type)) throw addNotSupported(type);
      return { kind: "add", value, list: true };
    case "DELETE":
      if (!SETS.includes(type)) throw deleteNotSupported(type);
      return { kind: "delete", value };
  }
}

/** @throws ValidationException for a name that is there twice */
export function attributesToGet(names: readonly string[]): Projection {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw duplicateAttribute(name);
    seen.add(name);
  }
  const paths = names.map((name): Path => [name]);
  return { paths, tree: pathTree(paths.map((path) => ({ path, value: true }))) };
}
