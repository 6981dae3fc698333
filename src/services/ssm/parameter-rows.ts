/** Parameters and their versions as they are kept. */

import type { ParameterTier, ParameterType } from "../../generated/ssm.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { parameterNotFound, versionNotFound } from "./errors.ts";
import type { ParameterReference } from "./names.ts";
import type { ParameterPolicy } from "./policy-rules.ts";

/** A version, and all that PutParameter can change. */
export interface ParameterVersion {
  readonly name: string;
  readonly version: number;
  readonly type: ParameterType;
  /** Of a String or StringList the text itself; of a SecureString the ciphertext in base64. */
  readonly value: string;
  /** How a SecureString is encrypted: by KMS itself, or under a data key. */
  readonly sealing?: "direct" | "envelope";
  readonly keyId?: string;
  readonly description?: string;
  readonly allowedPattern?: string;
  readonly tier: Exclude<ParameterTier, "Intelligent-Tiering">;
  readonly dataType: string;
  readonly policies: readonly ParameterPolicy[];
  readonly labels: readonly string[];
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly modifiedBy: string;
}

/** Which version of a parameter is the latest. */
export interface Parameter {
  readonly name: string;
  readonly version: number;
  readonly tier: ParameterVersion["tier"];
}

export const parameters = table<Parameter, "tier">("ssm.parameters", {
  key: (row) => row.name,
  indexes: { tier: (row) => row.tier },
});

export const versions = table<ParameterVersion>(
  "ssm.parameterVersions", { key: (row) => [row.name, row.version] },
);

export function findLatest(ctx: ReadContext, name: string): ParameterVersion | undefined {
  const parameter = ctx.db(parameters).get(name);
  return parameter && ctx.db(versions).get([name, parameter.version]);
}

/** An ARN does not tell `name` from `/name`. */
export function findName(ctx: ReadContext, name: string): string | undefined {
  if (ctx.db(parameters).has(name)) return name;
  return ctx.db(parameters).has(`/${name}`) ? `/${name}` : undefined;
}

export function requireLatest(ctx: ReadContext, name: string): ParameterVersion {
  const latest = findLatest(ctx, name);
  if (!latest) throw parameterNotFound();
  return latest;
}

/** The latest version, or the one that a number or a label selects. */
export function requireVersion(ctx: ReadContext, reference: ParameterReference): ParameterVersion {
  const name = reference.isArn ? findName(ctx, reference.name) : reference.name;
  const latest = requireLatest(ctx, name ?? reference.name);
  if (reference.selector === undefined) return latest;
  const selector = reference.selector.slice(1);
  const found = /^\d+$/.test(selector) ? ctx.db(versions).get([latest.name, Number(selector)])
    : labelled(ctx, latest.name, selector);
  if (!found) throw versionNotFound(latest.name, selector);
  return found;
}

export function labelled(ctx: ReadContext, name: string, label: string): ParameterVersion | undefined {
  for (const version of ctx.db(versions).list({ prefix: [name] })) {
    if (version.labels.includes(label)) return version;
  }
  return undefined;
}

export function putVersion(ctx: Context, version: ParameterVersion): void {
  ctx.db(versions).put(version);
  ctx.db(parameters).put({ name: version.name, version: version.version, tier: version.tier });
}
