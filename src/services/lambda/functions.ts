/** Functions: made, looked at, listed, deleted. What else belongs to one is in the files beside this. */

import * as lambda from "../../generated/lambda.ts";
import type { CreateFunctionRequest, FunctionConfiguration } from "../../generated/lambda.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import { aliasesOf } from "./alias-table.ts";
import { requireCodeSigning } from "./code-signing-table.ts";
import { settingsConditions } from "./condition-keys.ts";
import { requireDeadLetterTarget } from "./dead-letters.ts";
import { requireVariables, sealVariables } from "./environment-variables.ts";
import { aliasIsNoVersion, functionExists, invalidMarker, latestStays, versionInUse } from "./errors.ts";
import { authorizePassing, requireAssumable } from "./execution-role.ts";
import { codeLocation } from "./http/code-downloads.ts";
import { hotFolder } from "./hot-reload.ts";
import { keepPackage, receivePackage, type Package } from "./function-code.ts";
import { requireNetwork } from "./function-network.ts";
import { settingsOf, showFunction } from "./function-configuration.ts";
import { imageCode } from "./function-images.ts";
import {
  functionArn, isVersionNumber, latest, namedFunction, onFunction, requireNameLength,
} from "./function-names.ts";
import {
  functions, newRevisions, requireFunction, versions, type Code, type FunctionVersion, type Settings,
} from "./function-table.ts";
import { forgetFunction, forgetQualifier } from "./dependants.ts";
import { retireEnvironments } from "./function-specs.ts";
import { layersOf, type UsedLayers } from "./layer-table.ts";
import { publish, removeVersion } from "./publishing.ts";
import { requireQualified } from "./qualifiers.ts";
import { requireTags } from "./tag-rules.ts";

/** Everything that a request for a function brings, found right. */
interface Prepared {
  readonly settings: Settings;
  readonly code: Code;
  readonly package: Package | undefined;
  readonly layers: UsedLayers;
  readonly variables: FunctionVersion["variables"];
}

/**
 * @evidence Lambda API Reference, CreateFunction; Lambda Developer Guide, "Lambda function states"
 */
export const CreateFunction = operation(lambda.CreateFunction, {
  ...onFunction,
  conditions: settingsConditions,

  async body(input, ctx): Promise<FunctionConfiguration> {
    const { name } = namedFunction(input);
    requireNameLength(name);
    const request = { ...input, FunctionName: name };
    const prepared = await prepare(request, ctx);
    // The version that is published at once is shown under the function's own ARN: recorded AWS answers.
    return showFunction(ctx, ctx.transaction((within) => create(request, prepared, within)));
  },
});

async function prepare(input: CreateFunctionRequest, ctx: BodyContext): Promise<Prepared> {
  const { FunctionName: name, Role: role, Environment, KMSKeyArn } = input;
  requireVariables(Environment?.Variables ?? {});
  requireTags(input.Tags ?? {});
  ctx.transaction((within) => {
    authorizePassing(within, role, name);
    requireCodeSigning(within, input.CodeSigningConfigArn);
    if (within.db(functions).has(name)) throw functionExists(name);
  });
  settingsOf(input, []);
  await requireAssumable(ctx, { name, role });
  const { code, received } = await codeFor(input, ctx);
  const layers = await layersOf(ctx, input.Layers ?? [], received?.unzippedBytes ?? 0);
  await requireDeadLetterTarget(ctx, input.DeadLetterConfig?.TargetArn, { name, role });
  await requireNetwork(ctx, input.VpcConfig, { name, role });
  const arn = ctx.reading(() => functionArn(ctx, name));
  const variables = await sealVariables(ctx, Environment?.Variables, KMSKeyArn, { functionArn: arn, role });
  return { settings: settingsOf(input, layers.references), code, package: received, layers, variables };
}

async function codeFor(
  input: CreateFunctionRequest, ctx: BodyContext,
): Promise<{ readonly code: Code; readonly received?: Package }> {
  const { ImageUri, SourceKMSKeyArn } = input.Code;
  if (input.PackageType === "Image") return { code: await imageCode(ctx, ImageUri, "CreateFunction") };
  if (SourceKMSKeyArn) {
    throw notImplemented("A package of a Lambda function encrypted with a customer managed key");
  }
  const folder = hotFolder(ctx, input.Code);
  if (folder !== undefined) return { code: { kind: "folder", path: folder } };
  const received = await receivePackage(ctx, input.Code, "CreateFunction");
  return { code: { kind: "zip", sha256: received.sha256, sizeBytes: received.sizeBytes }, received };
}

function create(input: CreateFunctionRequest, prepared: Prepared, ctx: Context): FunctionVersion {
  const { FunctionName: name, CodeSigningConfigArn: codeSigningConfigArn } = input;
  if (ctx.db(functions).has(name)) throw functionExists(name);
  if (prepared.package) keepPackage(ctx, prepared.package);
  for (const content of prepared.layers.packages) keepPackage(ctx, content);
  const now = ctx.clock.now();
  ctx.db(functions).add({
    name,
    createdAt: now,
    id: ctx.ids.hex(16),
    lastVersion: 0,
    ...(codeSigningConfigArn && { codeSigningConfigArn }),
  });
  const made = ctx.db(versions).add({
    name,
    number: 0,
    settings: prepared.settings,
    code: prepared.code,
    variables: prepared.variables,
    ...newRevisions(ctx),
    modifiedAt: now,
    state: { state: "Pending", since: now },
    update: { state: "Successful", since: now },
    incarnation: ctx.ids.hex(16),
  });
  tagNew(ctx, "lambda:TagResource", functionArn(ctx, name), input.Tags);
  return input.Publish ? publish(ctx, made, {}) : made;
}

export const GetFunction = operation(lambda.GetFunction, {
  ...onFunction,

  async body(input, ctx): Promise<lambda.GetFunctionResponse> {
    const { name, qualifier } = namedFunction(input);
    const found = ctx.reading(() => ({
      version: requireQualified(ctx, name, qualifier).version,
      reserved: requireFunction(ctx, name).reservedConcurrency,
      Tags: ctx.tags(functionArn(ctx, name)).get(),
    }));
    const { version, reserved, Tags } = found;
    return {
      Configuration: await showFunction(ctx, version, { qualifier }),
      Code: codeLocation(ctx, version),
      ...(Object.keys(Tags).length > 0 && { Tags }),
      ...(reserved !== undefined && { Concurrency: { ReservedConcurrentExecutions: reserved } }),
    };
  },
});

export const GetFunctionConfiguration = operation(lambda.GetFunctionConfiguration, {
  ...onFunction,

  async body(input, ctx): Promise<FunctionConfiguration> {
    const { name, qualifier } = namedFunction(input);
    const { version } = ctx.reading(() => requireQualified(ctx, name, qualifier));
    return showFunction(ctx, version, { qualifier });
  },
});

/** @evidence Lambda API Reference, ListFunctions: 50 functions a page; `ALL` lists their versions too */
export const listedMax = 50;

export const ListFunctions = operation(lambda.ListFunctions, {
  async body(input, ctx): Promise<lambda.ListFunctionsResponse> {
    const isAll = input.FunctionVersion === "ALL";
    const { items, next } = ctx.reading(() => page({
      rows: ctx.db(versions),
      key: (row) => [row.name, row.number],
      keep: (row) => isAll || row.number === 0,
      limit: Math.min(input.MaxItems ?? listedMax, listedMax),
      token: input.Marker,
      scope: `ListFunctions ${isAll}`,
      invalid: invalidMarker,
    }));
    const shown = items.map((version) => {
      const qualifier = isAll ? (version.number === 0 ? latest : String(version.number)) : undefined;
      return showFunction(ctx, version, { qualifier, withState: false });
    });
    return { Functions: await Promise.all(shown), NextMarker: next };
  },
});

export const DeleteFunction = operation(lambda.DeleteFunction, {
  ...onFunction,

  async body(input, ctx): Promise<lambda.DeleteFunctionResponse> {
    const { name, qualifier } = namedFunction(input);
    if (qualifier !== undefined) await deleteVersion(ctx, name, qualifier);
    else {
      const arn = ctx.transaction((within) => {
        requireFunction(within, name);
        forgetFunction(within, name);
        return functionArn(within, name);
      });
      (await ctx.kernel.planes.openFunctions)?.retire(arn);
    }
    return { StatusCode: 204 };
  },
});

/** Deleting a version that is not there succeeds. @evidence answers of AWS compared by Floci, issue 2819 */
async function deleteVersion(ctx: BodyContext, name: string, qualifier: string): Promise<void> {
  const removed = ctx.transaction((within) => {
    requireFunction(within, name);
    if (qualifier === latest) throw latestStays();
    if (!isVersionNumber(qualifier)) throw aliasIsNoVersion();
    const users = aliasesOf(within, name).filter(
      ({ version, weights }) => version === qualifier || weights?.[qualifier] !== undefined,
    );
    if (users.length > 0) throw versionInUse(users.map((alias) => alias.alias));
    const version = within.db(versions).get([name, Number(qualifier)]);
    if (!version) return undefined;
    removeVersion(within, version);
    forgetQualifier(within, name, qualifier);
    return version;
  });
  if (removed) await retireEnvironments(ctx, removed);
}
