/**
 * The parameters that AWS publishes, as far as this package knows the facts: the Regions.
 *
 * @evidence Systems Manager User Guide, "Calling AWS service, Region, endpoint, Availability Zone, local
 *   zone, and Wavelength Zone public parameters"
 */

import type { GetParametersByPathResult, Parameter } from "../../generated/ssm.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { pageOf } from "../../kernel/page.ts";
import { parameterNotFound } from "./errors.ts";
import { isBelow } from "./filters.ts";
import { parameterArn } from "./names.ts";
import { regionNames } from "./region-names.ts";

const regionsPath = "/aws/service/global-infrastructure/regions";

const values: ReadonlyMap<string, string> = new Map(
  Object.entries(regionNames).flatMap(([region, longName]) => [
    [`${regionsPath}/${region}`, region],
    [`${regionsPath}/${region}/domain`, "amazonaws.com"],
    [`${regionsPath}/${region}/longName`, longName],
    [`${regionsPath}/${region}/partition`, "aws"],
  ] as [string, string][]),
);

function shown(ctx: BodyContext, name: string, value: string): Parameter {
  return {
    Name: name, Type: "String", Value: value, Version: 1, ARN: parameterArn(ctx, name), DataType: "text",
  };
}

export function publicParameter(ctx: BodyContext, name: string): Parameter {
  const value = values.get(name);
  if (value === undefined) throw parameterNotFound();
  return shown(ctx, name, value);
}

type Paging = Omit<Parameters<typeof pageOf>[1], never>;

export function publicParametersBelow(
  ctx: BodyContext, path: string, recursive: boolean, paging: Paging,
): GetParametersByPathResult {
  const below = [...values].filter(([name]) => isBelow(name, path, recursive));
  const { items, next } = pageOf(below, paging);
  return { Parameters: items.map(([name, value]) => shown(ctx, name, value)), NextToken: next };
}
