/** Writes under a condition. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ReturnValue, ReturnValuesOnConditionCheckFailure } from "../../../generated/dynamodb.ts";
import { modelled } from "../../../kernel/errors.ts";
import { validation } from "../errors.ts";
import { matches, type Condition } from "../expressions/conditions.ts";
import type { Item } from "../values/attribute-values.ts";
import { itemOf, shownItem, type ItemRow } from "./item-rows.ts";

/** An item that a write looks at, read only when somebody looks at what is in it. */
export class Subject {
  readonly row: ItemRow | undefined;
  #item: Item | undefined;

  constructor(row: ItemRow | undefined) {
    this.row = row;
  }

  get item(): Item | undefined {
    if (this.#item === undefined && this.row) this.#item = itemOf(this.row);
    return this.#item;
  }

  /** What has been read of it so far. */
  get itemRead(): Item | undefined {
    return this.#item;
  }

  meets(condition: Condition | undefined): boolean {
    return condition === undefined || matches(condition, this.item);
  }
}

export function conditionFailed(
  { row }: Subject, asked: ReturnValuesOnConditionCheckFailure | undefined,
): Error {
  const members = asked === "ALL_OLD" && row ? { Item: shownItem(row) } : undefined;
  return modelled(dynamodb.ConditionalCheckFailedException, "The conditional request failed", members);
}

/** @evidence dynoxide's http_server tests: PutItem and DeleteItem have nothing else to return */
export function requireOldValues(asked: ReturnValue | undefined): void {
  if (asked === undefined || asked === "NONE" || asked === "ALL_OLD") return;
  throw validation("ReturnValues can only be ALL_OLD or NONE");
}
