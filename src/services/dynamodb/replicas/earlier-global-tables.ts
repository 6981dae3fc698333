/**
 * The operations of the first global tables, version 2017.11.29, which AWS makes no more: there are none.
 *
 * @evidence recorded answers of 2026
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { modelled, type AwsError } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { invalidParameters } from "../errors.ts";

function notSupported(): AwsError {
  return invalidParameters(
    "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables " +
      "version 2019.11.21, instead of version 2017.11.29 (Legacy).",
  );
}

function notFound(name: string, prefix = ""): AwsError {
  const message = `${prefix}Global table with name: '${name}' does not exist.`;
  return modelled(dynamodb.GlobalTableNotFoundException, message);
}

interface Named {
  readonly GlobalTableName: string;
}

const onGlobalTable = {
  resource: ({ GlobalTableName }: Named, ctx: ReadContext): string =>
    `arn:aws:dynamodb::${ctx.account}:global-table/${GlobalTableName}`,
};

export const CreateGlobalTable = operation(dynamodb.CreateGlobalTable, {
  ...onGlobalTable,
  run() {
    throw notSupported();
  },
});

export const UpdateGlobalTable = operation(dynamodb.UpdateGlobalTable, {
  ...onGlobalTable,
  run({ GlobalTableName, ReplicaUpdates }) {
    throw ReplicaUpdates.some(({ Create }) => Create) ? notSupported() : notFound(GlobalTableName);
  },
});

export const DescribeGlobalTable = operation(dynamodb.DescribeGlobalTable, {
  ...onGlobalTable,
  run({ GlobalTableName }) {
    throw notFound(GlobalTableName, "Global table not found: ");
  },
});

export const DescribeGlobalTableSettings = operation(dynamodb.DescribeGlobalTableSettings, {
  ...onGlobalTable,
  run({ GlobalTableName }) {
    throw notFound(GlobalTableName);
  },
});

export const UpdateGlobalTableSettings = operation(dynamodb.UpdateGlobalTableSettings, {
  ...onGlobalTable,
  run({ GlobalTableName }) {
    throw notFound(GlobalTableName);
  },
});

export const ListGlobalTables = operation(dynamodb.ListGlobalTables, {
  run: () => ({ GlobalTables: [] }),
});
