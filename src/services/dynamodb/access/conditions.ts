/**
 * The condition keys by which policies restrict the use of items: which partitions, which attributes, what
 * may be returned.
 *
 * @evidence Developer Guide, "Using IAM policy conditions for fine-grained access control"; Service
 *   Authorization Reference, DynamoDB
 */

import type { ContextValue } from "../../../iam/types.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { indexArn, nameIn, onTable, tableArn } from "../tables/names.ts";
import { accessOf, type AccessRequest, type PartitionValues } from "./accesses.ts";

interface Named {
  readonly TableName?: string | undefined;
  readonly IndexName?: string | undefined;
}

/** For Query and Scan: an index is asked for under its own ARN. */
export const onSpace = {
  owner: (input: Named): Owner | undefined => onTable.owner(input),
  resource: ({ TableName, IndexName }: Named, ctx: ReadContext): string => {
    const name = nameIn(TableName);
    return IndexName === undefined ? tableArn(ctx, name) : indexArn(ctx, name, IndexName);
  },
};

export type Conditions = Readonly<Record<string, ContextValue | undefined>>;

/** A key without values is absent. */
export function listed(values: readonly string[]): readonly string[] | undefined {
  return values.length > 0 ? values : undefined;
}

/** @evidence Developer Guide: the first has two names; an index's partition may have four attributes */
export function partitionConditions([first = [], second = [], third = [], fourth = []]: PartitionValues,
): Conditions {
  return {
    "dynamodb:leadingkeys": listed(first),
    "dynamodb:firstpartitionkeyvalues": listed(first),
    "dynamodb:secondpartitionkeyvalues": listed(second),
    "dynamodb:thirdpartitionkeyvalues": listed(third),
    "dynamodb:fourthpartitionkeyvalues": listed(fourth),
  };
}

/** What a request names, whatever it answers with. */
export function itemConditions(input: AccessRequest, ctx: ReadContext): Conditions {
  const { attributes, partitions } = accessOf(ctx, input);
  return {
    ...partitionConditions(partitions),
    "dynamodb:attributes": listed(attributes),
    "dynamodb:returnconsumedcapacity": input.ReturnConsumedCapacity,
  };
}

/** @evidence Developer Guide: ReturnValues always has a value, NONE unless otherwise specified */
export function writeConditions(input: AccessRequest, ctx: ReadContext): Conditions {
  return { ...itemConditions(input, ctx), "dynamodb:returnvalues": input.ReturnValues ?? "NONE" };
}

/** Which attributes a request reads, by its Select or by what stands for it. */
export function selectionOf(input: AccessRequest): string {
  if (input.Select !== undefined) return input.Select;
  const hasParts = input.ProjectionExpression !== undefined || input.AttributesToGet !== undefined;
  if (hasParts) return "SPECIFIC_ATTRIBUTES";
  return input.IndexName === undefined ? "ALL_ATTRIBUTES" : "ALL_PROJECTED_ATTRIBUTES";
}

/**
 * @evidence Developer Guide, "Ensuring attribute-based restrictions are enforced": Select always has a value,
 *   and is for every operation that returns attributes, GetItem and BatchGetItem as well
 */
export function readConditions(input: AccessRequest, ctx: ReadContext): Conditions {
  return { ...itemConditions(input, ctx), "dynamodb:select": selectionOf(input) };
}
