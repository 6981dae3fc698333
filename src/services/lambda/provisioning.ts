/** Environments of versions are brought to the number that their provisioned concurrency asks for. */

import { standing } from "../../jobs/standing.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { CannotRun } from "../../planes/functions/contract.ts";
import { configsOfVersion, provisionedConfigs, type ProvisionedConfig } from "./concurrency-table.ts";
import { specOf } from "./function-specs.ts";
import { findVersion, numberOf, type FunctionVersion } from "./function-table.ts";

interface OneVersion {
  readonly name: string;
  readonly version: string;
}

type Outcome = NonNullable<ProvisionedConfig["outcome"]>;

/** To be called when what is said of a version has changed, in the transaction that changes it. */
export function reprovision(ctx: Context, name: string, version: string): void {
  provision.start(ctx, `${name} ${version}`, { name, version });
  wakeProvisioning(ctx, name);
}

/** To be called when what is said of any version of a function may be gone. */
export function wakeProvisioning(ctx: Context, name: string): void {
  ctx.wake(topicOf(name));
}

function topicOf(name: string): string {
  return `provisioned concurrency of ${name}`;
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

/** Somebody wakes it before that, when there is something to do. */
const restMilliseconds = 24 * 3_600_000;

/** Goes on for as long as anything is asked for, so that the environments are begun again with the region. */
export const provision = standing<OneVersion>("lambda.provision", async ({ name, version }, ctx) => {
  let kept = 0;
  while (!ctx.signal.aborted) {
    const configs = ctx.reading(() => configsOfVersion(ctx, name, version));
    const requested = configs.reduce((sum, config) => sum + config.requested, 0);
    if (requested === kept && configs.every(({ outcome }) => outcome !== undefined)) {
      if (requested === 0) return;
      await ctx.wait(restMilliseconds, topicOf(name));
      continue;
    }
    const found = ctx.reading(() => findVersion(ctx, name, numberOf(version)));
    if (!found) return;
    if (kept === 0) share(ctx, configs, undefined);
    share(ctx, configs, await keepWarm(ctx, found, requested));
    kept = requested;
  }
});

/** To each configuration as many of the environments as there are, in turn. */
function share(ctx: BodyContext, configs: readonly ProvisionedConfig[], outcome: Outcome | undefined): void {
  let left = outcome?.ready ?? 0;
  ctx.transaction((within) => {
    for (const { name, qualifier, requested, modifiedAt } of configs) {
      const ready = Math.min(left, requested);
      left -= ready;
      const now = within.db(provisionedConfigs).get([name, qualifier]);
      if (now?.modifiedAt !== modifiedAt) continue;
      within.db(provisionedConfigs).put({ ...now, outcome: outcome && { ...outcome, ready } });
    }
  });
}

async function keepWarm(ctx: BodyContext, version: FunctionVersion, count: number): Promise<Outcome> {
  try {
    const plane = await ctx.kernel.planes.functions();
    return await plane.keepWarm(await specOf(ctx, version), count);
  } catch (error) {
    // A key that is disabled, a role that is gone, a runtime that this machine has not.
    const isRefusal = error instanceof CannotRun || (error instanceof AwsError && error.status < 500);
    if (isRefusal) return { ready: 0, failure: error.message };
    throw error;
  }
}
