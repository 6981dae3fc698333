/** UpdateFunctionCode and UpdateFunctionConfiguration. */

import * as lambda from "../../generated/lambda.ts";
import type {
  FunctionConfiguration, UpdateFunctionCodeRequest, UpdateFunctionConfigurationRequest,
} from "../../generated/lambda.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { requireCodeSigning } from "./code-signing-table.ts";
import { settingsConditions } from "./condition-keys.ts";
import { requireDeadLetterTarget } from "./dead-letters.ts";
import { readVariables, requireVariables, sealVariables } from "./environment-variables.ts";
import { imageUnwanted } from "./errors.ts";
import { authorizePassing, requireAssumable, roleCredentials } from "./execution-role.ts";
import { keepPackage, receivePackage, releaseCode, unzippedBytesOf, type Package } from "./function-code.ts";
import { changedSettings, showFunction } from "./function-configuration.ts";
import { imageCode } from "./function-images.ts";
import { requireNetwork } from "./function-network.ts";
import { functionArn, nameOfLatest, onWholeFunction } from "./function-names.ts";
import {
  changeLatest, requireChangeable, requireFunction, requireLatest, requireRevision, type Code,
  type FunctionVersion,
} from "./function-table.ts";
import { retireEnvironments } from "./function-specs.ts";
import { hotFolder } from "./hot-reload.ts";
import { layersOf, requireRoomBesideLayers, type UsedLayers } from "./layer-table.ts";
import { publish } from "./publishing.ts";

/** `$LATEST`, if it may be changed and is the one that the caller means. */
function requireOpen(ctx: Context, name: string, revisionId: string | undefined): FunctionVersion {
  const version = requireLatest(ctx, name);
  requireRevision(ctx, version, revisionId);
  requireChangeable(ctx, version);
  return version;
}

export const UpdateFunctionCode = operation(lambda.UpdateFunctionCode, {
  ...onWholeFunction,

  async body(input, ctx): Promise<FunctionConfiguration> {
    const name = nameOfLatest(input.FunctionName);
    const version = ctx.transaction((within) => {
      const open = requireOpen(within, name, input.RevisionId);
      requireCodeSigning(within, requireFunction(within, name).codeSigningConfigArn);
      return open;
    });
    const { code, received } = await newCode(ctx, input, version);
    if (input.DryRun) return showFunction(ctx, { ...version, code });
    const changed = ctx.transaction((within) => {
      const open = requireOpen(within, name, input.RevisionId);
      if (received) keepPackage(within, received);
      if (open.code.kind === "zip") releaseCode(within, open.code.sha256);
      const { settings } = open;
      const Architectures = input.Architectures ?? settings.Architectures;
      const latest = changeLatest(within, open, { code, settings: { ...settings, Architectures } });
      return input.Publish ? publish(within, latest, {}) : latest;
    });
    await retireEnvironments(ctx, version);
    return showFunction(ctx, changed, changed.number > 0 ? { qualifier: String(changed.number) } : {});
  },
});

async function newCode(
  ctx: BodyContext, input: UpdateFunctionCodeRequest, { settings }: FunctionVersion,
): Promise<{ readonly code: Code; readonly received?: Package }> {
  if (settings.PackageType === "Image") {
    return { code: await imageCode(ctx, input.ImageUri, "UpdateFunctionCode") };
  }
  if (input.ImageUri) throw imageUnwanted();
  if (input.SourceKMSKeyArn) {
    throw notImplemented("A package of a Lambda function encrypted with a customer managed key");
  }
  const folder = hotFolder(ctx, input);
  if (folder !== undefined) return { code: { kind: "folder", path: folder } };
  const received = await receivePackage(ctx, input, "UpdateFunctionCode");
  ctx.reading(() => requireRoomBesideLayers(ctx, received.unzippedBytes, settings.Layers));
  return { code: { kind: "zip", sha256: received.sha256, sizeBytes: received.sizeBytes }, received };
}

interface Prepared {
  readonly layers: UsedLayers | undefined;
  readonly variables: FunctionVersion["variables"];
}

export const UpdateFunctionConfiguration = operation(lambda.UpdateFunctionConfiguration, {
  ...onWholeFunction,
  conditions: settingsConditions,

  async body(input, ctx): Promise<FunctionConfiguration> {
    const name = nameOfLatest(input.FunctionName);
    requireVariables(input.Environment?.Variables ?? {});
    const version = ctx.transaction((within) => {
      const open = requireOpen(within, name, input.RevisionId);
      if (input.Role !== undefined) authorizePassing(within, input.Role, name);
      return open;
    });
    changedSettings(version.settings, input, undefined);
    const prepared = await prepare(ctx, input, version);
    const changed = ctx.transaction((within) => {
      const open = requireOpen(within, name, input.RevisionId);
      const { layers, variables } = prepared;
      if (layers) {
        for (const content of layers.packages) keepPackage(within, content);
        for (const { sha256 } of open.settings.Layers) releaseCode(within, sha256);
      }
      const settings = changedSettings(open.settings, input, layers?.references);
      return changeLatest(within, open, { settings, variables });
    });
    await retireEnvironments(ctx, version);
    return showFunction(ctx, changed);
  },
});

async function prepare(
  ctx: BodyContext, input: UpdateFunctionConfigurationRequest, version: FunctionVersion,
): Promise<Prepared> {
  const { name, settings, code } = version;
  const role = input.Role ?? settings.Role;
  if (input.Role !== undefined) await requireAssumable(ctx, { name, role });
  const codeBytes = code.kind === "zip" ? ctx.reading(() => unzippedBytesOf(ctx, code.sha256)) : 0;
  const layers = input.Layers && (await layersOf(ctx, input.Layers, codeBytes));
  await requireDeadLetterTarget(ctx, input.DeadLetterConfig?.TargetArn, { name, role });
  if (input.VpcConfig || input.Role !== undefined) {
    await requireNetwork(ctx, input.VpcConfig ?? settings.VpcConfig, { name, role });
  }
  return { layers, variables: await newVariables(ctx, input, version, role) };
}

/** Another key encrypts anew what is there, other variables replace it. */
async function newVariables(
  ctx: BodyContext, input: UpdateFunctionConfigurationRequest, version: FunctionVersion, role: string,
): Promise<FunctionVersion["variables"]> {
  const { name, settings } = version;
  const keyArn = (input.KMSKeyArn ?? settings.KMSKeyArn) || undefined;
  const isSameKey = keyArn === settings.KMSKeyArn && role === settings.Role;
  const given = input.Environment?.Variables;
  if (given === undefined && isSameKey) return version.variables;
  const functionName = ctx.reading(() => functionArn(ctx, name));
  const { sessionToken } = await roleCredentials(ctx, { name, role: settings.Role });
  const variables = given ?? (await readVariables(ctx, version.variables, functionName, sessionToken));
  return sealVariables(ctx, variables, keyArn, { functionArn: functionName, role });
}
