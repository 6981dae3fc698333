/** A function and its versions as rows: `$LATEST` is the version with the number 0. */

import type {
  Architecture, DurableConfig, EphemeralStorage, FileSystemConfig, ImageConfig, LoggingConfig, PackageType,
  RecursiveLoop, Runtime, SnapStart, TenancyConfig, TracingConfig, VpcConfig,
} from "../../generated/lambda.ts";
import { lifecycle, type Phase } from "../../jobs/lifecycle.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { functionNotFound, functionPending, otherRevision, updateInProgress } from "./errors.ts";
import { functionArn, latest } from "./function-names.ts";

/** What belongs to the function as a whole. */
export interface Function {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Tells a function from an earlier one of its name. */
  readonly id: string;
  /** Numbers are not used again, also when their versions are gone. */
  readonly lastVersion: number;
  readonly reservedConcurrency?: number | undefined;
  readonly recursiveLoop?: RecursiveLoop | undefined;
  readonly codeSigningConfigArn?: string | undefined;
}

/** Where a version's code is. */
export type Code =
  | { readonly kind: "zip"; readonly sha256: string; readonly sizeBytes: number }
  /** `imageId` is the container engine's name of it, where there was one when the function was made. */
  | {
    readonly kind: "image"; readonly uri: string; readonly sha256: string;
    readonly imageId?: string | undefined;
  }
  /** A folder of this machine, read anew whenever something in it changes. */
  | { readonly kind: "folder"; readonly path: string };

/** What is encrypted with a key of the customer is kept as it was encrypted. */
export type Variables =
  | { readonly kind: "plain"; readonly variables: Readonly<Record<string, string>> }
  | { readonly kind: "encrypted"; readonly ciphertext: Buffer; readonly grantId: string };

/** The members of requests under their own names, with AWS's defaults. */
export interface Settings {
  readonly Role: string;
  readonly PackageType: PackageType;
  readonly Runtime?: Runtime | undefined;
  readonly Handler?: string | undefined;
  readonly Description: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Architectures: readonly Architecture[];
  readonly EphemeralStorage: EphemeralStorage;
  readonly TracingConfig: TracingConfig;
  readonly LoggingConfig: LoggingConfig;
  readonly SnapStart: SnapStart;
  readonly VpcConfig?: VpcConfig | undefined;
  readonly DeadLetterTarget?: string | undefined;
  readonly KMSKeyArn?: string | undefined;
  readonly Layers: readonly LayerReference[];
  readonly FileSystemConfigs?: readonly FileSystemConfig[] | undefined;
  readonly ImageConfig?: ImageConfig | undefined;
  readonly DurableConfig?: DurableConfig | undefined;
  readonly TenancyConfig?: TenancyConfig | undefined;
}

export interface LayerReference {
  readonly arn: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface FunctionVersion {
  readonly name: string;
  readonly number: number;
  readonly settings: Settings;
  readonly code: Code;
  readonly variables?: Variables | undefined;
  readonly revisionId: string;
  /** The revision as long as `state` and `update` are not where they stay: coming there is one more. */
  readonly interimRevisionId?: string | undefined;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly state: Phase<"Pending" | "Active">;
  readonly update: Phase<"InProgress" | "Successful">;
  /** What a warm environment was started with: changes with code and configuration. */
  readonly incarnation: string;
  readonly runtimeManagement?: {
    readonly UpdateRuntimeOn: "Auto" | "Manual" | "FunctionUpdate";
    readonly RuntimeVersionArn?: string | undefined;
  };
}

export const functions = table<Function>("lambda.functions", { key: (row) => row.name });

export const versions = table<FunctionVersion>("lambda.versions", {
  key: (row) => [row.name, row.number],
});

/** @evidence Lambda Developer Guide, "Lambda function states": zip functions take about a second */
export const creation = lifecycle<"Pending" | "Active">({
  Pending: { to: "Active", afterMilliseconds: 500 },
});
export const updating = lifecycle<"InProgress" | "Successful">({
  InProgress: { to: "Successful", afterMilliseconds: 500 },
});

export function findVersion(ctx: ReadContext, name: string, number = 0): FunctionVersion | undefined {
  return ctx.db(versions).get([name, number]);
}

/** @throws AwsError when the function is not there */
export function requireFunction(ctx: ReadContext, name: string, qualifier?: string): Function {
  const found = ctx.db(functions).get(name);
  if (!found) throw functionNotFound(functionArn(ctx, name, qualifier));
  return found;
}

/** `$LATEST` of a function. @throws AwsError when the function is not there */
export function requireLatest(ctx: ReadContext, name: string): FunctionVersion {
  const found = findVersion(ctx, name);
  if (!found) throw functionNotFound(functionArn(ctx, name));
  return found;
}

export function numberOf(version: string): number {
  return version === latest ? 0 : Number(version);
}

export function versionName(number: number): string {
  return number === 0 ? latest : String(number);
}

export function stateOf(version: FunctionVersion, now: number): "Pending" | "Active" {
  return creation.at(version.state, now).state;
}

/** Whether the function may be changed now. @throws AwsError while it is being made or changed */
export function requireChangeable(ctx: ReadContext, version: FunctionVersion): void {
  const now = ctx.clock.now();
  const state = stateOf(version, now);
  if (state !== "Active") throw functionPending(state);
  if (updating.at(version.update, now).state === "InProgress") {
    throw updateInProgress(functionArn(ctx, version.name));
  }
}

function isUnderWay(version: FunctionVersion, now: number): boolean {
  return stateOf(version, now) === "Pending" || updating.at(version.update, now).state === "InProgress";
}

/** @evidence recorded AWS answers: a function has another revision when it becomes active, or is updated */
export function revisionOf(version: FunctionVersion, now: number): string {
  const { revisionId, interimRevisionId } = version;
  return interimRevisionId !== undefined && isUnderWay(version, now) ? interimRevisionId : revisionId;
}

/** @throws AwsError when the caller means another revision */
export function requireRevision(
  ctx: ReadContext, version: FunctionVersion, given: string | undefined,
): void {
  if (given !== undefined && given !== revisionOf(version, ctx.clock.now())) throw otherRevision();
}

/** The revisions of what has just been begun. */
export function newRevisions(ctx: Context): Pick<FunctionVersion, "revisionId" | "interimRevisionId"> {
  return { revisionId: ctx.ids.uuid(), interimRevisionId: ctx.ids.uuid() };
}

/** A change to `$LATEST` that its environments must be started anew for. */
export function changeLatest(
  ctx: Context, version: FunctionVersion, change: Partial<FunctionVersion>,
): FunctionVersion {
  const now = ctx.clock.now();
  return ctx.db(versions).put({
    ...version,
    ...change,
    ...newRevisions(ctx),
    incarnation: ctx.ids.hex(16),
    modifiedAt: now,
    update: { state: "InProgress", since: now },
  });
}

/** Something beside the version has changed, which its revision tells: its policy, or what came of it. */
export function touchVersion(ctx: Context, version: FunctionVersion): FunctionVersion {
  const { revisionId, interimRevisionId } = newRevisions(ctx);
  return ctx.db(versions).put({
    ...version, revisionId, ...(version.interimRevisionId !== undefined && { interimRevisionId }),
  });
}
