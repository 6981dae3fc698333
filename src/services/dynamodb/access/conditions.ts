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
import { accessOf, type AccessRequest } from "./accesses.ts";

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

export function itemConditions(input: AccessRequest, ctx: ReadContext): Conditions {
  const { attributes, leadingKeys } = accessOf(ctx, input);
  return {
    "dynamodb:leadingkeys": leadingKeys.length > 0 ? leadingKeys : undefined,
    "dynamodb:attributes": attributes.length > 0 ? attributes : undefined,
    "dynamodb:returnvalues": input.ReturnValues,
    "dynamodb:returnconsumedcapacity": input.ReturnConsumedCapacity,
    "dynamodb:select": input.Select,
  };
}

/** @evidence Developer Guide: Select has a value also where the request does not give one */
export function readConditions(input: AccessRequest, ctx: ReadContext): Conditions {
  const own = itemConditions(input, ctx);
  const hasParts = input.ProjectionExpression !== undefined || input.AttributesToGet !== undefined;
  const usual = hasParts ? "SPECIFIC_ATTRIBUTES"
    : input.IndexName === undefined ? "ALL_ATTRIBUTES" : "ALL_PROJECTED_ATTRIBUTES";
  return { ...own, "dynamodb:select": input.Select ?? usual };
}
