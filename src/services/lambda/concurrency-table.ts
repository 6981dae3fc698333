/** Provisioned concurrency as rows. */

import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { aliases } from "./alias-table.ts";
import { isVersionNumber } from "./function-names.ts";

export interface ProvisionedConfig {
  readonly name: string;
  /** A version's number or an alias. */
  readonly qualifier: string;
  readonly requested: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly outcome?: { readonly ready: number; readonly failure?: string | undefined } | undefined;
}

export const provisionedConfigs = table<ProvisionedConfig>("lambda.provisioned", {
  key: (row) => [row.name, row.qualifier],
});

/** What is said of a version: under its number, and under the aliases that name it. */
export function configsOfVersion(ctx: ReadContext, name: string, version: string): ProvisionedConfig[] {
  return [...ctx.db(provisionedConfigs).list({ prefix: [name] })].filter(({ qualifier }) =>
    version === (isVersionNumber(qualifier) ? qualifier : ctx.db(aliases).get([name, qualifier])?.version));
}
