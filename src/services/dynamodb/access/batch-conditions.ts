/** The condition keys of requests about several items. */

import type { KeysAndAttributes, ReturnConsumedCapacity, WriteRequest } from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Item } from "../values/attribute-values.ts";
import { accessOf, type Access, type AccessRequest } from "./accesses.ts";
import { listed, partitionConditions, selectionOf, type Conditions } from "./conditions.ts";

export interface BatchRequest {
  readonly RequestItems: Readonly<Record<string, KeysAndAttributes | readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: ReturnConsumedCapacity | undefined;
}

interface BatchGetRequest extends BatchRequest {
  readonly RequestItems: Readonly<Record<string, KeysAndAttributes>>;
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

/** All items together: what holds for all of them holds for each. Tables' partitions have one attribute. */
export function batchConditions(input: BatchRequest, ctx: ReadContext): Conditions {
  const accesses = [...accessesOf(ctx, input)];
  const partitions = new Set(accesses.flatMap((access) => access.partitions[0] ?? []));
  const attributes = new Set(accesses.flatMap((access) => access.attributes));
  return {
    ...partitionConditions([[...partitions]]),
    "dynamodb:attributes": listed([...attributes]),
    "dynamodb:returnconsumedcapacity": input.ReturnConsumedCapacity,
  };
}

/** What is asked of one table counts for all: a policy that forbids whole items keeps all of them. */
export function batchReadConditions(input: BatchGetRequest, ctx: ReadContext): Conditions {
  const selections = Object.values(input.RequestItems).map((given) => selectionOf(given as AccessRequest));
  const all = selections.find((each) => each !== "SPECIFIC_ATTRIBUTES");
  return { ...batchConditions(input, ctx), "dynamodb:select": all ?? "SPECIFIC_ATTRIBUTES" };
}
