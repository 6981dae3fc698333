/** Small settings of functions: which runtime version, what becomes of loops, tags. */

import * as lambda from "../../generated/lambda.ts";
import { operation } from "../../kernel/operation.ts";
import { invalidParameter } from "./errors.ts";
import {
  functionArn, namedFunction, onFunction, onWholeFunction, parseFunctionName,
} from "./function-names.ts";
import { functions, requireFunction, versions } from "./function-table.ts";
import { requireQualified } from "./qualifiers.ts";

export const PutRuntimeManagementConfig = operation(lambda.PutRuntimeManagementConfig, {
  ...onFunction,

  run({ UpdateRuntimeOn, RuntimeVersionArn, ...input }, ctx) {
    const { name, qualifier } = namedFunction(input);
    const { version } = requireQualified(ctx, name, qualifier);
    if (UpdateRuntimeOn === "Manual" && RuntimeVersionArn === undefined) {
      throw invalidParameter("RuntimeVersionArn must be provided when the RuntimeUpdateOn is set to Manual");
    }
    if (UpdateRuntimeOn !== "Manual" && RuntimeVersionArn !== undefined) {
      throw invalidParameter(
        "RuntimeVersionArn can only be provided when the RuntimeUpdateOn is set to Manual",
      );
    }
    const runtimeManagement = { UpdateRuntimeOn, ...(RuntimeVersionArn && { RuntimeVersionArn }) };
    ctx.db(versions).put({ ...version, runtimeManagement });
    return { ...runtimeManagement, FunctionArn: functionArn(ctx, name, qualifier) };
  },
});

export const GetRuntimeManagementConfig = operation(lambda.GetRuntimeManagementConfig, {
  ...onFunction,

  run(input, ctx) {
    const { name, qualifier } = namedFunction(input);
    const { runtimeManagement } = requireQualified(ctx, name, qualifier).version;
    const unchanged = { UpdateRuntimeOn: "Auto" as const };
    return { ...unchanged, ...runtimeManagement, FunctionArn: functionArn(ctx, name, qualifier) };
  },
});

export const PutFunctionRecursionConfig = operation(lambda.PutFunctionRecursionConfig, {
  ...onWholeFunction,

  run({ FunctionName, RecursiveLoop }, ctx) {
    const found = requireFunction(ctx, parseFunctionName(FunctionName).name);
    ctx.db(functions).put({ ...found, recursiveLoop: RecursiveLoop });
    return { RecursiveLoop };
  },
});

export const GetFunctionRecursionConfig = operation(lambda.GetFunctionRecursionConfig, {
  ...onWholeFunction,

  run(input, ctx) {
    const { recursiveLoop } = requireFunction(ctx, parseFunctionName(input.FunctionName).name);
    return { RecursiveLoop: recursiveLoop ?? "Terminate" };
  },
});
