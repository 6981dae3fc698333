/** Carries out the actions of a transaction: all are looked at first, then all are made. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import type { KeyPart } from "../../../store/types.ts";
import type { SeveralTables } from "../batches/several-tables.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { readUnits, Usage, writeUnits } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { conditionFailed, Subject } from "../items/conditional.ts";
import { Growth } from "../items/growth.ts";
import { requirePaths } from "../items/expressions.ts";
import { requireKey, storeKeyOf } from "../items/item-keys.ts";
import { placeText } from "../items/places.ts";
import { requireFit } from "../items/put-item.ts";
import { updatedItem } from "../items/update-item.ts";
import { applyWrite, findItem, planWrite, type WritePlan } from "../items/writing.ts";
import { DUPLICATE_ITEM } from "../partiql/operation-errors.ts";
import type { Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { itemToUpdateTooLarge, itemTooLarge } from "../values/value-errors.ts";
import type { TransactionalAction } from "./actions.ts";
import { allOrNone } from "./cancellation.ts";
import { multipleOperations, requireTransactional } from "./transact-get.ts";

/** A transactional write is paid for twice, and so is a read. */
const unitsFactor = 2;
/** @evidence Developer Guide, Quotas: 4 MB a transaction */
const sizeBytesMax = 4 * 1_048_576;

export interface Written {
  readonly text: string;
  readonly table: Table;
  readonly place: readonly KeyPart[];
  readonly key: Item;
}

interface Planned extends Written {
  /** Undefined for a condition, which changes nothing. */
  readonly plan: WritePlan | undefined;
  readonly usage: Usage;
}

interface Located extends Written {
  readonly action: TransactionalAction;
}

function locate(tables: SeveralTables, action: TransactionalAction): Located {
  const { text, item, refusal } = action;
  if (refusal) throw refusal;
  const table = tables.get(text);
  if (action.kind === "Put") requireFit(table, item);
  else requireKey(table, item);
  requirePaths(table, { update: action.update, condition: action.condition });
  return { action, text, table, key: item, place: storeKeyOf(table.number, table.key, item) };
}

export function duplicateItem(): Error {
  return modelled(dynamodb.DuplicateItemException, DUPLICATE_ITEM);
}

function planned(ctx: Context, located: Located): Planned {
  const { action, table, place } = located;
  const subject = new Subject(findItem(ctx, place));
  if (action.isInsert && subject.row) throw duplicateItem();
  if (!subject.meets(action.condition)) throw conditionFailed(subject, action.returnsOnFailure);
  const usage = new Usage(table);
  if (action.kind === "ConditionCheck") {
    usage.add(writeUnits(subject.row?.sizeBytes ?? 0) * unitsFactor, undefined, place);
    return { ...located, plan: undefined, usage };
  }
  const plan = planWrite(
    {
      table, place, before: subject.row, after: itemAfter(located, subject), measured: action.measured,
      itemBefore: subject.itemRead,
    },
    action.kind === "Update" ? itemToUpdateTooLarge : itemTooLarge,
  );
  usage.addAll(plan.usage, unitsFactor);
  return { ...located, plan, usage };
}

function itemAfter({ action, table }: Located, subject: Subject): Item | undefined {
  if (action.kind === "Delete") return undefined;
  return action.kind === "Put" ? action.item : updatedItem(table, subject, action.item, action.update);
}

function requireSize(all: readonly Planned[]): void {
  const sizeOf = ({ plan }: Planned): number =>
    Math.max(plan?.row?.sizeBytes ?? 0, plan?.before?.sizeBytes ?? 0);
  const size = all.reduce((sum, each) => sum + sizeOf(each), 0);
  if (size <= sizeBytesMax) return;
  throw validation("The total size of the items in the transaction exceeds the limit of 4 MB");
}

/** @throws TransactionCanceledException with the reasons of all actions, in their order */
export function writeAll(
  ctx: Context, tables: SeveralTables, actions: readonly TransactionalAction[],
): Written[] {
  for (const { text } of actions) requireTransactional(tables.get(text));
  const located = allOrNone(actions, (action) => locate(tables, action));
  if (new Set(located.map(({ place }) => placeText(place))).size < located.length) throw multipleOperations();
  const all = allOrNone(located, (each) => planned(ctx, each));
  requireSize(all);
  const growth = new Growth();
  allOrNone(all, ({ table, plan, usage }) => {
    requireUnits(ctx, usage, "write");
    if (plan) applyWrite(ctx, plan, growth);
    tables.usageOf(table).addAll(usage);
  });
  growth.write(ctx);
  return all;
}

/** A transaction that was carried out before is paid for as if it read its items. */
export function chargeRepeated(
  ctx: Context, tables: SeveralTables, actions: readonly TransactionalAction[],
): void {
  for (const action of actions) {
    const { table, place } = locate(tables, action);
    const usage = tables.usageOf(table);
    usage.add(readUnits(findItem(ctx, place)?.sizeBytes ?? 0, true) * unitsFactor);
  }
}
