/** What the plane is told of a version: made once for each, and kept. */

import type { BodyContext } from "../../kernel/context.ts";
import type { CodeSource, FunctionSpec, ImageSource } from "../../planes/functions/contract.ts";
import { readVariables } from "./environment-variables.ts";
import { roleCredentials } from "./execution-role.ts";
import { archiveOf } from "./function-code.ts";
import { logSink } from "./function-logs.ts";
import { functionArn } from "./function-names.ts";
import { versionName, type FunctionVersion } from "./function-table.ts";
import { runtimeVersionArn } from "./runtimes.ts";
import { isOptimized } from "./snap-start.ts";

/** Variables that are encrypted are decrypted each time, so that a key that is disabled is noticed. */
export function specOf(ctx: BodyContext, version: FunctionVersion): FunctionSpec | Promise<FunctionSpec> {
  const cache = ctx.kernel.cacheFor<FunctionSpec>("lambda.specs");
  const { variables } = version;
  const key = planeRevision(ctx, version);
  const known = cache.get(key);
  if (variables?.kind === "encrypted") {
    return withVariables(ctx, version, known ?? keep(specWithout(ctx, version)));
  }
  return known ?? keep({ ...specWithout(ctx, version), environment: variables?.variables ?? {} });

  function keep(spec: FunctionSpec): FunctionSpec {
    cache.set(key, spec);
    return spec;
  }
}

/** What the plane tells environments apart by. */
function planeRevision(ctx: BodyContext, { name, incarnation }: FunctionVersion): string {
  return `${ctx.account} ${ctx.region} ${name} ${incarnation}`;
}

/** The environments of a version that is another now, or gone, serve nobody any more. */
export async function retireEnvironments(ctx: BodyContext, version: FunctionVersion): Promise<void> {
  const plane = await ctx.kernel.planes.openFunctions;
  plane?.retire(ctx.reading(() => functionArn(ctx, version.name)), planeRevision(ctx, version));
}

async function withVariables(
  ctx: BodyContext, { name, settings, variables }: FunctionVersion, spec: FunctionSpec,
): Promise<FunctionSpec> {
  const { sessionToken } = await roleCredentials(ctx, { name, role: settings.Role });
  return { ...spec, environment: await readVariables(ctx, variables, spec.functionArn, sessionToken) };
}

function specWithout(ctx: BodyContext, version: FunctionVersion): FunctionSpec {
  const { name, settings, number } = version;
  const { LoggingConfig: logging, Role: role } = settings;
  const logGroupName = logging.LogGroup ?? `/aws/lambda/${name}`;
  const { ApplicationLogLevel: applicationLevel, SystemLogLevel: systemLevel } = logging;
  return {
    revision: planeRevision(ctx, version),
    functionArn: ctx.reading(() => functionArn(ctx, name)),
    functionName: name,
    version: versionName(number),
    ...(settings.Runtime && {
      runtime: settings.Runtime,
      runtimeVersionArn: runtimeVersionArn(ctx.region, settings.Runtime),
    }),
    ...(settings.Handler && { handler: settings.Handler }),
    code: codeOf(ctx, version),
    layers: settings.Layers.map(({ sha256 }) => archiveOf(ctx, sha256)),
    environment: {},
    memoryMegabytes: settings.MemorySize,
    timeoutSeconds: settings.Timeout,
    ephemeralStorageMegabytes: settings.EphemeralStorage.Size,
    architecture: settings.Architectures[0] ?? "x86_64",
    snapStart: isOptimized(version),
    logging: {
      format: logging.LogFormat ?? "Text",
      logGroupName,
      ...(applicationLevel && { applicationLevel }),
      ...(systemLevel && { systemLevel }),
      sink: logSink(ctx, { name, role, logGroupName }),
    },
    credentials: () => roleCredentials(ctx, { name, role }),
  };
}

function codeOf(ctx: BodyContext, { code, settings }: FunctionVersion): CodeSource | ImageSource {
  if (code.kind === "zip") return archiveOf(ctx, code.sha256);
  if (code.kind === "folder") return { kind: "folder", path: code.path };
  const { EntryPoint, Command, WorkingDirectory } = settings.ImageConfig ?? {};
  return {
    uri: code.uri,
    ...(code.imageId !== undefined && { id: code.imageId }),
    ...(EntryPoint && { entryPoint: EntryPoint }),
    ...(Command && { command: Command }),
    ...(WorkingDirectory && { workingDirectory: WorkingDirectory }),
  };
}
