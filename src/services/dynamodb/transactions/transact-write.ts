/** TransactWriteItems: several writes and conditions, all or none. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ItemCollectionMetrics, TransactWriteItem } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { itemConditions } from "../access/conditions.ts";
import { recordedTransaction } from "../access/recorded.ts";
import { ownerOfAll, requireOneOwner, SeveralTables } from "../batches/several-tables.ts";
import { validation } from "../errors.ts";
import { collectionMetrics } from "../items/collections.ts";
import { nameIn, tableArn } from "../tables/names.ts";
import { readActions, type GivenAction } from "./actions.ts";
import { chargeRepeated, writeAll, type Written } from "./write-all.ts";
import { digestOf, isRepeated, remember } from "./tokens.ts";

const kinds = ["ConditionCheck", "Put", "Delete", "Update"] as const;

/** @evidence API Reference: the permission for each action is that of its own operation */
const iamActions = {
  ConditionCheck: "dynamodb:ConditionCheckItem", Put: "dynamodb:PutItem", Delete: "dynamodb:DeleteItem",
  Update: "dynamodb:UpdateItem",
} as const;

/** The one thing that an item of the request is to do. */
function givenAction(item: TransactWriteItem): GivenAction {
  const given = kinds.filter((kind) => item[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    throw validation("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  return { kind, given: item[kind] } as GivenAction;
}

function tableTexts(items: readonly TransactWriteItem[]): string[] {
  return items.flatMap((item) => kinds.flatMap((kind) => item[kind]?.TableName ?? []));
}

function authorize(ctx: Context, { kind, given }: GivenAction): void {
  ctx.authorize({
    action: iamActions[kind],
    resource: tableArn(ctx, nameIn(given.TableName)),
    conditions: { ...itemConditions(given, ctx), "dynamodb:enclosingoperation": "TransactWriteItems" },
  });
}

function metricsOf(
  ctx: Context, written: readonly Written[], asked: dynamodb.ReturnItemCollectionMetrics | undefined,
): Record<string, ItemCollectionMetrics[]> | undefined {
  if (asked !== "SIZE") return undefined;
  const metrics = Object.create(null) as Record<string, ItemCollectionMetrics[]>;
  for (const { text, table, place, key } of written) {
    const each = collectionMetrics(ctx, table, place, key, asked);
    if (each) (metrics[text] ??= []).push(each);
  }
  return Object.keys(metrics).length > 0 ? metrics : undefined;
}

export const TransactWriteItems = operation(dynamodb.TransactWriteItems, {
  owner: ({ TransactItems }) => ownerOfAll(tableTexts(TransactItems)),
  resource: ({ TransactItems }, ctx) =>
    [...new Set(tableTexts(TransactItems).map((text) => tableArn(ctx, nameIn(text))))],
  access: "signed",
  dataEvent: true,
  recorded: recordedTransaction,
  run(input, ctx) {
    requireOneOwner(ctx, tableTexts(input.TransactItems));
    const given = input.TransactItems.map(givenAction);
    for (const each of given) authorize(ctx, each);
    const digest = (): string => digestOf(input.TransactItems);
    const tables = new SeveralTables(ctx);
    const actions = readActions(ctx, given);
    const asked = input.ReturnConsumedCapacity;
    if (isRepeated(ctx, input.ClientRequestToken, digest)) {
      chargeRepeated(ctx, tables, actions);
      return { ConsumedCapacity: tables.shown(asked, "ReadCapacityUnits") };
    }
    const written = writeAll(ctx, tables, actions);
    remember(ctx, input.ClientRequestToken, digest);
    return {
      ConsumedCapacity: tables.shown(asked, "WriteCapacityUnits"),
      ItemCollectionMetrics: metricsOf(ctx, written, input.ReturnItemCollectionMetrics),
    };
  },
});
