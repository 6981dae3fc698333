/**
 * Code signing configurations. Nothing is signed here, so that none of them lets code in that `Enforce` asks
 * of.
 */

import * as lambda from "../../generated/lambda.ts";
import type { CodeSigningConfig } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import {
  codeSignings, requireCodeSigningConfig, type CodeSigning,
} from "./code-signing-table.ts";
import { settingsConditions } from "./condition-keys.ts";
import { codeSigningInUse, invalidMarker } from "./errors.ts";
import { timestamp } from "./function-configuration.ts";
import { functionArn, onWholeFunction, parseFunctionName } from "./function-names.ts";
import { functions, requireFunction } from "./function-table.ts";

interface Named {
  readonly CodeSigningConfigArn: string;
}

const onConfig = { resource: ({ CodeSigningConfigArn }: Named) => CodeSigningConfigArn };

const arnOf = (ctx: ReadContext, id: string): string => ctx.arn(`code-signing-config:${id}`);

function shown(ctx: ReadContext, row: CodeSigning): CodeSigningConfig {
  return {
    CodeSigningConfigId: row.id,
    CodeSigningConfigArn: arnOf(ctx, row.id),
    Description: row.description,
    AllowedPublishers: row.publishers,
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: row.untrusted },
    LastModified: timestamp(row.modifiedAt),
  };
}

export const CreateCodeSigningConfig = operation(lambda.CreateCodeSigningConfig, {
  run(input, ctx) {
    const row = ctx.db(codeSignings).add({
      id: `csc-${ctx.ids.text(17)}`,
      description: input.Description ?? "",
      publishers: input.AllowedPublishers,
      untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? "Warn",
      modifiedAt: ctx.clock.now(),
    });
    tagNew(ctx, "lambda:TagResource", arnOf(ctx, row.id), input.Tags);
    return { CodeSigningConfig: shown(ctx, row) };
  },
});

export const GetCodeSigningConfig = operation(lambda.GetCodeSigningConfig, {
  ...onConfig,
  run: (input, ctx) => ({
    CodeSigningConfig: shown(ctx, requireCodeSigningConfig(ctx, input.CodeSigningConfigArn)),
  }),
});

export const UpdateCodeSigningConfig = operation(lambda.UpdateCodeSigningConfig, {
  ...onConfig,

  run(input, ctx) {
    const row = requireCodeSigningConfig(ctx, input.CodeSigningConfigArn);
    const changed = ctx.db(codeSignings).put({
      ...row,
      description: input.Description ?? row.description,
      publishers: input.AllowedPublishers ?? row.publishers,
      untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? row.untrusted,
      modifiedAt: ctx.clock.now(),
    });
    return { CodeSigningConfig: shown(ctx, changed) };
  },
});

function usersOf(ctx: ReadContext, arn: string): string[] {
  return [...ctx.db(functions).list()]
    .filter(({ codeSigningConfigArn }) => codeSigningConfigArn === arn)
    .map(({ name }) => functionArn(ctx, name));
}

export const DeleteCodeSigningConfig = operation(lambda.DeleteCodeSigningConfig, {
  ...onConfig,

  run(input, ctx) {
    const row = requireCodeSigningConfig(ctx, input.CodeSigningConfigArn);
    const arn = arnOf(ctx, row.id);
    if (usersOf(ctx, arn).length > 0) throw codeSigningInUse();
    ctx.db(codeSignings).delete(row.id);
    ctx.tags(arn).clear();
    return {};
  },
});

export const ListCodeSigningConfigs = operation(lambda.ListCodeSigningConfigs, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(codeSignings),
      key: (row) => row.id,
      limit: input.MaxItems ?? 10_000,
      token: input.Marker,
      scope: "ListCodeSigningConfigs",
      invalid: invalidMarker,
    });
    return { CodeSigningConfigs: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});

export const ListFunctionsByCodeSigningConfig = operation(lambda.ListFunctionsByCodeSigningConfig, {
  ...onConfig,

  run(input, ctx) {
    const { id } = requireCodeSigningConfig(ctx, input.CodeSigningConfigArn);
    const arn = arnOf(ctx, id);
    const { items, next } = page({
      rows: ctx.db(functions),
      key: (row) => row.name,
      keep: (row) => row.codeSigningConfigArn === arn,
      limit: input.MaxItems ?? 10_000,
      token: input.Marker,
      scope: `ListFunctionsByCodeSigningConfig ${id}`,
      invalid: invalidMarker,
    });
    return { FunctionArns: items.map(({ name }) => functionArn(ctx, name)), NextMarker: next };
  },
});

export const PutFunctionCodeSigningConfig = operation(lambda.PutFunctionCodeSigningConfig, {
  ...onWholeFunction,
  conditions: settingsConditions,

  run(input, ctx) {
    const { CodeSigningConfigArn } = input;
    requireCodeSigningConfig(ctx, CodeSigningConfigArn);
    const found = requireFunction(ctx, parseFunctionName(input.FunctionName).name);
    ctx.db(functions).put({ ...found, codeSigningConfigArn: CodeSigningConfigArn });
    return { CodeSigningConfigArn, FunctionName: found.name };
  },
});

/**
 * A function without one answers without members. @evidence recorded AWS answer to
 * GetFunctionCodeSigningConfig
 */
export const GetFunctionCodeSigningConfig = operation(lambda.GetFunctionCodeSigningConfig, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name, codeSigningConfigArn } = requireFunction(ctx, parseFunctionName(input.FunctionName).name);
    // Nothing at all where it has none: recorded AWS answers.
    if (codeSigningConfigArn === undefined) return {};
    return { CodeSigningConfigArn: codeSigningConfigArn, FunctionName: name };
  },
});

export const DeleteFunctionCodeSigningConfig = operation(lambda.DeleteFunctionCodeSigningConfig, {
  ...onWholeFunction,

  run(input, ctx) {
    const { codeSigningConfigArn: _, ...rest } = requireFunction(
      ctx, parseFunctionName(input.FunctionName).name,
    );
    ctx.db(functions).put(rest);
  },
});
