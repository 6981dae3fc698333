/** DeleteParameter and DeleteParameters. */

import * as ssm from "../../generated/ssm.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { announceChange } from "./events.ts";
import { parameterNotFound } from "./errors.ts";
import { parameterArn } from "./names.ts";
import { findLatest, parameters, versions, type ParameterVersion } from "./parameter-rows.ts";
import { unschedulePolicies } from "./policies.ts";
import { forgetResourcePolicy } from "./resource-policy-rows.ts";

/** The parameter with its history, tags and policies. */
export function removeParameter(ctx: Context, parameter: ParameterVersion): void {
  const { name } = parameter;
  ctx.db(parameters).delete(name);
  for (const version of ctx.db(versions).list({ prefix: [name] })) {
    ctx.db(versions).delete([name, version.version]);
  }
  const arn = parameterArn(ctx, name);
  ctx.tags(arn).clear();
  forgetResourcePolicy(ctx, arn);
  unschedulePolicies(ctx, name);
  announceChange(ctx, "Delete", parameter);
}

export const DeleteParameter = operation(ssm.DeleteParameter, {
  resource: (input, ctx) => parameterArn(ctx, input.Name.trim()),

  run(input, ctx) {
    const parameter = findLatest(ctx, input.Name.trim());
    if (!parameter) throw parameterNotFound();
    removeParameter(ctx, parameter);
    return {};
  },
});

export const DeleteParameters = operation(ssm.DeleteParameters, {
  resource: (input, ctx) => input.Names.map((name) => parameterArn(ctx, name.trim())),

  run(input, ctx) {
    const DeletedParameters: string[] = [];
    const InvalidParameters: string[] = [];
    for (const given of new Set(input.Names)) {
      const parameter = findLatest(ctx, given.trim());
      if (parameter) {
        removeParameter(ctx, parameter);
        DeletedParameters.push(parameter.name);
      } else {
        InvalidParameters.push(given);
      }
    }
    return { DeletedParameters, InvalidParameters };
  },
});
