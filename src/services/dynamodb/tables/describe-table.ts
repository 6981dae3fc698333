/** DescribeTable, ListTables and the operations that say what an account may have. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import { describe } from "./description.ts";
import { onTable, requireName, requireTable } from "./names.ts";
import { tables } from "./table-rows.ts";
import { accountUnitsMax, tableUnitsMax } from "./throughput.ts";

/**
 * Clients that wait for a table ask at once and then only every 20 seconds. So the answer about a table that
 * is coming or going waits the moment that this takes; with the clock stopped it is given at once.
 */
export const DescribeTable = operation(dynamodb.DescribeTable, {
  ...onTable,
  async body(input, ctx) {
    for (;;) {
      const { shown, until } = ctx.transaction((within) => {
        const row = requireTable(within, input.TableName);
        const isPassing = row.status === "CREATING" || row.status === "DELETING";
        return { shown: describe(within, row), until: isPassing ? row.transition?.until : undefined };
      });
      const rest = until === undefined ? 0 : until - ctx.clock.now();
      if (rest <= 0 || ctx.clock.isFrozen || ctx.signal.aborted) return { Table: shown };
      await ctx.wait(rest);
    }
  },
});

const pageSizeMax = 100;

/** @evidence recorded: names in the order of bytes; the cursor need not be a table */
export const ListTables = operation(dynamodb.ListTables, {
  /** @evidence recorded denials: "dynamodb:ListTables on resource: arn:aws:dynamodb:us-east-1:…:table/*" */
  resource: (_input, ctx) => ctx.arn("table/*"),
  run(input, ctx) {
    const { ExclusiveStartTableName: start } = input;
    if (start !== undefined) requireName(start, "exclusiveStartTableName");
    const limit = input.Limit ?? pageSizeMax;
    const range = { ...(start !== undefined && { after: start }), limit: limit + 1 };
    const names = [...ctx.db(tables).list(range)].map(({ name }) => name);
    const page = names.slice(0, limit);
    return { TableNames: page, LastEvaluatedTableName: names.length > limit ? page.at(-1) : undefined };
  },
});

/** @evidence recorded: 80,000 units an account, 40,000 a table */
export const DescribeLimits = operation(dynamodb.DescribeLimits, {
  run: () => ({
    AccountMaxReadCapacityUnits: accountUnitsMax,
    AccountMaxWriteCapacityUnits: accountUnitsMax,
    TableMaxReadCapacityUnits: tableUnitsMax,
    TableMaxWriteCapacityUnits: tableUnitsMax,
  }),
});

const endpointCacheMinutes = 1_440;

export const DescribeEndpoints = operation(dynamodb.DescribeEndpoints, {
  run(_input, ctx) {
    const { host } = new URL(ctx.kernel.endpoint("dynamodb", ctx.region));
    return { Endpoints: [{ Address: host, CachePeriodInMinutes: endpointCacheMinutes }] };
  },
});
