/** Reserved and provisioned concurrency, and what the account has of both. */

import * as lambda from "../../generated/lambda.ts";
import type { PutProvisionedConcurrencyConfigResponse } from "../../generated/lambda.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { CannotRun } from "../../planes/functions/contract.ts";
import { provisionedConfigs, type ProvisionedConfig } from "./concurrency-table.ts";
import {
  invalidMarker, noProvisioned, provisionedAboveReserved, provisionedForLatest, unreservedTooFew,
} from "./errors.ts";
import { codeStorageBytesMax, storedBytes, zipBytesMax } from "./function-code.ts";
import { timestamp } from "./function-configuration.ts";
import {
  functionArn, latest, namedFunction, onFunction, onWholeFunction, parseFunctionName,
} from "./function-names.ts";
import { functions, requireFunction } from "./function-table.ts";
import { specOf } from "./function-specs.ts";
import { requireQualified } from "./qualifiers.ts";
import { requireNoSnapshot } from "./snap-start.ts";
import { requireNoTenants } from "./tenancy.ts";
import { concurrencyMax, reservedTotal, unreservedMin } from "./running.ts";
import { unzippedBytesMax } from "../../planes/functions/archive.ts";

export const PutFunctionConcurrency = operation(lambda.PutFunctionConcurrency, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    const found = requireFunction(ctx, name);
    const reserved = input.ReservedConcurrentExecutions;
    if (concurrencyMax - reservedTotal(ctx, name) - reserved < unreservedMin) {
      throw unreservedTooFew(unreservedMin);
    }
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

function shown(row: ProvisionedConfig): PutProvisionedConcurrencyConfigResponse {
  const { requested, outcome } = row;
  const ready = outcome?.ready ?? 0;
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: ready,
    AllocatedProvisionedConcurrentExecutions: ready,
    Status: outcome === undefined ? "IN_PROGRESS" : ready >= requested ? "READY" : "FAILED",
    StatusReason: outcome?.failure,
    LastModified: timestamp(row.modifiedAt),
  };
}

interface OfQualifier {
  readonly FunctionName: string;
  readonly Qualifier: string;
}

function requireProvisioned(ctx: ReadContext, input: OfQualifier): ProvisionedConfig {
  const { name, qualifier = latest } = namedFunction(input);
  requireQualified(ctx, name, qualifier);
  const row = ctx.db(provisionedConfigs).get([name, qualifier]);
  if (!row) throw noProvisioned();
  return row;
}

export const PutProvisionedConcurrencyConfig = operation(lambda.PutProvisionedConcurrencyConfig, {
  ...onFunction,

  run(input, ctx) {
    const { name, qualifier = latest } = namedFunction(input);
    const { version } = requireQualified(ctx, name, qualifier);
    if (version.number === 0) throw provisionedForLatest();
    requireNoTenants(version, "Provisioned concurrency");
    requireNoSnapshot(version);
    const requested = input.ProvisionedConcurrentExecutions;
    const { reservedConcurrency } = requireFunction(ctx, name);
    if (reservedConcurrency !== undefined && requested > reservedConcurrency) {
      throw provisionedAboveReserved();
    }
    const now = ctx.clock.now();
    const row = ctx.db(provisionedConfigs).put({ name, qualifier, requested, modifiedAt: now });
    ctx.schedule(provision, { at: now, id: `${name} ${qualifier}`, input: { name, qualifier } });
    return shown(row);
  },
});

/** Brings the environments to the number that is asked for. */
export const provision = asynchronousJob<{ readonly name: string; readonly qualifier: string }>(
  "lambda.provision",
  async ({ name, qualifier }, ctx) => {
    const row = ctx.reading(() => ctx.db(provisionedConfigs).get([name, qualifier]));
    if (!row) return;
    const { version } = ctx.reading(() => requireQualified(ctx, name, qualifier));
    const outcome = await keepWarm(ctx, version, row.requested);
    ctx.transaction((within) => {
      const now = within.db(provisionedConfigs).get([name, qualifier]);
      if (now?.modifiedAt === row.modifiedAt) within.db(provisionedConfigs).put({ ...now, outcome });
    });
  },
);

async function keepWarm(
  ctx: BodyContext, version: Parameters<typeof specOf>[1], count: number,
): Promise<NonNullable<ProvisionedConfig["outcome"]>> {
  try {
    const plane = await ctx.kernel.planes.functions();
    return await plane.keepWarm(await specOf(ctx, version), count);
  } catch (error) {
    if (error instanceof CannotRun) return { ready: 0, failure: error.message };
    throw error;
  }
}

export const GetProvisionedConcurrencyConfig = operation(lambda.GetProvisionedConcurrencyConfig, {
  ...onFunction,
  run: (input, ctx) => shown(requireProvisioned(ctx, input)),
});

export const DeleteProvisionedConcurrencyConfig = operation(lambda.DeleteProvisionedConcurrencyConfig, {
  ...onFunction,

  async body(input, ctx) {
    const { version } = ctx.transaction((within: Context) => {
      const { name, qualifier } = requireProvisioned(within, input);
      within.db(provisionedConfigs).delete([name, qualifier]);
      return requireQualified(within, name, qualifier);
    });
    await keepWarm(ctx, version, 0);
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
