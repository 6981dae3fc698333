/** DescribeParameters: everything about parameters except their values. */

import * as ssm from "../../generated/ssm.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidNextToken } from "./errors.ts";
import { describeFilters } from "./filters.ts";
import { parameterArn } from "./names.ts";
import { parameters, requireLatest } from "./parameter-rows.ts";
import { shownPolicies } from "./shown.ts";

const resultsMax = 50;

/**
 * Its resource is everything of the account.
 *
 * @evidence denials of ssm:DescribeParameters: `on resource: arn:aws:ssm:…:*`
 */
export const DescribeParameters = operation(ssm.DescribeParameters, {
  resource: (_input, ctx) => ctx.arn("*"),

  run(input, ctx) {
    if (input.Shared) {
      throw notImplemented("ssm:DescribeParameters with Shared (AWS Resource Access Manager)");
    }
    const keep = describeFilters(ctx, input.Filters ?? [], input.ParameterFilters ?? []);
    const { items, next } = page({
      rows: ctx.db(parameters),
      key: (row) => row.name,
      keep: (row) => keep(requireLatest(ctx, row.name)),
      limit: input.MaxResults ?? resultsMax,
      token: input.NextToken,
      scope: "ssm:DescribeParameters",
      invalid: invalidNextToken,
    });
    const Parameters = items.map(({ name }) => {
      const version = requireLatest(ctx, name);
      return {
        Name: name,
        ARN: parameterArn(ctx, name),
        Type: version.type,
        KeyId: version.keyId,
        LastModifiedDate: version.modifiedAt,
        LastModifiedUser: version.modifiedBy,
        Description: version.description,
        AllowedPattern: version.allowedPattern,
        Version: version.version,
        Tier: version.tier,
        Policies: shownPolicies(version),
        DataType: version.dataType,
      };
    });
    return { Parameters, NextToken: next };
  },
});
