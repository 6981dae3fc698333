/** The actions of a transaction, read as far as they go without their tables. */

import type {
  ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, Update as GivenUpdate,
} from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Condition } from "../expressions/conditions.ts";
import type { Update } from "../expressions/updates.ts";
import { bound } from "../items/expressions.ts";
import { normalizeKey } from "../items/item-keys.ts";
import type { Measured } from "../items/measures.ts";
import { requireItem } from "../items/put-item.ts";
import type { Item } from "../values/attribute-values.ts";

export type GivenAction =
  | { readonly kind: "ConditionCheck"; readonly given: ConditionCheck }
  | { readonly kind: "Put"; readonly given: Put }
  | { readonly kind: "Delete"; readonly given: Delete }
  | { readonly kind: "Update"; readonly given: GivenUpdate };

export interface TransactionalAction {
  readonly kind: GivenAction["kind"];
  /** As the request names the table. */
  readonly text: string;
  /** The key, or the whole item that is put. */
  readonly item: Item;
  readonly measured?: Measured | undefined;
  readonly condition: Condition | undefined;
  readonly update: Update | undefined;
  readonly returnsOnFailure: ReturnValuesOnConditionCheckFailure | undefined;
  /** An INSERT of PartiQL says in its own way that there is such an item. */
  readonly isInsert?: boolean;
  /** Why it cannot be carried out, known already. */
  readonly refusal?: Error;
}

/** @throws ValidationException for what is wrong with the request, whatever the tables are */
export function readActions(ctx: ReadContext, actions: readonly GivenAction[]): TransactionalAction[] {
  return actions.map(({ kind, given }) => {
    const measured = kind === "Put" ? requireItem(given.Item) : undefined;
    const item = kind === "Put" ? (measured?.item ?? {}) : normalizeKey(given.Key);
    const { condition, update } = bound(ctx, given);
    return {
      kind, text: given.TableName, item, measured, condition, update,
      returnsOnFailure: given.ReturnValuesOnConditionCheckFailure,
    };
  });
}
