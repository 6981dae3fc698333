/** What a qualifier means: a version, or by an alias one of two. */

import type { ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { aliases, type Alias } from "./alias-table.ts";
import { aliasNotFound, functionNotFound } from "./errors.ts";
import { functionArn, isVersionNumber, latest } from "./function-names.ts";
import { findVersion, requireFunction, revisionOf, type FunctionVersion } from "./function-table.ts";

export interface Qualified {
  readonly version: FunctionVersion;
  readonly alias: Alias | undefined;
}

/** @throws AwsError when function, version or alias are not there */
export function requireQualified(ctx: ReadContext, name: string, qualifier: string | undefined): Qualified {
  requireFunction(ctx, name, qualifier);
  if (qualifier === undefined || qualifier === latest || isVersionNumber(qualifier)) {
    return { version: requireVersion(ctx, name, qualifier ?? latest, qualifier), alias: undefined };
  }
  const alias = ctx.db(aliases).get([name, qualifier]);
  if (!alias) throw aliasNotFound(functionArn(ctx, name, qualifier));
  return { version: requireVersion(ctx, name, alias.version, qualifier), alias };
}

/** What a policy's revision is, too: its statements belong to what they are about. */
export function revisionOfQualified(ctx: ReadContext, { version, alias }: Qualified): string {
  return alias?.revisionId ?? revisionOf(version, ctx.clock.now());
}

/** Undefined when function, version or alias are not there. */
export function findQualified(
  ctx: ReadContext, name: string, qualifier: string | undefined,
): Qualified | undefined {
  try {
    return requireQualified(ctx, name, qualifier);
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

export function requireVersion(
  ctx: ReadContext, name: string, version: string, qualifier: string | undefined = version,
): FunctionVersion {
  const found = findVersion(ctx, name, version === latest ? 0 : Number(version));
  if (!found) throw functionNotFound(functionArn(ctx, name, qualifier));
  return found;
}

/**
 * The version that an invocation goes to: aliases share theirs out by weight. @param chance from 0 up to 1
 */
export function routed(
  ctx: ReadContext, { version, alias }: Qualified, chance: () => number,
): FunctionVersion {
  const weights = Object.entries(alias?.weights ?? {});
  if (weights.length === 0) return version;
  let left = chance();
  for (const [number, weight] of weights) {
    if (left < weight) return findVersion(ctx, version.name, Number(number)) ?? version;
    left -= weight;
  }
  return version;
}
