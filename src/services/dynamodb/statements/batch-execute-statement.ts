/** BatchExecuteStatement: statements that have nothing to do with each other, each with its own result. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type {
  BatchStatementError, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
} from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { recordedStatements, tablesInStatements } from "../access/recorded.ts";
import { SeveralTables } from "../batches/several-tables.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { readUnits, Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { requireKey, storeKeyOf } from "../items/item-keys.ts";
import { itemOf, shown, shownItem } from "../items/item-rows.ts";
import { readItem } from "../items/lagging.ts";
import { singleRead } from "../partiql/item-targets.ts";
import { noSingleRead } from "../partiql/key-errors.ts";
import { existsAlone } from "../partiql/operation-errors.ts";
import { rowOf } from "../partiql/statement-paths.ts";
import { normalizeParameters, type SelectStatement, type Statement } from "../partiql/statements.ts";
import type { Table } from "../tables/table-rows.ts";
import { authorizeStatement, boundStatement, ownerOfStatements, tableNameOf } from "./statements.ts";
import { runWrite, type StatementResult } from "./writes.ts";

const codes: Readonly<Record<string, BatchStatementErrorCodeEnum>> = {
  ValidationException: "ValidationError",
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  DuplicateItemException: "DuplicateItem",
  ResourceNotFoundException: "ResourceNotFound",
  ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
  ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
  ThrottlingException: "ThrottlingError",
  RequestLimitExceeded: "RequestLimitExceeded",
  AccessDeniedException: "AccessDenied",
};

/** Errors of statements that got as far as their item: their responses name the table. */
const ran: ReadonlySet<string> = new Set(["ConditionalCheckFailed", "DuplicateItem"]);

function errorOf(cause: unknown): BatchStatementError {
  const code = cause instanceof AwsError ? codes[cause.code] : undefined;
  if (!(cause instanceof AwsError) || code === undefined) throw cause;
  const { Item } = cause.members as BatchStatementError;
  return { Code: code, Message: cause.message, ...(Item && { Item }) };
}

interface Read {
  readonly given: BatchStatementRequest;
  readonly statement: Statement | undefined;
  readonly error: BatchStatementError | undefined;
}

function read(ctx: Context, given: BatchStatementRequest, parameters: Parsed): Read {
  try {
    const statement = boundStatement(ctx, given.Statement, parameters);
    if (statement.kind === "exists") throw existsAlone();
    return { given, statement, error: undefined };
  } catch (cause) {
    return { given, statement: undefined, error: errorOf(cause) };
  }
}

type Parsed = ReturnType<typeof normalizeParameters>;

/** @evidence API Reference, "you cannot mix both in one batch"; the text is that of DynamoDB Local */
function requireOneKind(all: readonly Read[]): void {
  const kinds = new Set(all.flatMap(({ statement }) => (statement ? [statement.kind === "select"] : [])));
  if (kinds.size < 2) return;
  throw validation("Read and write requests together in the same batch is not supported.");
}

function readOne(
  ctx: Context, table: Table, select: SelectStatement, isConsistent: boolean,
): StatementResult {
  if (select.index !== undefined) throw noSingleRead("BatchExecuteStatement");
  const key = singleRead(select, table.key, "BatchExecuteStatement");
  requireKey(table, key);
  const place = storeKeyOf(table.number, table.key, key);
  const row = readItem(ctx, place, isConsistent);
  const usage = new Usage(table);
  usage.add(readUnits(row?.sizeBytes ?? 0, isConsistent), undefined, place);
  requireUnits(ctx, usage, "read");
  const { columns } = select;
  return { item: row && (columns ? shown(rowOf(columns, itemOf(row))) : shownItem(row)), usage };
}

class Batch {
  readonly #ctx: Context;
  readonly #returns: dynamodb.ReturnConsumedCapacity | undefined;
  readonly tables: SeveralTables;

  constructor(ctx: Context, returns: dynamodb.ReturnConsumedCapacity | undefined) {
    this.#ctx = ctx;
    this.#returns = returns;
    this.tables = new SeveralTables(ctx);
  }

  run({ given, statement, error }: Read): BatchStatementResponse {
    if (!statement || statement.kind === "exists") return { Error: error };
    const TableName = tableNameOf(statement);
    try {
      authorizeStatement(this.#ctx, statement, { name: "BatchExecuteStatement", returns: this.#returns });
      const table = this.tables.get(TableName);
      const { item, usage } = statement.kind === "select"
        ? readOne(this.#ctx, table, statement, given.ConsistentRead ?? false)
        : runWrite(this.#ctx, table, statement, given.ReturnValuesOnConditionCheckFailure);
      this.tables.usageOf(table).addAll(usage);
      return { TableName, ...(item && { Item: item }) };
    } catch (cause) {
      const failure = errorOf(cause);
      return { Error: failure, ...(ran.has(failure.Code ?? "") && { TableName }) };
    }
  }
}

export const BatchExecuteStatement = operation(dynamodb.BatchExecuteStatement, {
  owner: ({ Statements }) => ownerOfStatements(Statements.map(({ Statement }) => Statement)),
  access: "signed",
  dataEvent: true,
  recorded: ({ Statements }, ctx) => recordedStatements(Statements, ctx),
  touches: ({ Statements }, ctx) => tablesInStatements(Statements, ctx),
  run(input, ctx) {
    const parameters = input.Statements.map(({ Parameters }) => normalizeParameters(Parameters));
    const all = input.Statements.map((given, index) => read(ctx, given, parameters[index] ?? []));
    requireOneKind(all);
    const batch = new Batch(ctx, input.ReturnConsumedCapacity);
    const Responses = all.map((each) => batch.run(each));
    return { Responses, ConsumedCapacity: batch.tables.shown(input.ReturnConsumedCapacity) };
  },
});
