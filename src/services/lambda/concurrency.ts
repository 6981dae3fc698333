/** Reserved and provisioned concurrency, and what the account has of both. */

import * as lambda from "../../generated/lambda.ts";
import type { PutProvisionedConcurrencyConfigResponse } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { configsOfVersion, provisionedConfigs, type ProvisionedConfig } from "./concurrency-table.ts";
import {
  aliasNotFound, aliasProvisioned, forWholeFunctions, invalidMarker, noProvisioned, provisionedAboveAccount,
  provisionedAboveReserved, provisionedForLatest, provisionedIsOfVersions, provisionedTooMany,
  reservedBelowProvisioned, unreservedTooFew, versionProvisioned,
} from "./errors.ts";
import { codeStorageBytesMax, storedBytes, zipBytesMax } from "./function-code.ts";
import { timestamp } from "./function-configuration.ts";
import {
  functionArn, isVersionNumber, latest, namedFunction, onFunction, onWholeFunction, parseFunctionName,
} from "./function-names.ts";
import { functions, requireFunction, versionName } from "./function-table.ts";
import { reprovision } from "./provisioning.ts";
import { requireQualified, type Qualified } from "./qualifiers.ts";
import { requireNoSnapshot } from "./snap-start.ts";
import { requireNoTenants } from "./tenancy.ts";
import { concurrencyMax, provisionedTotal, reservedTotal, unreservedMin } from "./running.ts";
import { unzippedBytesMax } from "../../planes/functions/archive.ts";

export const PutFunctionConcurrency = operation(lambda.PutFunctionConcurrency, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name, qualifier } = parseFunctionName(input.FunctionName);
    if (qualifier !== undefined) throw forWholeFunctions();
    const found = requireFunction(ctx, name, latest);
    const reserved = input.ReservedConcurrentExecutions;
    if (concurrencyMax - reservedTotal(ctx, name) - reserved < unreservedMin) {
      throw unreservedTooFew(unreservedMin);
    }
    const provisioned = provisionedTotal(ctx, name);
    if (reserved < provisioned) throw reservedBelowProvisioned(reserved, provisioned);
    ctx.db(functions).put({ ...found, reservedConcurrency: reserved });
    return { ReservedConcurrentExecutions: reserved };
  },
});

export const GetFunctionConcurrency = operation(lambda.GetFunctionConcurrency, {
  ...onWholeFunction,

  run(input, ctx) {
    const { reservedConcurrency } = requireFunction(ctx, parseFunctionName(input.FunctionName).name);
    return { ReservedConcurrentExecutions: reservedConcurrency };
  },
});

export const DeleteFunctionConcurrency = operation(lambda.DeleteFunctionConcurrency, {
  ...onWholeFunction,

  run(input, ctx) {
    const { reservedConcurrency, ...rest } = requireFunction(ctx, parseFunctionName(input.FunctionName).name);
    if (reservedConcurrency !== undefined) ctx.db(functions).put(rest);
  },
});

/** @evidence recorded AWS answer to GetAccountSettings */
export const GetAccountSettings = operation(lambda.GetAccountSettings, {
  run(_input, ctx) {
    return {
      AccountLimit: {
        TotalCodeSize: codeStorageBytesMax,
        CodeSizeUnzipped: unzippedBytesMax,
        CodeSizeZipped: zipBytesMax,
        ConcurrentExecutions: concurrencyMax,
        UnreservedConcurrentExecutions: concurrencyMax - reservedTotal(ctx),
      },
      AccountUsage: { TotalCodeSize: storedBytes(ctx), FunctionCount: ctx.db(functions).count() },
    };
  },
});

/** `2026-01-01T00:00:00+0000` @evidence AWS CLI, examples of put- and get-provisioned-concurrency-config */
function wholeSeconds(milliseconds: number): string {
  return timestamp(milliseconds).replace(/\.\d{3}/, "");
}

function shown(row: ProvisionedConfig): PutProvisionedConcurrencyConfigResponse {
  const { requested, outcome } = row;
  const ready = outcome?.ready ?? 0;
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: ready,
    AllocatedProvisionedConcurrentExecutions: ready,
    Status: outcome === undefined ? "IN_PROGRESS" : ready >= requested ? "READY" : "FAILED",
    StatusReason: outcome?.failure,
    LastModified: wholeSeconds(row.modifiedAt),
  };
}

interface OfQualifier {
  readonly FunctionName: string;
  readonly Qualifier: string;
}

interface Provisionable extends Qualified {
  readonly name: string;
  readonly qualifier: string;
}

/** An alias of no function is an alias that is not there. @evidence recorded AWS answers to all three */
function requireProvisionable(ctx: ReadContext, input: OfQualifier): Provisionable {
  const { name, qualifier = latest } = namedFunction(input);
  const isAlias = qualifier !== latest && !isVersionNumber(qualifier);
  if (isAlias && !ctx.db(functions).has(name)) throw aliasNotFound(functionArn(ctx, name, qualifier));
  return { name, qualifier, ...requireQualified(ctx, name, qualifier) };
}

function findProvisioned(ctx: ReadContext, input: OfQualifier): ProvisionedConfig | undefined {
  const { name, qualifier } = requireProvisionable(ctx, input);
  if (qualifier === latest) throw provisionedIsOfVersions();
  return ctx.db(provisionedConfigs).get([name, qualifier]);
}

export const PutProvisionedConcurrencyConfig = operation(lambda.PutProvisionedConcurrencyConfig, {
  ...onFunction,

  run(input, ctx) {
    const { name, qualifier, version, alias } = requireProvisionable(ctx, input);
    if (version.number === 0) throw provisionedForLatest();
    const others = configsOfVersion(ctx, name, versionName(version.number))
      .filter((config) => isVersionNumber(config.qualifier) === (alias !== undefined));
    if (others.length > 0) throw alias ? versionProvisioned() : aliasProvisioned();
    requireNoTenants(version, "Provisioned concurrency");
    requireNoSnapshot(version);
    const requested = input.ProvisionedConcurrentExecutions;
    requireRoom(ctx, { name, qualifier, requested });
    const modifiedAt = ctx.clock.now();
    const row = ctx.db(provisionedConfigs).put({ name, qualifier, requested, modifiedAt });
    reprovision(ctx, name, versionName(version.number));
    return shown(row);
  },
});

/** @throws AwsError for more than the function has reserved, or else the account has left */
function requireRoom(
  ctx: ReadContext, config: Pick<ProvisionedConfig, "name" | "qualifier" | "requested">,
): void {
  const { name, qualifier, requested } = config;
  const { reservedConcurrency } = requireFunction(ctx, name);
  const total = requested + provisionedTotal(ctx, name, qualifier);
  if (reservedConcurrency !== undefined) {
    if (total > reservedConcurrency) throw provisionedAboveReserved();
    return;
  }
  if (requested > concurrencyMax) throw provisionedAboveAccount(concurrencyMax);
  if (concurrencyMax - reservedTotal(ctx, name) - total < unreservedMin) {
    throw provisionedTooMany(unreservedMin);
  }
}

export const GetProvisionedConcurrencyConfig = operation(lambda.GetProvisionedConcurrencyConfig, {
  ...onFunction,

  run(input, ctx) {
    const config = findProvisioned(ctx, input);
    if (!config) throw noProvisioned();
    return shown(config);
  },
});

/** Deleting a configuration that is not there succeeds. @evidence recorded AWS answers */
export const DeleteProvisionedConcurrencyConfig = operation(lambda.DeleteProvisionedConcurrencyConfig, {
  ...onFunction,

  run(input, ctx) {
    const config = findProvisioned(ctx, input);
    if (!config) return;
    const { name, qualifier } = config;
    ctx.db(provisionedConfigs).delete([name, qualifier]);
    const { version } = requireQualified(ctx, name, qualifier);
    reprovision(ctx, name, versionName(version.number));
  },
});

export const ListProvisionedConcurrencyConfigs = operation(lambda.ListProvisionedConcurrencyConfigs, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    requireFunction(ctx, name);
    const { items, next } = page({
      rows: ctx.db(provisionedConfigs),
      range: { prefix: [name] },
      key: (row) => [row.name, row.qualifier],
      limit: Math.min(input.MaxItems ?? 50, 50),
      token: input.Marker,
      scope: `ListProvisionedConcurrencyConfigs ${name}`,
      invalid: invalidMarker,
    });
    const ProvisionedConcurrencyConfigs = items.map((row) => ({
      FunctionArn: functionArn(ctx, name, row.qualifier), ...shown(row),
    }));
    return { ProvisionedConcurrencyConfigs, NextMarker: next };
  },
});
