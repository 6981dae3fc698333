/** Environments of versions are brought to the number that their provisioned concurrency asks for. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { CannotRun } from "../../planes/functions/contract.ts";
import { configsOfVersion, provisionedConfigs, type ProvisionedConfig } from "./concurrency-table.ts";
import { specOf } from "./function-specs.ts";
import { findVersion, numberOf, type FunctionVersion } from "./function-table.ts";

interface OneVersion {
  readonly name: string;
  readonly version: string;
}

/** To be called when what is said of a version has changed, in the transaction that changes it. */
export function reprovision(ctx: Context, name: string, version: string): void {
  const id = `${name} ${version}`;
  ctx.schedule(provision, { at: ctx.clock.now(), id, input: { name, version } });
}

/**
 * What an alias provides for leaves the version that it named, for the one that it names.
 *
 * @evidence Lambda Developer Guide, "Configuring provisioned concurrency for a function": an alias's moves
 *   with it
 */
export function moveProvisioned(
  ctx: Context, { name, alias }: { readonly name: string; readonly alias: string }, from: string, to: string,
): void {
  const config = ctx.db(provisionedConfigs).get([name, alias]);
  if (!config || from === to) return;
  ctx.db(provisionedConfigs).put({ ...config, outcome: undefined });
  for (const version of [from, to]) reprovision(ctx, name, version);
}

export const provision = asynchronousJob<OneVersion>("lambda.provision", async ({ name, version }, ctx) => {
  const configs = ctx.reading(() => configsOfVersion(ctx, name, version));
  const found = ctx.reading(() => findVersion(ctx, name, numberOf(version)));
  if (!found) return;
  const requested = configs.reduce((sum, config) => sum + config.requested, 0);
  let { ready, failure } = await keepWarm(ctx, found, requested);
  ctx.transaction((within) => {
    for (const config of configs) {
      const outcome = { ready: Math.min(ready, config.requested), failure };
      ready -= outcome.ready;
      const now = within.db(provisionedConfigs).get([name, config.qualifier]);
      if (now?.modifiedAt === config.modifiedAt) within.db(provisionedConfigs).put({ ...now, outcome });
    }
  });
});

export async function keepWarm(
  ctx: BodyContext, version: FunctionVersion, count: number,
): Promise<NonNullable<ProvisionedConfig["outcome"]>> {
  try {
    const plane = await ctx.kernel.planes.functions();
    return await plane.keepWarm(await specOf(ctx, version), count);
  } catch (error) {
    if (error instanceof CannotRun) return { ready: 0, failure: error.message };
    throw error;
  }
}
