/** The condition keys of requests about several items. */

import type { KeysAndAttributes, ReturnConsumedCapacity, WriteRequest } from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Item } from "../values/attribute-values.ts";
import { accessOf, type Access, type AccessRequest } from "./accesses.ts";
import type { Conditions } from "./conditions.ts";

export interface BatchRequest {
  readonly RequestItems: Readonly<Record<string, KeysAndAttributes | readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: ReturnConsumedCapacity | undefined;
}

function* accessesOf(ctx: ReadContext, { RequestItems }: BatchRequest): Generator<Access> {
  for (const [TableName, given] of Object.entries(RequestItems)) {
    if (isWrites(given)) {
      for (const { PutRequest: put, DeleteRequest: remove } of given) {
        yield accessOf(ctx, { TableName, Item: put?.Item, Key: remove?.Key });
      }
      continue;
    }
    const { Keys: keys, ...rest } = given;
    for (const Key of keys) yield accessOf(ctx, { ...(rest as AccessRequest), TableName, Key: Key as Item });
  }
}

function isWrites(given: KeysAndAttributes | readonly WriteRequest[]): given is readonly WriteRequest[] {
  return Array.isArray(given);
}

/** All items together: what holds for all of them holds for each. */
export function batchConditions(input: BatchRequest, ctx: ReadContext): Conditions {
  const accesses = [...accessesOf(ctx, input)];
  const leadingKeys = new Set(accesses.flatMap((access) => access.leadingKeys));
  const attributes = new Set(accesses.flatMap((access) => access.attributes));
  return {
    "dynamodb:leadingkeys": leadingKeys.size > 0 ? [...leadingKeys] : undefined,
    "dynamodb:attributes": attributes.size > 0 ? [...attributes] : undefined,
    "dynamodb:returnconsumedcapacity": input.ReturnConsumedCapacity,
  };
}
