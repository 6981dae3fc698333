/** Saved queries. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { invalidNextToken, limitExceeded, resourceNotFound } from "./errors.ts";

interface QueryDefinition {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly groups: readonly string[];
  readonly language: string;
  readonly parameters?: readonly logs.QueryParameter[];
  readonly modifiedAt: number;
}

const definitions = table<QueryDefinition, "byName">("logs.queryDefinitions", {
  key: (row) => row.id,
  indexes: { byName: (row) => [row.name, row.id] },
});

/** @evidence CloudWatch Logs User Guide, quotas: 1,000 saved queries */
const definitionsMax = 1_000;

export const PutQueryDefinition = operation(logs.PutQueryDefinition, {
  run(input, ctx) {
    const given = input.queryDefinitionId;
    if (given !== undefined && !ctx.db(definitions).has(given)) {
      throw resourceNotFound("The specified query definition does not exist.");
    }
    if (given === undefined && ctx.db(definitions).count() >= definitionsMax) throw limitExceeded();
    const { id } = ctx.db(definitions).put({
      id: given ?? ctx.ids.uuid(),
      name: input.name,
      text: input.queryString,
      groups: input.logGroupNames ?? [],
      language: input.queryLanguage ?? "CWLI",
      ...(input.parameters && { parameters: input.parameters }),
      modifiedAt: ctx.clock.now(),
    });
    return { queryDefinitionId: id };
  },
});

export const DeleteQueryDefinition = operation(logs.DeleteQueryDefinition, {
  run(input, ctx) {
    if (!ctx.db(definitions).delete(input.queryDefinitionId)) {
      throw resourceNotFound("The specified query definition does not exist.");
    }
    return { success: true };
  },
});

export const DescribeQueryDefinitions = operation(logs.DescribeQueryDefinitions, {
  run(input, ctx) {
    const prefix = input.queryDefinitionNamePrefix;
    const { items, next } = page<QueryDefinition>({
      rows: ctx.db(definitions).by("byName"),
      range: prefix === undefined ? {} : { prefix: [prefix], prefixOfLastPart: true },
      key: (row) => [row.name, row.id],
      keep: (row) => input.queryLanguage === undefined || row.language === input.queryLanguage,
      limit: input.maxResults ?? 1_000,
      token: input.nextToken,
      scope: `logs.DescribeQueryDefinitions ${prefix ?? ""}`,
      invalid: invalidNextToken,
    });
    return {
      queryDefinitions: items.map((row) => ({
        queryLanguage: row.language as logs.QueryLanguage,
        queryDefinitionId: row.id,
        name: row.name,
        queryString: row.text,
        lastModified: row.modifiedAt,
        logGroupNames: [...row.groups],
        ...(row.parameters && { parameters: [...row.parameters] }),
      })),
      nextToken: next,
    };
  },
});
