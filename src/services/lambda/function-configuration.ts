/** What a function is configured with: defaults, rules, and how it is shown. */

import type {
  CreateFunctionRequest, DurableConfig, FunctionConfiguration, LastUpdateStatusReasonCode, LoggingConfig,
  UpdateFunctionConfigurationRequest,
} from "../../generated/lambda.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { durableFromStart, durableTimeoutRequired } from "./durable-errors.ts";
import { showVariables } from "./environment-variables.ts";
import { levelsNeedJson, notForImages, notForPackages, runtimeAndHandlerRequired } from "./errors.ts";
import { retentionDaysDefault } from "./durable-start.ts";
import { functionArn } from "./function-names.ts";
import {
  creation, revisionOf, updating, versionName, type FunctionVersion, type LayerReference, type Settings,
} from "./function-table.ts";
import { requireRuntime, runtimeVersionArn } from "./runtimes.ts";
import { isOptimized, requireSnapshotable } from "./snap-start.ts";

/** @evidence Lambda API Reference, CreateFunction: defaults */
const timeoutSecondsDefault = 3;
const memoryMegabytesDefault = 128;
const storageMegabytesDefault = 512;

/** What a request leaves out stays as it is, or is the default. */
type Given = Omit<CreateFunctionRequest, "FunctionName" | "Role" | "Code"> & {
  readonly Role?: string | undefined,
};

/** @throws AwsError for what can't be together, and for what this region can't do */
export function settingsOf(input: CreateFunctionRequest, layers: readonly LayerReference[]): Settings {
  requireSupported(input);
  const isImage = input.PackageType === "Image";
  requireFitting(input, isImage);
  if (!isImage && (!input.Runtime || !input.Handler)) throw runtimeAndHandlerRequired();
  const bare: Settings = {
    Role: input.Role,
    PackageType: input.PackageType ?? "Zip",
    Description: "",
    Timeout: timeoutSecondsDefault,
    MemorySize: memoryMegabytesDefault,
    Architectures: input.Architectures ?? ["x86_64"],
    EphemeralStorage: { Size: storageMegabytesDefault },
    TracingConfig: { Mode: "PassThrough" },
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${input.FunctionName}` },
    SnapStart: { ApplyOn: "None" },
    Layers: layers,
    TenancyConfig: input.TenancyConfig,
  };
  const settings = merged(bare, input, layers);
  requireSnapshotable(settings);
  return settings;
}

/** @throws AwsError as `settingsOf` */
export function changedSettings(
  settings: Settings, input: UpdateFunctionConfigurationRequest,
  layers: readonly LayerReference[] | undefined,
): Settings {
  requireSupported(input);
  requireFitting(input, settings.PackageType === "Image");
  if (input.DurableConfig && !settings.DurableConfig) throw durableFromStart();
  const changed = merged(settings, input, layers ?? settings.Layers);
  requireSnapshotable(changed);
  return changed;
}

/** What is said of images belongs to images alone, and the other way round. */
function requireFitting({ Runtime, Handler, Layers, ImageConfig }: Given, isImage: boolean): void {
  if (isImage && (Runtime || Handler || Layers?.length)) throw notForImages();
  if (!isImage && Object.values(ImageConfig ?? {}).some((value) => value !== undefined && value.length > 0)) {
    throw notForPackages();
  }
}

function merged(settings: Settings, input: Given, layers: readonly LayerReference[]): Settings {
  const emptied = <T>(
    given: T | undefined, kept: T | undefined, isEmpty: (value: T) => boolean,
  ): T | undefined =>
    given === undefined ? kept : isEmpty(given) ? undefined : given;
  return {
    ...settings,
    Role: input.Role ?? settings.Role,
    Runtime: input.Runtime === undefined ? settings.Runtime : requireRuntime(input.Runtime),
    Handler: input.Handler ?? settings.Handler,
    Description: input.Description ?? settings.Description,
    Timeout: input.Timeout ?? settings.Timeout,
    MemorySize: input.MemorySize ?? settings.MemorySize,
    EphemeralStorage: input.EphemeralStorage ?? settings.EphemeralStorage,
    TracingConfig: { ...settings.TracingConfig, ...input.TracingConfig },
    LoggingConfig: loggingOf(settings.LoggingConfig, input.LoggingConfig),
    SnapStart: input.SnapStart ?? settings.SnapStart,
    VpcConfig: emptied(input.VpcConfig, settings.VpcConfig, ({ SubnetIds }) => !SubnetIds?.length),
    DeadLetterTarget: emptied(
      input.DeadLetterConfig?.TargetArn, settings.DeadLetterTarget, (arn) => arn === "",
    ),
    KMSKeyArn: emptied(input.KMSKeyArn, settings.KMSKeyArn, (arn) => arn === ""),
    ImageConfig: input.ImageConfig ?? settings.ImageConfig,
    DurableConfig: durableOf(settings.DurableConfig, input.DurableConfig),
    Layers: layers,
  };
}

/** @evidence Lambda Developer Guide, "Configure Lambda durable functions": a timeout is required */
function durableOf(
  kept: DurableConfig | undefined, given: DurableConfig | undefined,
): DurableConfig | undefined {
  if (!kept && !given) return undefined;
  const config = { RetentionPeriodInDays: retentionDaysDefault, ...kept, ...given };
  if (config.ExecutionTimeout === undefined) throw durableTimeoutRequired();
  return config;
}

/** @evidence Lambda Developer Guide, "Configuring advanced logging controls": levels belong to JSON */
function loggingOf(kept: LoggingConfig, given: LoggingConfig | undefined): LoggingConfig {
  const { LogFormat, LogGroup, ApplicationLogLevel, SystemLogLevel } = { ...kept, ...given };
  if (LogFormat !== "JSON") {
    if (given?.ApplicationLogLevel || given?.SystemLogLevel) throw levelsNeedJson();
    return { LogFormat, LogGroup };
  }
  return {
    LogFormat, LogGroup,
    ApplicationLogLevel: ApplicationLogLevel ?? "INFO",
    SystemLogLevel: SystemLogLevel ?? "INFO",
  };
}

/** What would have to be there and is not is refused, so that nothing is promised. */
function requireSupported(input: Given): void {
  if (input.FileSystemConfigs?.length) throw notImplemented("A file system of a Lambda function");
  if (input.CapacityProviderConfig) throw notImplemented("A capacity provider of Lambda Managed Instances");
}

export interface Shown {
  /** In the ARN: absent where the request named none. */
  readonly qualifier?: string | undefined;
  /** Lists and requests that change a function show less than those that look at one. */
  readonly withState?: boolean;
}

/** Without its variables: those need the caller's permission where they are encrypted. */
export function showConfiguration(
  ctx: BodyContext, version: FunctionVersion, { qualifier, withState = true }: Shown = {},
): FunctionConfiguration {
  const { settings, name, number, code } = version;
  const now = ctx.clock.now();
  const { Layers, DeadLetterTarget, SnapStart, VpcConfig, ImageConfig, Architectures, ...plain } = settings;
  return {
    FunctionName: name,
    FunctionArn: functionArn(ctx, name, qualifier),
    ...plain,
    Architectures: [...Architectures],
    CodeSize: code.kind === "zip" ? code.sizeBytes : 0,
    CodeSha256: code.kind === "folder" ? "" : code.sha256,
    LastModified: timestamp(version.modifiedAt),
    Version: versionName(number),
    RevisionId: revisionOf(version, now),
    FileSystemConfigs: undefined,
    SnapStart: { ApplyOn: SnapStart.ApplyOn, OptimizationStatus: isOptimized(version) ? "On" : "Off" },
    ...(VpcConfig && { VpcConfig: { ...VpcConfig, VpcId: "" } }),
    ...(DeadLetterTarget !== undefined && { DeadLetterConfig: { TargetArn: DeadLetterTarget } }),
    ...(ImageConfig && { ImageConfigResponse: { ImageConfig } }),
    ...(Layers.length > 0 && {
      Layers: Layers.map(({ arn, sizeBytes }) => ({ Arn: arn, CodeSize: sizeBytes })),
    }),
    ...(withState && states(version, now)),
    ...(withState && settings.Runtime && {
      RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(ctx.region, settings.Runtime) },
    }),
  };
}

/** AWS answers it, and its model does not know it. */
const beingUpdated = "Creating" as string as LastUpdateStatusReasonCode;

/**
 * @evidence Lambda Developer Guide, "Lambda function states"; recorded AWS answers to CreateFunction and
 *   UpdateFunctionConfiguration, which is told of in the same words
 */
function states(version: FunctionVersion, now: number): Partial<FunctionConfiguration> {
  const { state } = creation.at(version.state, now);
  if (state === "Pending") {
    return { State: state, StateReason: "The function is being created.", StateReasonCode: "Creating" };
  }
  const update = updating.at(version.update, now).state;
  if (update === "Successful") return { State: state, LastUpdateStatus: update };
  return {
    State: state,
    LastUpdateStatus: update,
    LastUpdateStatusReason: "The function is being created.",
    LastUpdateStatusReasonCode: beingUpdated,
  };
}

/** With its variables, as this caller may see them. */
export async function showFunction(
  ctx: BodyContext, version: FunctionVersion, shown: Shown = {},
): Promise<FunctionConfiguration> {
  const configuration = ctx.reading(() => showConfiguration(ctx, version, shown));
  const arn = ctx.reading(() => functionArn(ctx, version.name));
  const Environment = await showVariables(ctx, version.variables, arn);
  return Environment ? { ...configuration, Environment } : configuration;
}

/** `2026-01-01T00:00:00.000+0000` */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "+0000");
}
